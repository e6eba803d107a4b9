"""What the insight page shows of a period: counts by week, and figures that `heard monitor` shows too."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Connection

from pipeline.domain import Jurisdiction
from pipeline.errors import HeardError
from pipeline.metrics import Figure, share
from service import live_figures, monitor
from service.monitor import Compared, Report
from service.roles import Role
from service.store import insight, insight_work
from service.store.insight import DateCount, Kind
from service.store.insight_work import BANDS, Effort, Times, Verdicts
from service.store.samples import Period

ALPHA, DELTA = 0.05, 0.10
"""The promise and the chance that an interval is wrong, where nobody says otherwise; as for `heard monitor`."""
LONGEST = timedelta(days=731)
FEWEST_PEOPLE = 3
"""A figure of fewer people would be about a person; here it is about a group."""
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_BANDS = range(len(BANDS) + 1)


class NoSuchPeriod(HeardError):
    """The days asked for make no period."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Days, the first and the last (UTC), and whether the words are compared too, which takes seconds."""

    first: date
    last: date
    words: bool = False

    @property
    def monday(self) -> date:
        """On or before the first day."""
        return self.first - timedelta(days=self.first.weekday())

    @property
    def period(self) -> Period:
        """From midnight to midnight."""
        return Period(since=_midnight(self.first), until=_midnight(self.last + _DAY))


@dataclass(frozen=True, kw_only=True)
class Week:
    """What came in from Monday to Sunday; the first and the last may be cut by the period."""

    first: date
    kinds: Sequence[Kind]


@dataclass(frozen=True, kw_only=True)
class Group:
    """How often the verdicts of a group of officers were not what heard suggested."""

    roles: tuple[Role | None, ...]
    people: int
    overturned: Figure


@dataclass(frozen=True, kw_only=True)
class Insight:
    """Everything, of one moment. `kinds` are those of all weeks; `bands` has None where there is no verdict."""

    asked: Asked
    jurisdiction: Jurisdiction
    weeks: Sequence[Week]
    times: Sequence[Times]
    efforts: Sequence[Effort]
    bands: Sequence[Figure | None]
    groups: Sequence[Group]
    dates: Sequence[DateCount]
    monitor: Report

    @property
    def kinds(self) -> Iterator[Kind]:
        """Of all weeks."""
        return (kind for week in self.weeks for kind in week.kinds)


def asked(first: str, last: str, today: date, *, words: bool = False) -> Asked:
    """The days typed, or those that `heard monitor` looks at: this month and the two before."""
    end = _day(last) if last.strip() else today
    usual = live_figures.first_day(_midnight(min(end, today)), live_figures.MONTHS - 1).date()
    begin = _day(first) if first.strip() else usual
    if begin > end:
        raise NoSuchPeriod(f"The first day ({begin}) must not be after the last ({end}).")
    if end - begin >= LONGEST:
        raise NoSuchPeriod("A period can have two years at most. Choose a later first day.")
    return Asked(first=begin, last=end, words=words)


def figures(connection: Connection, asked: Asked, jurisdiction: Jurisdiction, today: date) -> Insight:
    """Counted by the database, at one moment."""
    within = asked.period
    report = monitor.report(connection, within, Compared(), alpha=ALPHA, delta=DELTA, words=asked.words)
    return Insight(
        asked=asked,
        jurisdiction=jurisdiction,
        weeks=weeks(asked, insight.kinds(connection, within, _midnight(asked.monday), jurisdiction)),
        times=insight_work.times(connection, within),
        efforts=insight_work.efforts(connection, within),
        bands=[monitor.overturned([one for one in report.verdicts if one.band == band]) for band in _BANDS],
        groups=groups(report.verdicts),
        dates=insight.dates(connection, within, today),
        monitor=report,
    )


def weeks(asked: Asked, kinds: Sequence[Kind]) -> list[Week]:
    """Every week of the period, those without a message too."""
    by_week: defaultdict[int, list[Kind]] = defaultdict(list)
    for kind in kinds:
        by_week[kind.week].append(kind)
    last = (asked.last - asked.monday).days // 7
    return [
        Week(first=max(asked.monday + number * _WEEK, asked.first), kinds=by_week[number]) for number in range(last + 1)
    ]


def groups(verdicts: Sequence[Verdicts]) -> list[Group]:
    """By role, the largest first. Groups of too few people are put together, with a larger one if need be.

    Nothing where all together are too few: the figure of all is then all there is.
    """
    roles = sorted({one.role for one in verdicts}, key=lambda role: (-len(_readers(verdicts, (role,))), role or ""))
    large = [(role,) for role in roles if len(_readers(verdicts, (role,))) >= FEWEST_PEOPLE]
    small = tuple(role for role in roles if (role,) not in large)
    while small and large and len(_readers(verdicts, small)) < FEWEST_PEOPLE:
        small = (*large.pop(), *small)
    parts = [part for part in (*large, small) if len(_readers(verdicts, part)) >= FEWEST_PEOPLE]
    return [_group(verdicts, part) for part in parts]


def _group(verdicts: Sequence[Verdicts], roles: tuple[Role | None, ...]) -> Group:
    theirs = [one for one in verdicts if one.role in roles]
    found = share(sum(one.overturned for one in theirs), sum(one.verdicts for one in theirs))
    return Group(roles=roles, people=len(_readers(verdicts, roles)), overturned=found)


def _readers(verdicts: Sequence[Verdicts], roles: tuple[Role | None, ...]) -> set[str]:
    return {one.reader for one in verdicts if one.role in roles}


def _day(typed: str) -> date:
    try:
        day = date.fromisoformat(typed.strip())
        _midnight(day + _DAY)
    except (ValueError, OverflowError):
        raise NoSuchPeriod("A day is written as 2026-11-02: year, month, day.") from None
    if day.year < 1970:
        raise NoSuchPeriod(f"{day} is too long ago.")
    return day


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
