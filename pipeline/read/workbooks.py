"""Workbooks (.xlsx, .xls, .ods) -> rows of text, and those -> messages."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from pipeline.domain import Channel, Message
from pipeline.errors import InputError, UnreadableSource
from pipeline.read import sheets
from pipeline.read.tables import read_rows

_log = logging.getLogger(__name__)


def read_workbook(path: Path, *, source: str, channel: Channel | None) -> Iterator[Message | InputError]:
    """One message or refusal a data row of each visible sheet, whose first row is its header.

    A row's source is `book.xlsx#3`, or `book.xlsx#Answers#3` where several sheets are visible. Hidden sheets are left
    out, and the log says so. A merged cell's value stands in its first cell only.
    """
    records = _records(path, source)
    about = next(records)
    for name in about["hidden"]:
        _log.warning("%s: the sheet %r is hidden and was not read: unhide it to have it read.", source, name)
    found = False
    for name, rows in groupby(records, key=lambda record: record[0]):
        found = True
        place = f"{source}#{name}" if len(about["sheets"]) > 1 else source
        try:
            yield from read_rows(((line, cells) for _, line, cells in rows), source=place, channel=channel)
        except UnreadableSource as error:
            yield error
    if not found:
        raise UnreadableSource(f"{source}: the workbook has no visible sheet with rows in it.")


def first_sheet(path: Path, *, source: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of the first visible sheet that has any, each with its line."""
    records = _records(path, source)
    next(records)
    for _, rows in groupby(records, key=lambda record: record[0]):
        yield from ((line, cells) for _, line, cells in rows)
        return


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """The rows of one sheet, each with its line, blank ones left out; `hidden` are the names of hidden sheets."""

    name: str
    hidden: tuple[str, ...]
    rows: Iterator[tuple[int, list[str]]]


def one_sheet(path: Path, wanted: str | None, *, source: str) -> Sheet:
    """The sheet `wanted`, hidden or not, or the only visible one; UnreadableSource where that is not plain."""
    records = _records(path, source, wanted)
    about = next(records)
    shown, hidden = about["sheets"], about["hidden"]
    listed = ", ".join(map(repr, [*shown, *hidden]))
    if wanted is not None and wanted not in {*shown, *hidden}:
        raise UnreadableSource(f"{source}: there is no sheet {wanted!r}; the sheets are {listed}.")
    if wanted is None and len(shown) != 1:
        raise UnreadableSource(f"{source}: the workbook has several sheets: choose one of {listed} with --sheet.")
    rows = ((line, cells) for _, line, cells in records)
    return Sheet(name=wanted or shown[0], hidden=tuple(hidden), rows=rows)


def _records(path: Path, source: str, only: str | None = None) -> Iterator[Any]:
    """What `sheets` prints about a file; UnreadableSource where it cannot."""
    command = [sys.executable, "-P", "-m", sheets.__name__, str(path.absolute()), *([only] if only else [])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:  # noqa: S603  # our own
        try:
            for line in process.stdout or ():
                record = json.loads(line)
                if "error" in record:
                    raise UnreadableSource(f"{source}: this workbook cannot be read: {record['error']}.")
                yield record
        except ValueError:  # it died within a line
            pass
        finally:
            process.kill()
    if process.returncode:
        raise UnreadableSource(
            f"{source}: this workbook cannot be read: it is broken, or needs more than "
            f"{sheets.MEMORY_LIMIT // 1_000_000:,} MB of memory. Save the sheet as CSV (UTF-8)."
        )
