"""Messages and deadlines in numbers, for the insight page. Counted by the database; no words are read."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, literal, or_, select

from pipeline.domain import Channel, Jurisdiction, Route
from service.queue import QueueName, QueueStatus
from service.store.columns import Moment
from service.store.elapsed import UtcDay, WeeksBetween
from service.store.samples import Period, within
from service.store.tables import decision, queue_item

CONFIRMED = frozenset({QueueStatus.COMPLAINT, QueueStatus.ACKNOWLEDGED, QueueStatus.HANDED_OVER})
"""Where an item stands that an officer, or the resident's answer to an offer, says is a complaint."""
_COMPLAINTS = (QueueStatus.NEW, *sorted(CONFIRMED))


@dataclass(frozen=True, kw_only=True)
class Kind:
    """Messages alike in all of this, by weeks from a Monday. No `said_so`: not noted; no `status`: nobody has it."""

    week: int
    channel: Channel | None
    route: Route
    category: str
    blind: bool
    said_so: bool | None
    status: QueueStatus | None
    messages: int

    @property
    def confirmed(self) -> bool:
        """Said to be a complaint by a person."""
        return self.status in CONFIRMED

    @property
    def decided(self) -> bool:
        """By an officer."""
        return self.status not in {None, QueueStatus.NEW}


class Deadline(StrEnum):
    """The two dates of the Codes."""

    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"


class Kept(StrEnum):
    """What became of a date."""

    IN_TIME = "in_time"
    LATE = "late"
    OVERDUE = "overdue"  # not done, and the date has passed
    RUNNING = "running"  # not done, and there is time


@dataclass(frozen=True, kw_only=True)
class DateCount:
    """So many items of a queue for which a date ended like this. `undecided` ones may turn out to be no complaints."""

    deadline: Deadline
    undecided: bool
    kept: Kept
    extended: bool
    items: int


def kinds(connection: Connection, period: Period, monday: datetime, jurisdiction: Jurisdiction) -> list[Kind]:
    """All messages decided in the period, by weeks from that Monday on, with the Ombudsman's categories."""
    category = decision.c.category_lgsco if jurisdiction is Jurisdiction.LGSCO else decision.c.category_hos
    week = WeeksBetween(literal(monday, Moment()), decision.c.decided_at).label("week")
    columns = (decision.c.channel, decision.c.route, category, decision.c.blind, decision.c.said_so)
    query = (
        select(week, *columns, queue_item.c.status, func.count())
        .select_from(decision)
        .outerjoin(queue_item, queue_item.c.message_id == decision.c.message_id)
        .where(within(period))
        .group_by("week", *columns, queue_item.c.status)
    )
    return [_kind(row) for row in connection.execute(query)]


def _kind(row: Any) -> Kind:
    week, channel, route, category, blind, said_so, status, messages = row
    return Kind(
        week=week,
        channel=Channel(channel) if channel else None,
        route=Route(route),
        category=category,
        blind=blind,
        said_so=said_so,
        status=QueueStatus(status) if status else None,
        messages=messages,
    )


def dates(connection: Connection, period: Period, today: date) -> list[DateCount]:
    """Both dates of the complaints, and of what may be one and is not decided, among messages decided in the period.

    Acknowledged counts by the day recorded; answered means handed over to the case system, the last that heard sees.
    """
    item = queue_item.c
    acknowledged = _kept(item.acknowledged_on, item.acknowledge_by, today)
    handed_over = case((item.status == QueueStatus.HANDED_OVER.value, UtcDay(item.closed_at)))
    return [
        *_counted(connection, period, Deadline.ACKNOWLEDGE, acknowledged),
        *_counted(connection, period, Deadline.ANSWER, _kept(handed_over, item.answer_by, today)),
    ]


def _kept(done: Any, due: Any, today: date) -> ColumnElement[str]:
    return case(
        (done <= due, Kept.IN_TIME.value),
        (done.is_not(None), Kept.LATE.value),
        (due < today, Kept.OVERDUE.value),
        else_=Kept.RUNNING.value,
    )


def _counted(connection: Connection, period: Period, deadline: Deadline, kept: ColumnElement[str]) -> list[DateCount]:
    item = queue_item.c
    undecided = and_(item.queue != QueueName.STAGE_1.value, item.status == QueueStatus.NEW.value)
    complaint = and_(item.queue == QueueName.STAGE_1.value, item.status.in_(_COMPLAINTS))
    groups = (
        case((undecided, 1), else_=0).label("undecided"),
        kept.label("kept"),
        case((item.extended_on.is_not(None), 1), else_=0).label("extended"),
    )
    query = (
        select(*groups, func.count())
        .select_from(decision)
        .join(queue_item, item.message_id == decision.c.message_id)
        .where(within(period), or_(undecided, complaint))
        .group_by("undecided", "kept", "extended")
    )
    return [
        DateCount(deadline=deadline, undecided=bool(open_), kept=Kept(end), extended=bool(extended), items=items)
        for open_, end, extended, items in connection.execute(query)
    ]
