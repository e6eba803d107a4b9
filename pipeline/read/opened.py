"""A table opened for an import: what it is, its header, and its rows as they stand, whatever kind of file it is."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any

from pipeline.domain import Channel
from pipeline.errors import UnreadableSource
from pipeline.read.columns import ColumnMap, Columns, find_columns, holds_words
from pipeline.read.containers import OLE, ZIP, Holds, look_inside
from pipeline.read.csv_files import HEADER_LINES, Form, Record, detect, records_of
from pipeline.read.encodings import is_binary
from pipeline.read.lines import parse_json
from pipeline.read.tables import header_row
from pipeline.read.workbooks import one_sheet

_START = 4096
_KEY_LINES = 1000
"""Lines of JSON whose keys together are the columns."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What a person said about a file: None is found out."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    channel: Channel | None = None
    columns: ColumnMap | None = None


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A table with its header read. `about` says in words what was found out, `place` names it; rows come once."""

    about: tuple[str, ...]
    place: str
    header_line: int
    columns: Columns
    rows: Iterator[tuple[int, Record]]


@contextmanager
def open_table(path: Path, choice: Choice) -> Iterator[Opened]:
    """The table in a CSV, a workbook's sheet or JSON Lines, told by content. Its rows are numbered below the header.

    UnreadableSource where it is none, or where a column that is wanted is not there.
    """
    start = _start(path)
    if start.startswith((OLE, ZIP)):
        yield _workbook(path, choice)
    elif start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
        with path.open("rb") as file:
            yield _json_lines(path, file, choice)
    elif is_binary(start):
        raise UnreadableSource(f"{path}: this is a binary file, not a table.")
    else:
        form = detect(path, encoding=choice.encoding, delimiter=choice.delimiter, is_header=_is_header(choice.columns))
        with records_of(path, form) as records:
            rows = iter(records)
            header = next(rows, Record(line=1))
            columns = _columns(header, path.name, choice, form.delimiter)
            records.width = columns.width
            numbered = ((number, row) for number, row in enumerate(rows, start=1) if row.cells or row.fault)
            yield Opened(about=_about(form), place=path.name, header_line=header.line, columns=columns, rows=numbered)


def _start(path: Path) -> bytes:
    if not path.is_file():
        raise UnreadableSource(f"{path}: there is no such file.")
    with path.open("rb") as file:
        start = file.read(_START)
    if not start.strip():
        raise UnreadableSource(f"{path}: the file is empty.")
    return start


def _is_header(given: ColumnMap | None) -> Callable[[Sequence[str]], bool]:
    if given is None:
        return holds_words
    wanted = set(given.names)
    return lambda cells: wanted <= {cell.strip().strip("\ufeff") for cell in cells}


def _columns(header: Record, place: str, choice: Choice, delimiter: str) -> Columns:
    return find_columns(
        header.cells,
        source=place,
        line=header.line,
        delimiter=delimiter,
        channel=choice.channel,
        given=choice.columns,
    )


def _about(form: Form) -> tuple[str, ...]:
    named = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "vertical bar"}.get(form.delimiter, form.delimiter)
    return ("CSV", f"encoding {form.encoding.removesuffix('-sig')}", f"delimiter {named}")


def _workbook(path: Path, choice: Choice) -> Opened:
    if look_inside(path, source=str(path)) is not Holds.WORKBOOK:
        raise UnreadableSource(f"{path}: this is an Outlook mail, not a table.")
    sheet = one_sheet(path, choice.sheet, source=path.name)
    head = list(islice(sheet.rows, HEADER_LINES))
    if not head:
        raise UnreadableSource(f"{path}: the sheet {sheet.name!r} has no rows.")
    at = header_row([cells for _, cells in head], _is_header(choice.columns))
    first, names = head[at]
    place = f"{path.name}#{sheet.name}" if choice.sheet else path.name
    rows = ((line - first, Record(line=line, cells=tuple(cells))) for line, cells in chain(head[at + 1 :], sheet.rows))
    unread = tuple(f"the sheet {name!r} is hidden and is not read" for name in sheet.hidden if name != sheet.name)
    return Opened(
        about=("workbook", f"sheet {sheet.name!r}", *unread),
        place=place,
        header_line=first,
        columns=_columns(Record(line=first, cells=tuple(names)), place, choice, ","),
        rows=rows,
    )


def _json_lines(path: Path, file: Any, choice: Choice) -> Opened:
    lines = ((number, line) for number, line in enumerate(file, start=1) if line.strip())
    head = list(islice(lines, _KEY_LINES))
    names = list(dict.fromkeys(name for _, line in head for name in _object(line)[0]))
    columns = _columns(Record(line=1, cells=tuple(names)), path.name, choice, ",")
    rows = ((number, _json_record(line, raw, names)) for number, (line, raw) in enumerate(chain(head, lines), start=1))
    return Opened(about=("JSON Lines",), place=path.name, header_line=0, columns=columns, rows=rows)


def _json_record(line: int, raw: bytes, names: list[str]) -> Record:
    row, fault = _object(raw)
    if not row.keys() <= set(names):
        fault = f"it has a field that the first {_KEY_LINES:,} lines do not have."
    text = raw.decode("utf-8", "surrogateescape")
    return Record(line=line, cells=tuple(_cell(row.get(name)) for name in names), fault=fault, text=text)


def _object(line: bytes) -> tuple[dict[str, Any], str]:
    try:
        value = parse_json(line)
    except ValueError as error:
        return {}, str(error)
    return (value, "") if isinstance(value, dict) else ({}, "the line holds no JSON object.")


def _cell(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False)
