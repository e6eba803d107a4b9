"""The resident's words with what heard noticed in them marked. Pure: text in, pieces of text out."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

SHOWN = 20_000
"""Characters of a message that a page shows at first; nobody reads more before deciding to."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something noticed: a cue, or words that weighed; `number` is its place in the list beside the message."""

    text: str
    start: int
    end: int
    kind: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some of the text, and the mark on it."""

    text: str
    mark: Mark | None = None


def marks_of(cues: Iterable[Mapping[str, Any]], words: Iterable[Mapping[str, Any]]) -> list[Mark]:
    """The marks of a decision as it is stored, in the order of the text."""
    found = [{**cue, "kind": cue["kind"]} for cue in cues] + [{**span, "kind": "words"} for span in words]
    found.sort(key=lambda each: (each["start"], each["end"]))
    return [
        Mark(text=each["text"], start=each["start"], end=each["end"], kind=each["kind"], number=number)
        for number, each in enumerate(found, start=1)
    ]


def pieces(text: str, marks: Iterable[Mark], shown: int = SHOWN) -> list[Piece]:
    """The first `shown` characters in pieces, which put together are that text again.

    Marks are places in the words that were scored, which differ from the message where signatures and quoted mails were
    left out or shorthand written out. So each is looked for from where the one before it ended; what is not there, or
    lies inside another, is not marked here, only listed.
    """
    text = text[:shown]
    return [piece for piece in _pieces(text, sorted(_placed(text, marks))) if piece.text]


def _placed(text: str, marks: Iterable[Mark]) -> Iterator[tuple[int, int, int, Mark]]:
    after = 0
    for mark in marks:
        place = _place(text, mark, after)
        if place is not None:
            after = place[1]
            yield (*place, mark.number, mark)


def _place(text: str, mark: Mark, after: int) -> tuple[int, int] | None:
    if text[mark.start : mark.end] == mark.text:
        return mark.start, mark.end
    words = mark.text.split()
    if not words:
        return None
    loose = re.compile(r"(?<!\w)" + r"\s+".join(map(re.escape, words)) + r"(?!\w)")
    found = loose.search(text, after) or loose.search(text)
    return found.span() if found else None


def _pieces(text: str, placed: Iterable[tuple[int, int, int, Mark]]) -> Iterator[Piece]:
    done = 0
    for start, end, _number, mark in placed:
        if start < done:
            continue
        yield Piece(text=text[done:start])
        yield Piece(text=text[start:end], mark=mark)
        done = end
    yield Piece(text=text[done:])
