"""Acknowledge-by and answer-by dates, from receipt."""

from collections.abc import Container
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import holidays
from holidays.version import __version__ as _holidays_version

from service.settings import Nation
from service.working_days import add_working_days

_UK = ZoneInfo("Europe/London")
_YEARS = range(2000, 2061)
"""Filled in advance: the calendar fills years as they are asked for, which threads must not do at once."""


@dataclass(frozen=True, kw_only=True)
class Deadlines:
    """When a complaint must be acknowledged and, if that is done on the last day, answered. Dates in UK time."""

    acknowledge_by: date
    answer_by: date
    calendar: str


@dataclass(frozen=True, kw_only=True)
class Today:
    """What overdue and due soon are told by. `soon` is the next working day; dates are UK dates."""

    now: datetime
    day: date
    soon: date


class Calendar:
    """Bank holidays of one nation."""

    def __init__(self, nation: Nation) -> None:
        self._holidays: Container[date] = holidays.country_holidays(
            "GB", subdiv=nation.value, years=_YEARS, expand=False
        )
        self.name = f"GB-{nation.value} (holidays {_holidays_version})"

    def deadlines(self, received_at: datetime, acknowledge_days: int, answer_days: int) -> Deadlines:
        """Both dates run from receipt; the answer's from the acknowledgement (HOS 6.2, 6.3; LGSCO 6.2, 6.3)."""
        received = self.day(received_at)
        acknowledge_by = add_working_days(received, acknowledge_days, self._holidays)
        answer_by = add_working_days(acknowledge_by, answer_days, self._holidays)
        return Deadlines(acknowledge_by=acknowledge_by, answer_by=answer_by, calendar=self.name)

    def day(self, moment: datetime) -> date:
        """The UK date of a moment."""
        return moment.astimezone(_UK).date()

    def later(self, day: date, working_days: int) -> date:
        """The day so many working days later."""
        return add_working_days(day, working_days, self._holidays)

    def today(self, now: datetime) -> Today:
        """The UK day of `now`, and the next working day."""
        day = self.day(now)
        return Today(now=now, day=day, soon=self.later(day, 1))
