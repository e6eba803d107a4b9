"""Dates and times as tables write them -> ISO 8601. Without a zone it is UK time; the day comes before the month."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

_LONDON = ZoneInfo("Europe/London")
_DAYS = ("%d/%m/%Y", "%d/%m/%y", "%d-%m-%Y", "%d.%m.%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p")
_FIGURES = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{2}|\d{4})\b")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
_EXCEL_ZERO = datetime(1899, 12, 30)  # noqa: DTZ001  # a spreadsheet knows no zones
_SERIALS = (36_526, 73_050)
"""Excel's numbers of days for 2000 and 2099, the only ones taken for dates. Its wrong 29 February 1900 lies before."""

_MONTHS = 12
NOT_UNDERSTOOD = "the time is not understood: write 2026-11-02 09:30 or 02/11/2026 09:30."
MONTH_FIRST = "the date has its month first, or no such day exists: write 2026-11-02 or 02/11/2026, the day first."


def _local(form: str) -> Callable[[str], datetime]:
    return lambda value: datetime.strptime(value, form).replace(tzinfo=_LONDON)


_PARSERS = (datetime.fromisoformat, *(_local(day + time) for day in _DAYS for time in _TIMES))


def local_iso(value: str) -> str:
    """ISO 8601 with a zone; ValueError with a sentence that does not repeat the cell."""
    if _SERIAL.fullmatch(value):
        return _of_serial(float(value.replace(",", ".")))
    for parse in _PARSERS:
        try:
            moment = parse(value)
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=_LONDON)).isoformat()
    figures = _FIGURES.match(value)
    raise ValueError(MONTH_FIRST if figures and int(figures[2]) > _MONTHS >= int(figures[1]) else NOT_UNDERSTOOD)


def reads_either_way(value: str) -> bool:
    """Whether a date would be another day with its month first: 03/07/2026, but not 25/07/2026 or 07/07/2026."""
    figures = _FIGURES.match(value)
    return figures is not None and figures[1] != figures[2] and max(int(figures[1]), int(figures[2])) <= _MONTHS


def _of_serial(days: float) -> str:
    if not _SERIALS[0] <= days <= _SERIALS[1]:
        raise ValueError(NOT_UNDERSTOOD)
    seconds = round(days * 86_400)
    return (_EXCEL_ZERO + timedelta(seconds=seconds)).replace(tzinfo=_LONDON).isoformat()
