"""Personal data -> [NAME] [PHONE] ... in copies for training, logs and figures. What officers read is never redacted.

Patterns and lists of names find much and not all: `make redaction` prints how much, by kind. So a redacted copy is
still personal data (UK GDPR Art. 4(5)), and is kept and shared as such.
"""

from dataclasses import dataclass

from pipeline.redact_formats import Personal, by_form
from pipeline.redact_names import by_name


@dataclass(frozen=True, kw_only=True)
class Redacted:
    """A text without the personal data that was found. `found` are spans of the text as it was, by position."""

    text: str
    found: tuple[Personal, ...]

    def place_of(self, place: int) -> int:
        """Where a character of the text as it was is now; one that was taken out is at the start of its mark."""
        moved = 0
        for span in self.found:
            if place < span.start:
                break
            if place < span.end:
                return span.start + moved
            moved += len(_mark(span)) - (span.end - span.start)
        return place + moved


def find_personal(text: str) -> tuple[Personal, ...]:
    """Personal data in `text`, by position, none over another: what shows in its form goes before names."""
    taken = bytearray(len(text))
    kept: list[Personal] = []
    for span in (*by_form(text), *by_name(text)):
        if not any(taken[span.start : span.end]):
            taken[span.start : span.end] = b"\x01" * (span.end - span.start)
            kept.append(span)
    return tuple(sorted(kept))


def redact(text: str) -> Redacted:
    """The text with a mark such as [NAME] for each piece of personal data found."""
    found = find_personal(text)
    parts, start = [], 0
    for span in found:
        parts += [text[start : span.start], _mark(span)]
        start = span.end
    return Redacted(text="".join([*parts, text[start:]]), found=found)


def _mark(span: Personal) -> str:
    return f"[{span.kind.upper()}]"
