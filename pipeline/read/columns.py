"""Which column of a table holds what: by the names tables use, or by a mapping a person gave."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.domain import Channel
from pipeline.errors import SettingsError, UnreadableSource
from pipeline.formulas import formula_plain

COLUMNS = {
    "text": ("text", "comment", "comments", "note", "notes", "message", "body", "feedback", "details", "description"),
    "received_at": ("received_at", "received", "completed_at", "taken_at", "created_at", "date", "timestamp"),
    "subject": ("subject", "title"),
    "sender": ("sender", "from", "email", "resident"),
    "channel": ("channel",),
    "prior_contacts": ("prior_contacts",),
    "case_reference": ("case_reference",),
    "property_reference": ("property_reference",),
}
"""Field of a message -> the column names it is found under, first match wins, whatever their case."""

FIELDS = {
    "text": "text",
    "id": "id",
    "subject": "subject",
    "received": "received_at",
    "sender": "sender",
    "channel": "channel",
    "score": "score",
    "case": "case_reference",
    "property": "property_reference",
    "prior_contacts": "prior_contacts",
}
"""What a mapping may name -> the field of a message; `id` and `score` are used beside it."""

_IDS = frozenset({"id", "message_id", "response_id", "survey_id", "note_id", "call_id"})
_SCORES = ("score", "rating")
_EXPORTS = (frozenset({"heard_outcome"}), frozenset({"probability_complaint", "model_version"}))
"""The columns by which a table that heard wrote is known."""


@dataclass(frozen=True, kw_only=True)
class ColumnMap:
    """A person's word on which column holds what: names of columns, as in the header. Several may hold words."""

    texts: tuple[str, ...]
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Every column named."""
        return (*self.texts, *self.others.values())

    @property
    def pairs(self) -> list[str]:
        """As given on the command line: `text=Comments`."""
        return [*(f"text={name}" for name in self.texts), *(f"{key}={name}" for key, name in self.others.items())]


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Where each field stands in a row. `texts` are the columns of words where a map named several, else none.

    `channel` is what rows without a channel column get. `exported` tables were written by heard: what was made safe
    for spreadsheets is made plain again.
    """

    names: tuple[str, ...]
    header: str
    delimiter: str
    places: dict[str, int]
    texts: dict[str, int]
    id_place: int | None
    score_place: int | None
    channel: Channel | None
    exported: bool

    @property
    def width(self) -> int:
        """Cells a row has."""
        return len(self.names)


def parse_map(given: Sequence[str]) -> ColumnMap:
    """`text=Comments`, `id=Ref` -> a map; SettingsError says what is wrong."""
    texts: list[str] = []
    others: dict[str, str] = {}
    for pair in given:
        name, equals, column = (part.strip() for part in pair.partition("="))
        if not (equals and column):
            raise SettingsError(f"{pair!r} is not of the form field=Column.")
        if name not in FIELDS:
            raise SettingsError(f"there is no field {name!r}; the fields are {', '.join(FIELDS)}.")
        if name in others or column in texts:
            raise SettingsError(f"{pair!r}: {name} is mapped twice; only text may have several columns.")
        if name == "text":
            texts.append(column)
        else:
            others[name] = column
    if not texts:
        raise SettingsError("nothing is mapped to text: add --map text=COLUMN.")
    return ColumnMap(texts=tuple(texts), others=others)


def holds_words(names: Sequence[str]) -> bool:
    """Whether these cells are a header in which the words have a column."""
    lowered = {name.strip().strip("\ufeff").lower() for name in names}
    return not lowered.isdisjoint(COLUMNS["text"])


def find_columns(
    header: Sequence[str],
    *,
    source: str,
    line: int,
    delimiter: str,
    channel: Channel | None,
    given: ColumnMap | None = None,
) -> Columns:
    """Where each field stands; UnreadableSource before any row where that is not plain."""
    names = tuple(name.strip().removeprefix("\ufeff") for name in header)
    exported = any(marks <= {name.lower() for name in names} for marks in _EXPORTS)
    names = tuple(map(formula_plain, names)) if exported else names
    lowered = [name.lower() for name in names]
    repeated = [name for name, count in Counter(filter(None, lowered)).items() if count > 1]
    if repeated:
        raise UnreadableSource(f"{source}, line {line}: the column {repeated[0]!r} stands twice. Rename one.")
    places = _mapped(names, given, source, line) if given else _known(lowered, source, line)
    texts = {name: names.index(name) for name in given.texts} if given and len(given.texts) > 1 else {}
    id_place, score_place = places.pop("id", None), places.pop("score", None)
    scored = score_place is not None and given is not None
    return Columns(
        names=names,
        header=written(header, delimiter),
        delimiter=delimiter,
        places=places,
        texts=texts,
        id_place=id_place,
        score_place=score_place,
        channel=channel or (Channel.SURVEY if scored else _likely_channel(lowered)),
        exported=exported,
    )


def written(cells: Sequence[str], delimiter: str) -> str:
    """Cells as a line of CSV."""
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=delimiter).writerow(cells)
    return line.getvalue()


def guessed_map(columns: Columns) -> ColumnMap:
    """The map that says what was found by names."""
    named = {target: key for key, target in FIELDS.items()}
    places = {named[target]: place for target, place in columns.places.items() if target != "text"}
    extra = {"id": columns.id_place, "score": columns.score_place}
    places |= {key: place for key, place in extra.items() if place is not None}
    return ColumnMap(
        texts=(columns.names[columns.places["text"]],),
        others={key: columns.names[place] for key, place in places.items()},
    )


def _known(lowered: list[str], source: str, line: int) -> dict[str, int]:
    wanted = {**COLUMNS, "score": _SCORES}
    places = {
        target: lowered.index(next(name for name in known if name in lowered))
        for target, known in wanted.items()
        if not set(known).isdisjoint(lowered)
    }
    if "text" not in places:
        words = ", ".join(COLUMNS["text"])
        raise UnreadableSource(
            f"{source}, line {line}: read as a table, no column holds the words. Name one of them one of: {words}."
        )
    ids = [place for place, name in enumerate(lowered) if name in _IDS]
    return places | ({"id": ids[0]} if ids else {})


def _mapped(names: tuple[str, ...], given: ColumnMap, source: str, line: int) -> dict[str, int]:
    missing = [name for name in given.names if name not in names]
    if missing:
        there = ", ".join(repr(name) for name in names if name)
        raise UnreadableSource(f"{source}, line {line}: there is no column {missing[0]!r}; the columns are {there}.")
    places = {FIELDS[key]: names.index(name) for key, name in given.others.items()}
    return places if len(given.texts) > 1 else places | {"text": names.index(given.texts[0])}


def _likely_channel(names: list[str]) -> Channel | None:
    """A survey has a score, a call log a note."""
    if not set(_SCORES).isdisjoint(names):
        return Channel.SURVEY
    return Channel.NOTE if {"note", "notes"} & set(names) else None
