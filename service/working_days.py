"""Working days: Monday to Friday less the bank holidays given. Neither Code defines them; this is the usual reading."""

from collections.abc import Container
from datetime import date, timedelta

_SATURDAY = 5


def is_working_day(day: date, holidays: Container[date]) -> bool:
    """Whether offices are open on `day`."""
    return day.weekday() < _SATURDAY and day not in holidays


def add_working_days(start: date, count: int, holidays: Container[date]) -> date:
    """The `count`-th working day after `start`; the day of receipt is day 0, working or not."""
    day = start
    while count > 0:
        day += timedelta(days=1)
        count -= is_working_day(day, holidays)
    return day
