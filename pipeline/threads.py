"""A mail's body -> the words its writer wrote: without quoted replies, signatures, disclaimers and banners.

Of a forwarded mail the forwarded words are taken, without a covering line such as "please log".
"""

from collections.abc import Sequence

from pipeline.banners import without_banners
from pipeline.forwards import Forward, forward_in, is_cover
from pipeline.quotes import own_words
from pipeline.signatures import without_signature

__all__ = ["is_cover", "newest_words"]

_FORWARDS = 5
"""How many forwards, each inside the next, are looked into."""


def newest_words(body: str, *, forwarded: bool) -> str:
    """What the writer of a mail wrote. `forwarded`: the subject says that the mail passes another on.

    The time is linear in the length of the body.
    """
    lines = without_banners([line.strip() for line in body.split("\n")])
    return "\n".join(_newest(lines, forwarded=forwarded, depth=0)).strip()


def _newest(lines: Sequence[str], *, forwarded: bool, depth: int) -> list[str]:
    forward = forward_in(lines, by_subject=forwarded) if depth < _FORWARDS else None
    if forward is None or own_words(forward.cover).is_cut:
        return without_signature(own_words(lines).lines)
    cover, inner = _newest(forward.cover, forwarded=False, depth=_FORWARDS), _passed_on(forward, depth)
    if not inner or (forward.holds_an_organisations_words and not is_cover("\n".join(cover))):
        return cover
    return inner if is_cover("\n".join(forward.cover)) else [*cover, "", *inner]


def _passed_on(forward: Forward, depth: int) -> list[str]:
    found = _newest(forward.inner, forwarded=forward.passes_on_again, depth=depth + 1)
    return found if any(map(str.strip, found)) else forward.inner
