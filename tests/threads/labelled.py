"""Invented threads whose every line says whose words it holds, and how many of the lines are told right.

A file holds the threads of one style. `== name (awkward)` begins a thread; `subject: ...` may follow; then each line
of the mail behind a letter and a bar:

C  the resident's, and carries the complaint     S  signature, or a line of the program that sent the mail
R  the resident's other words                    D  disclaimer, footer
Q  quoted: somebody's earlier words              B  banner, notice put in by a mail server or a telephone system
P  a covering line that only passes a mail on    F  header of a mail passed on
H  hidden from a reader (HTML)                   .  mark-up, or words that may stay or go

C and R must be kept, the others dropped. Files called html-* hold mark-up, one text to a line.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.normalise import clean
from pipeline.read.html import html_to_text
from pipeline.threads import newest_words

FOLDER = Path(__file__).parent
KEPT, DROPPED = "CR", "QPHSDBF"


@dataclass(frozen=True, kw_only=True)
class Thread:
    """One mail, with the letter of each of its lines."""

    part: str
    style: str
    name: str
    subject: str
    lines: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The body as a mail reader hands it over."""
        body = "\n".join(line for _, line in self.lines)
        return html_to_text(body) if self.style.startswith("html") else body

    def judged(self) -> list[tuple[str, str, bool]]:
        """(letter, line, whether it was kept or dropped as it should) for each line with words."""
        body = clean(self.text)
        found = newest_words(body, forwarded=self.subject.lower().startswith(("fw:", "fwd:"))) or body
        kept = {_key(line) for line in found.split("\n")}
        return [
            (letter, line, (_key(line) in kept) == (letter in KEPT))
            for letter, line in self._words()
            if letter != "." and _key(line)
        ]

    def _words(self) -> Iterator[tuple[str, str]]:
        for letter, line in self.lines:
            yield letter, html.unescape(re.sub(r"<[^>]*>", " ", line)) if self.style.startswith("html") else line


def threads(part: str) -> list[Thread]:
    """Every thread of `dev` (looked at while the rules were made) or `check` (not looked at)."""
    return [thread for path in sorted((FOLDER / part).glob("*.txt")) for thread in _read(path, part)]


def _read(path: Path, part: str) -> Iterator[Thread]:
    for block in re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        name, *rows = block.rstrip().split("\n")
        subject = rows.pop(0).removeprefix("subject: ") if rows[0].startswith("subject: ") else ""
        lines = tuple((row[:1], row[3:]) for row in rows)
        yield Thread(part=part, style=path.stem, name=name, subject=subject, lines=lines)


def _key(line: str) -> str:
    """A line's letters and digits: what it says, whatever marks stand around."""
    return re.sub(r"\W+", "", clean(line)).casefold()
