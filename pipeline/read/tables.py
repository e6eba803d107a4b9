"""Rows of tables -> messages, row by row, with the line of every refusal."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

from pipeline.contract import message_from_row
from pipeline.domain import Channel, Message
from pipeline.errors import RefusedRow
from pipeline.formulas import formula_plain
from pipeline.read.columns import ColumnMap, Columns, find_columns, holds_words, written
from pipeline.read.csv_files import (
    HEADER_LINES,
    Record,
    Records,
    detect,
    most_common_delimiter,
    records_in,
    records_of,
)
from pipeline.read.identity import identity
from pipeline.read.moments import local_iso

_TOTALS = frozenset({"total", "totals", "grand total", "subtotal", "sum", "average", "mean", "count", "cyfanswm"})
_NUMBER = re.compile(r"[-+£$€]?[\d.,\s]+%?")
_TOTAL = "this looks like a total below the table, not like a message."


class Seen:
    """How often each row without an id stood before in a file, in little memory."""

    def __init__(self) -> None:
        self._once: set[int] = set()
        self._more: dict[int, int] = {}

    def count(self, digest: str) -> int:
        """1 for the first, 2 for its equal, and so on."""
        key = int(digest[:16], 16)
        if key not in self._once:
            self._once.add(key)
            return 1
        self._more[key] = self._more.get(key, 1) + 1
        return self._more[key]


def read_csv(path: Path, *, source: str, channel: Channel | None) -> Iterator[Message | RefusedRow]:
    """One message or refusal a data row. Local times are taken as UK time; days come before months."""
    form = detect(path)
    with records_of(path, form) as records:
        yield from _read(records, form.delimiter, source, channel)


def read_rows(
    rows: Iterable[tuple[int, list[str]]], *, source: str, channel: Channel | None
) -> Iterator[Message | RefusedRow]:
    """One message or refusal a data row of a sheet. Each row comes with its line, the header first; none is blank."""
    numbered = iter(rows)
    head = list(islice(numbered, HEADER_LINES))
    at = header_row([row for _, row in head], holds_words)
    for first, header in head[at : at + 1]:
        columns = find_columns(header, source=source, line=first, delimiter=",", channel=channel)
        seen = Seen()
        for line, row in chain(head[at + 1 :], numbered):
            yield from messages_of(Record(line=line, cells=tuple(row)), columns, f"{source}#{line - first}", seen)


def header_row(rows: Sequence[Sequence[str]], is_header: Callable[[Sequence[str]], bool]) -> int:
    """Which of the first rows of a sheet is its header: titles may stand above it; else the first."""
    return next((number for number, row in enumerate(rows) if is_header(row)), 0)


def read_kept(
    raw: bytes, *, source: str, channel: Channel | None, given: ColumnMap | None = None
) -> Iterator[Message | RefusedRow]:
    """The row in `raw` of a message or refusal: it stands below its header. `given` is the map it was read with."""
    text = raw.decode("utf-8", "surrogateescape")
    delimiter = most_common_delimiter(text.partition("\n")[0])
    yield from _read(records_in(text, delimiter), delimiter, source, channel, given)


def _read(
    records: Records, delimiter: str, source: str, channel: Channel | None, given: ColumnMap | None = None
) -> Iterator[Message | RefusedRow]:
    rows = iter(records)
    header = next(rows, Record(line=1))
    columns = find_columns(
        header.cells, source=source, line=header.line, delimiter=delimiter, channel=channel, given=given
    )
    records.width = columns.width
    seen = Seen()
    for number, record in enumerate(rows, start=1):
        if record.cells or record.fault:
            yield from messages_of(record, columns, f"{source}#{number}", seen)


def messages_of(record: Record, columns: Columns, source: str, seen: Seen) -> list[Message | RefusedRow]:
    """What a row holds: one message or refusal; one for each answer where several columns hold words.

    An answer's id and place are the row's with the column's name: `R17/What could be better?`. Answers left empty are
    passed over; a row of nothing but those is refused.
    """
    cells = _without_empty_end(plain_cells(record, columns), columns.width)
    raw = kept(record, columns)
    fault = record.fault or _fault(cells, columns)
    if fault:
        return [RefusedRow(fault, source=source, line=record.line, raw=raw)]
    try:
        found = _messages(cells, columns, source, record.line, seen)
    except RefusedRow as refused:
        refused.raw = raw
        return [refused]
    return [replace(message, raw=raw) for message in found]


def plain_cells(record: Record, columns: Columns) -> tuple[str, ...]:
    """The cells as they were before heard made them safe for spreadsheets, where it did."""
    return tuple(map(formula_plain, record.cells)) if columns.exported else record.cells


def kept(record: Record, columns: Columns) -> bytes:
    """A row below its header, which is enough to read it again."""
    row = record.text if record.fault and record.text else written(record.cells, columns.delimiter)
    return (columns.header + row).encode("utf-8", "surrogateescape")


def _messages(cells: tuple[str, ...], columns: Columns, source: str, line: int, seen: Seen) -> list[Message]:
    values: dict[str, object] = {
        field: cells[place].strip() for field, place in columns.places.items() if cells[place].strip()
    }
    answers = {name: cells[place].strip() for name, place in columns.texts.items() if cells[place].strip()}
    given = {**values, **{f"text/{name}": answer for name, answer in answers.items()}}
    identifier = cells[columns.id_place].strip() if columns.id_place is not None else ""
    if columns.id_place is None:
        identifier = _made_id(given, columns, source, seen)
    if "received_at" in values:
        values["received_at"] = _iso(str(values["received_at"]), source, line)
    if "prior_contacts" in values:
        values["prior_contacts"] = _count(str(values["prior_contacts"]))

    def message(given: dict[str, object], place: str) -> Message:
        row = {"text": "", **values, "id": identifier, **given}
        return replace(message_from_row(row, source=place, line=line, channel=columns.channel), source=place)

    if answers and identifier:
        return [
            message({"text": answer, "id": f"{identifier}/{name}"}, f"{source}/{name}")
            for name, answer in answers.items()
        ]
    return [message({}, source)]


def _made_id(cells: dict[str, object], columns: Columns, source: str, seen: Seen) -> str:
    """An identity for a row without one: equal rows stay apart by their order, or by the file's name."""
    parts = [Path(source.rpartition("#")[0]).name] + [f"{field}={value}" for field, value in sorted(cells.items())]
    channel = columns.channel or Channel.NOTE
    return identity(channel, [*parts, str(seen.count(identity(channel, parts)))])


def _fault(cells: tuple[str, ...], columns: Columns) -> str:
    if len(cells) != columns.width:
        return f"{len(cells)} cells where the header has {columns.width}."
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return "the row is empty."
    if filled[0].rstrip(":").casefold() in _TOTALS and all(map(_NUMBER.fullmatch, filled[1:])):
        return _TOTAL
    return ""


def _without_empty_end(cells: tuple[str, ...], width: int) -> tuple[str, ...]:
    """Without the empty cells that delimiters at the end of a row make."""
    end = len(cells)
    while end > width and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _iso(value: str, source: str, line: int) -> str:
    try:
        return local_iso(value)
    except ValueError as error:
        raise RefusedRow(str(error), source=source, line=line) from None


def _count(given: str) -> object:
    """A whole number as one; anything else goes on to be refused."""
    return int(given) if given.isascii() and given.isdigit() and len(given) < 7 else given
