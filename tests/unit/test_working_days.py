from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.deadlines import Calendar
from service.settings import Nation
from service.working_days import add_working_days, is_working_day

XMAS = frozenset({date(2026, 12, 25), date(2026, 12, 28)})


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        (date(2026, 11, 2), 5, date(2026, 11, 9)),
        (date(2026, 11, 7), 1, date(2026, 11, 9)),
        (date(2026, 11, 6), 0, date(2026, 11, 6)),
        (date(2026, 12, 24), 1, date(2026, 12, 29)),
    ],
)
def test_the_day_of_receipt_is_day_0(start: date, count: int, end: date) -> None:
    assert add_working_days(start, count, XMAS) == end


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 60))
def test_as_many_working_days_lie_between_as_were_asked_for(start: date, count: int) -> None:
    end = add_working_days(start, count, XMAS)
    days = [start + timedelta(days=n) for n in range(1, (end - start).days + 1)]
    assert sum(is_working_day(day, XMAS) for day in days) == count
    assert is_working_day(end, XMAS)


def test_each_nation_keeps_its_own_bank_holidays() -> None:
    """2 January is a bank holiday in Scotland alone, 17 March in Northern Ireland alone."""
    new_year = datetime(2025, 12, 31, 12, tzinfo=UTC)
    patrick = datetime(2026, 3, 16, 12, tzinfo=UTC)
    found = {nation: Calendar(nation).deadlines(new_year, 1, 10).acknowledge_by for nation in Nation}
    assert found[Nation.ENGLAND] == found[Nation.WALES] == date(2026, 1, 2)
    assert found[Nation.SCOTLAND] == date(2026, 1, 5)
    assert Calendar(Nation.NORTHERN_IRELAND).deadlines(patrick, 1, 10).acknowledge_by == date(2026, 3, 18)


def test_the_answer_runs_from_the_acknowledgement() -> None:
    dates = Calendar(Nation.ENGLAND).deadlines(datetime(2026, 11, 2, 9, tzinfo=UTC), 5, 10)
    assert (dates.acknowledge_by, dates.answer_by) == (date(2026, 11, 9), date(2026, 11, 23))


def test_a_message_late_on_a_summer_evening_was_received_the_uk_day_it_was() -> None:
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    assert Calendar(Nation.ENGLAND).deadlines(late, 1, 1).acknowledge_by == date(2026, 7, 3)
