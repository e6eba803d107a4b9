"""CSV -> messages, row by row, with the line of every refusal."""

import codecs
import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.contract import message_from_row
from pipeline.domain import Channel, Message
from pipeline.errors import RefusedRow, UnreadableSource
from pipeline.read.identity import identity

COLUMNS = {
    "text": ("text", "comment", "comments", "note", "notes", "message", "body", "feedback", "details", "description"),
    "received_at": ("received_at", "received", "completed_at", "taken_at", "created_at", "date", "timestamp"),
    "subject": ("subject", "title"),
    "sender": ("sender", "from", "email", "resident"),
    "channel": ("channel",),
    "prior_contacts": ("prior_contacts",),
}
"""Field of a message -> the column names it is found under, first match wins, whatever their case."""

FIELD_LIMIT = 2_000_000
_IDS = frozenset({"id", "message_id", "response_id", "survey_id", "note_id", "call_id"})
_RECORD_LINES = 500
_OPEN_QUOTE = (
    f'a quote (") opened here is not closed within {_RECORD_LINES} lines: reading stopped. Close it and run again.'
)
_LONDON = ZoneInfo("Europe/London")


def _local(form: str) -> Callable[[str], datetime]:
    return lambda value: datetime.strptime(value, form).replace(tzinfo=_LONDON)


_PARSERS = tuple(map(_local, ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")))


@dataclass(frozen=True, kw_only=True)
class _Columns:
    """Where each field stands in a row; `channel` is what rows without a channel column get."""

    header: str
    delimiter: str
    places: dict[str, int]
    id_place: int | None
    channel: Channel | None
    width: int


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a CSV file is written. `skip` is the number of lines before the header (`sep=;`)."""

    encoding: str
    delimiter: str
    skip: int


def detect(path: Path) -> Form:
    """The encoding by byte-order mark, else UTF-8 where valid, else cp1252; the delimiter by the header line."""
    encoding = _encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        first = file.readline()
        skip = int(first.lower().startswith("sep="))
        header = file.readline() if skip else first
    return Form(encoding=encoding, delimiter=_delimiter(header), skip=skip)


def read_csv(path: Path, *, source: str, channel: Channel | None) -> Iterator[Message | RefusedRow]:
    """One message or refusal a data row. Local times are taken as UK time; days come before months."""
    form = detect(path)
    with path.open(encoding=form.encoding, errors="replace", newline="") as file:
        for _ in range(form.skip):
            file.readline()
        yield from _read(file, form, source, channel)


def read_rows(
    rows: Iterable[tuple[int, list[str]]], *, source: str, channel: Channel | None
) -> Iterator[Message | RefusedRow]:
    """One message or refusal a data row of a sheet. Each row comes with its line, the header first; none is blank."""
    numbered = iter(rows)
    for first, header in numbered:
        columns = _columns(header, source, channel, ",", line=first)
        seen: Counter[str] = Counter()
        for line, row in numbered:
            yield _message(row, columns, f"{source}#{line - first}", line, seen)


def read_kept(raw: bytes, *, source: str, channel: Channel | None) -> Iterator[Message | RefusedRow]:
    """The row in `raw` of a message or refusal: it stands below its header."""
    text = raw.decode("utf-8", "replace")
    form = Form(encoding="utf-8", delimiter=_delimiter(text.partition("\n")[0]), skip=0)
    yield from _read(io.StringIO(text, newline=""), form, source, channel)


def _read(file: Iterable[str], form: Form, source: str, channel: Channel | None) -> Iterator[Message | RefusedRow]:
    csv.field_size_limit(FIELD_LIMIT)
    lines = _Lines(file)
    rows = csv.reader(lines, delimiter=form.delimiter, strict=True)
    columns = _columns(next(rows, []), source, channel, form.delimiter)
    yield from _messages(rows, columns, source, form.skip, lines)


class _Lines:
    """The lines of a file as the reader asks for them; `taken` are those since it was last emptied."""

    def __init__(self, file: Iterable[str]) -> None:
        self._file = iter(file)
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.taken.append(next(self._file))
        return self.taken[-1]


def _messages(
    rows: Iterable[list[str]], columns: _Columns, source: str, skipped: int, lines: _Lines
) -> Iterator[Message | RefusedRow]:
    seen: Counter[str] = Counter()
    reader = iter(rows)
    number = 0
    while True:
        line = reader.line_num + skipped + 1  # type: ignore[attr-defined]  # a csv reader
        lines.taken.clear()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            reason = f'the row cannot be read ({error}): is a quote (") on this line or below not closed?'
            yield RefusedRow(reason, source=source, line=line, raw=_kept(columns, "".join(lines.taken)))
            number += 1
            continue
        number += 1
        if reader.line_num + skipped - line > _RECORD_LINES:  # type: ignore[attr-defined]  # as above
            yield RefusedRow(_OPEN_QUOTE, source=source, line=line, raw=_kept(columns, "".join(lines.taken)))
            return
        if any(cell.strip() for cell in row):
            yield _message(row, columns, f"{source}#{number}", line, seen)


def _message(row: list[str], columns: _Columns, source: str, line: int, seen: Counter[str]) -> Message | RefusedRow:
    raw = _kept(columns, _written(row, columns.delimiter))
    if len(row) != columns.width:
        return RefusedRow(f"{len(row)} cells where the header has {columns.width}.", source=source, line=line, raw=raw)
    cells = {field: row[place].strip() for field, place in columns.places.items() if row[place].strip()}
    try:
        values: dict[str, object] = {"text": "", **cells}
        if "received_at" in cells:
            values["received_at"] = _iso(cells["received_at"], source, line)
        if "prior_contacts" in cells:
            given = cells["prior_contacts"]
            values["prior_contacts"] = int(given) if given.isascii() and given.isdigit() and len(given) < 7 else given
        values["id"] = (
            row[columns.id_place].strip() if columns.id_place is not None else _made_id(cells, columns, seen, source)
        )
        message = message_from_row(values, source=source, line=line, channel=columns.channel)
    except RefusedRow as refused:
        refused.raw = raw
        return refused
    return replace(message, source=source, raw=raw)


def _kept(columns: _Columns, row: str) -> bytes:
    """A row below its header, which is enough to read it again."""
    return (columns.header + row).encode("utf-8", "replace")


def _written(cells: list[str], delimiter: str) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=delimiter).writerow(cells)
    return line.getvalue()


def _made_id(cells: dict[str, str], columns: _Columns, seen: Counter[str], source: str) -> str:
    """An identity for a row without one: equal rows stay apart by their order, or by the file's name."""
    parts = [Path(source.rpartition("#")[0]).name] + [f"{field}={value}" for field, value in sorted(cells.items())]
    seen["\0".join(parts)] += 1
    return identity(columns.channel or Channel.NOTE, [*parts, str(seen["\0".join(parts)])])


def _delimiter(header: str) -> str:
    return max(",;\t|", key=header.count)


def _columns(header: list[str], source: str, channel: Channel | None, delimiter: str, *, line: int = 1) -> _Columns:
    names = [name.strip().lower() for name in header]
    repeated = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if repeated:
        raise UnreadableSource(f"{source}, line {line}: the column {repeated[0]!r} stands twice. Rename one.")
    places: dict[str, int] = {}
    for field, known in COLUMNS.items():
        found = [names.index(name) for name in known if name in names]
        places |= {field: found[0]} if found else {}
    if "text" not in places:
        wanted = ", ".join(COLUMNS["text"])
        raise UnreadableSource(
            f"{source}, line {line}: no column holds the words. Name one of its columns one of: {wanted}."
        )
    ids = [place for place, name in enumerate(names) if name in _IDS]
    return _Columns(
        header=_written(header, delimiter),
        delimiter=delimiter,
        places=places,
        id_place=ids[0] if ids else None,
        channel=channel or _likely_channel(names),
        width=len(names),
    )


def _likely_channel(names: list[str]) -> Channel | None:
    """A survey has a score, a call log a note."""
    if {"score", "rating"} & set(names):
        return Channel.SURVEY
    return Channel.NOTE if {"note", "notes"} & set(names) else None


def _iso(value: str, source: str, line: int) -> str:
    for parse in (datetime.fromisoformat, *_PARSERS):
        try:
            moment = parse(value)
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=_LONDON)).isoformat()
    raise RefusedRow(
        f"the time {value[:30]!r} is not understood: write 2026-11-02 09:30 or 02/11/2026 09:30.",
        source=source,
        line=line,
    )


def _encoding(path: Path) -> str:
    """By byte-order mark, else UTF-8 where the whole file is valid, else cp1252 (what Excel in the UK writes)."""
    with path.open("rb") as file:
        start = file.read(4)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        file.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for block in iter(lambda: file.read(1 << 20), b""):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"
