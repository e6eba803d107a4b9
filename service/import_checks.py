"""Whether a map can be meant, before any row is taken; and what a person should know about the columns."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from statistics import median

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.read.columns import Columns
from pipeline.read.csv_files import Record
from pipeline.read.moments import local_iso, reads_either_way
from pipeline.read.opened import Opened

SAMPLE = 200
"""Rows a map is judged by."""

_SHOWN = 3
_CELL = 40
_FEW = 5
_LONG = 40
_FIGURE = re.compile(r"\d")
_WORDS = re.compile(r"[^\W\d_]{2,}\s+[^\W\d_]{2,}")
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)


@dataclass(kw_only=True)
class Notes:
    """What was noticed about dates and ids, counted as rows pass; `first` is the line of the first of each."""

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)

    def look(self, record: Record, columns: Columns) -> None:
        """Notice a date that may have its month first, and an id that a spreadsheet rounded."""
        if len(record.cells) < columns.width:
            return
        received = columns.places.get("received_at")
        if received is not None and reads_either_way(record.cells[received].strip()):
            self._add("dates", record.line)
        if columns.id_place is not None and _SCIENTIFIC.fullmatch(record.cells[columns.id_place].strip()):
            self._add("ids", record.line)

    def sentences(self) -> Iterator[str]:
        """Each in words."""
        if count := self.counts.get("dates"):
            yield (
                f"{count:,} dates could have the month first (the first on line {self.first['dates']}): "
                "they are read with the day first, as in the UK."
            )
        if count := self.counts.get("ids"):
            yield (
                f"{count:,} ids look like 1.23E+15 (the first on line {self.first['ids']}): a spreadsheet has rounded "
                "them. Format the column as text and export it again."
            )

    def _add(self, what: str, line: int) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
        self.first.setdefault(what, line)


def sample(opened: Opened) -> list[Record]:
    """The first rows that can be read."""
    fitting = (row for _, row in opened.rows if not row.fault and len(row.cells) >= opened.columns.width)
    return list(islice(fitting, SAMPLE))


def faults_of_map(columns: Columns, rows: Iterable[Record]) -> list[str]:
    """What speaks against the map: words that look like ids, ids that look like words, times that are none."""
    cells = [row.cells for row in rows]
    faults = []
    words = columns.texts or {columns.names[columns.places["text"]]: columns.places["text"]}
    for name, place in words.items():
        if _all_tokens(_filled(cells, place)):
            faults.append(f"the column {name!r} is mapped to text, but its cells look like ids, dates or numbers.")
    if columns.id_place is not None and _mostly_prose(_filled(cells, columns.id_place)):
        faults.append(f"the column {columns.names[columns.id_place]!r} is mapped to id, but its cells are sentences.")
    received = columns.places.get("received_at")
    if received is not None and _none_is_time(_filled(cells, received)):
        faults.append(f"the column {columns.names[received]!r} is mapped to received, but its cells are no times.")
    return faults


def print_preview(console: Console, opened: Opened, rows: Iterable[Record]) -> None:
    """What each column is taken for, and the first rows, cut short: on the screen of who has the file."""
    columns = opened.columns
    fields = {place: name for name, place in columns.places.items()} | dict.fromkeys(columns.texts.values(), "text")
    extra = {"id": columns.id_place, "score": columns.score_place}
    fields |= {place: name for name, place in extra.items() if place is not None}
    table = Table("column", "is read as", *(f"line {row.line}" for row in islice(rows, _SHOWN)), title_justify="left")
    for place, name in enumerate(columns.names):
        cells = [" ".join(row.cells[place].split())[:_CELL] for row in islice(rows, _SHOWN)]
        table.add_row(Text(name), fields.get(place, ""), *map(Text, cells))
    console.print(table)


def _filled(cells: list[tuple[str, ...]], place: int) -> list[str]:
    return [row[place].strip() for row in cells if row[place].strip()]


def _all_tokens(values: list[str]) -> bool:
    """Short, each another, each with a figure and without two words in a row."""
    enough = len(values) >= _FEW and len(set(values)) == len(values)
    return enough and all(
        len(value) <= _LONG and _FIGURE.search(value) and not _WORDS.search(value) for value in values
    )


def _mostly_prose(values: list[str]) -> bool:
    return len(values) >= _FEW and median(len(_WORDS.findall(value)) for value in values) >= 1


def _none_is_time(values: list[str]) -> bool:
    return len(values) >= _FEW and not any(map(_is_time, values))


def _is_time(value: str) -> bool:
    try:
        local_iso(value)
    except ValueError:
        return False
    return True
