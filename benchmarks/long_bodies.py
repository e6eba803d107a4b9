"""`make long-bodies`: the time that hostile mail bodies and mark-up take, by their length; it must grow no faster.

Processor time of one run, so other work on the machine counts little. Nothing is drawn at random.
"""

import time
from collections.abc import Callable
from functools import partial

from pipeline.read.html import html_to_text
from pipeline.threads import newest_words

SIZES = (15_000, 30_000, 60_000)
BODIES = {
    "dashes on lines": "-\n",
    "empty quotations": ">\n",
    "empty lines": "\n",
    "farewells": "Thanks\n",
    "farewells and names": "Thanks\nJo\n\n",
    "senders": "From: a\n\n",
    "receivers": "To: x@y;\n",
    "blocks of headers": "From: a@b\nTo: c\nSubject: FW: d\n\n",
    "forwards": "---- Forwarded message ----\nFrom: a\n\n",
    "attributions": "On Mon 3 Nov 2026 10:00 Jo wrote:\n> a\n",
    "half attributions": "On Mon\n",
    "signatures": "--\n",
    "footers": "This email is confidential to the addressee\n\n",
    "banners": "CAUTION: This email came from outside\n",
    "prose without an end": "The lift is out again and nobody came. ",
}
WORDS = "<p>The boiler is off.</p>"
MARKUP = {
    "20,000 nested blocks": "<div>" * 20_000 + WORDS,
    "1,000,000 nested blocks": "<div>" * 1_000_000 + WORDS,
    "1,000,000 attributes": "<p " + " ".join(f"a{number}=1" for number in range(1_000_000)) + ">" + WORDS,
    "5 MB of style sheets": "<style>" + ".a{color:red}\n" * 380_000 + "</style>" + WORDS,
    "5 MB of data URI": '<img src="data:image/png;base64,' + "A" * 5_000_000 + '">' + WORDS,
    "5,001 links": '<a href="https://x.example/a">x</a>' * 5_001 + WORDS,
    "100,000 unclosed comments": "<!-- x " * 100_000 + WORDS,
    "100,000 unclosed quotation marks": '<a b="' * 100_000 + WORDS,
    "20,000 nested quotations": "<blockquote>" * 20_000 + WORDS,
    "20,000 nested hidden blocks": "<div style='display:none'>" * 20_000 + "x" + "</div>" * 20_000 + WORDS,
}


def _milliseconds(run: Callable[[], str]) -> float:
    begun = time.process_time()
    run()
    return 1000 * (time.process_time() - begun)


def _body_time(unit: str, size: int) -> float:
    body = (unit * size)[:size]
    return max(
        _milliseconds(lambda: newest_words(body, forwarded=False)),
        _milliseconds(lambda: newest_words(body, forwarded=True)),
    )


def main() -> None:
    """Print both tables."""
    print(f"{'body':32}" + "".join(f"{size:>12,}" for size in SIZES) + "  characters (ms)")
    for name, unit in BODIES.items():
        print(f"{name:32}" + "".join(f"{_body_time(unit, size):12.1f}" for size in SIZES))
    print(f"\n{'mark-up':34}{'characters':>12}{'ms':>8}  words kept")
    for name, markup in MARKUP.items():
        taken = _milliseconds(partial(html_to_text, markup))
        print(f"{name:34}{len(markup):12,}{taken:8.0f}  {'yes' if 'boiler' in html_to_text(markup) else 'NO'}")


if __name__ == "__main__":
    main()
