"""A program: the visible sheets of one workbook, or the one named, as JSON Lines on standard output, for `workbooks`.

It is a process of its own, with little memory, because calamine ends its process where a file asks for too much: two
cells in opposite corners of a sheet are enough.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

MEMORY_LIMIT = 2_000_000_000
"""Bytes the process may ask for."""

SECONDS_LIMIT = 300
"""Seconds of computing the process may take."""


def main(path: Path, only: str | None) -> None:
    """First `{"sheets": [...], "hidden": [...]}`, then `[sheet, line, cells]` a row; or `{"error": reason}`."""
    _limit()
    try:
        for record in _records(path, only):
            print(json.dumps(record))
    except PasswordError:
        print(json.dumps({"error": "it is protected by a password: save it without one"}))
    except CalamineError:
        print(json.dumps({"error": "it is broken or cut short: save it anew, or as CSV (UTF-8)"}))


def _records(path: Path, only: str | None) -> Iterator[Any]:
    with CalamineWorkbook.from_path(path) as book:
        tables = [sheet for sheet in book.sheets_metadata if sheet.typ is SheetTypeEnum.WorkSheet]
        shown = [sheet.name for sheet in tables if sheet.visible is SheetVisibleEnum.Visible]
        yield {"sheets": shown, "hidden": [sheet.name for sheet in tables if sheet.name not in shown]}
        for name in [sheet.name for sheet in tables if sheet.name == only] if only else shown:
            for line, row in enumerate(book.get_sheet_by_name(name).iter_rows(), start=1):
                cells = [_text(cell) for cell in row]
                if any(cell.strip() for cell in cells):
                    yield [name, line, cells]


def _text(cell: object) -> str:
    """As it would stand in a CSV: whole numbers without a point, dates in ISO 8601."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, date | datetime | time) else str(cell)


def _limit() -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limits, macOS not all of them
        import resource  # noqa: PLC0415  # as above

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_LIMIT, SECONDS_LIMIT))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None)
