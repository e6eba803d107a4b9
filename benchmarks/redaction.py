"""How much personal data `pipeline.redact` finds in invented messages with marked spans, by kind.

    python -m benchmarks.redaction [--misses]

A marked span counts as found where each letter and digit of it is taken out, under whatever name; precision is the
share of what was taken out, by the kind it was taken for, that touches a marked span.
"""

import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.redact import find_personal
from pipeline.redact_formats import Personal, PersonalKind

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "data"
PARTS = ("dev", "held-out")
_MARKED = re.compile(r"\{([A-Z]+):([^}]*)\}")


@dataclass(kw_only=True)
class Tally:
    """Counts by kind, and what was missed or taken for nothing."""

    marked: Counter[PersonalKind] = field(default_factory=Counter)
    found: Counter[PersonalKind] = field(default_factory=Counter)
    taken: Counter[PersonalKind] = field(default_factory=Counter)
    right: Counter[PersonalKind] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)
    needless: list[str] = field(default_factory=list)

    def recall(self, kind: PersonalKind | None = None) -> float:
        """The share of marked spans found, of one kind or of all."""
        return _share(self.found, self.marked, kind)

    def precision(self, kind: PersonalKind | None = None) -> float:
        """The share of spans taken out that touch a marked one."""
        return _share(self.right, self.taken, kind)


def read(part: str) -> list[tuple[str, list[Personal]]]:
    """The messages of one part, with their marked spans."""
    lines = (FOLDER / f"redaction-{part}.txt").read_text(encoding="utf-8").splitlines()
    return [parse(line) for line in lines if line]


def parse(line: str) -> tuple[str, list[Personal]]:
    """A message without its marks, and the spans they stood round."""
    text, spans, start = "", [], 0
    for mark in _MARKED.finditer(line):
        text += line[start : mark.start()]
        spans.append(Personal(start=len(text), end=len(text) + len(mark[2]), kind=PersonalKind(mark[1].lower())))
        text += mark[2]
        start = mark.end()
    return text + line[start:], spans


def measure(messages: list[tuple[str, list[Personal]]]) -> Tally:
    """Redact each message and count."""
    tally = Tally()
    for text, marked in messages:
        found = find_personal(text)
        covered = {place for span in found for place in range(span.start, span.end)}
        wanted = {place for span in marked for place in range(span.start, span.end)}
        for span in marked:
            places = {place for place in range(span.start, span.end) if text[place].isalnum()}
            tally.marked[span.kind] += 1
            tally.found[span.kind] += places <= covered
            if not places <= covered:
                tally.missed.append(f"{span.kind}: {text[span.start : span.end]}  |  {text}")
        for span in found:
            right = not wanted.isdisjoint(range(span.start, span.end))
            tally.taken[span.kind] += 1
            tally.right[span.kind] += right
            if not right:
                tally.needless.append(f"{span.kind}: {text[span.start : span.end]}  |  {text}")
    return tally


def _share(part: Counter[PersonalKind], whole: Counter[PersonalKind], kind: PersonalKind | None) -> float:
    of = whole[kind] if kind else whole.total()
    return (part[kind] if kind else part.total()) / of if of else float("nan")


def main() -> None:
    """Print both parts; with --misses also what was missed in dev."""
    for part in PARTS:
        messages = read(part)
        tally = measure(messages)
        print(f"{part}: {len(messages)} invented messages, {tally.marked.total()} marked spans")
        print(f"{'':<10} {'marked':>6} {'recall':>7} {'taken':>6} {'precision':>9}")
        for kind in (*PersonalKind, None):
            marked = tally.marked[kind] if kind else tally.marked.total()
            taken = tally.taken[kind] if kind else tally.taken.total()
            print(
                f"{kind or 'all':<10} {marked:>6} {tally.recall(kind):>7.0%} {taken:>6} {tally.precision(kind):>9.0%}"
            )
        if part == "dev" and "--misses" in sys.argv:
            print("\n".join(["missed:", *tally.missed, "needless:", *tally.needless]))


if __name__ == "__main__":
    main()
