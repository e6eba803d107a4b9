"""What was filed without an officer, which of it was drawn, and what officers found there."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, case, func, select, update
from sqlalchemy.orm import aliased

from pipeline.domain import Channel, Route
from service.queue import QueueStatus
from service.store.review_tables import item_event, review, second_reading
from service.store.tables import decision, message, queue_item

_BEYOND_DOUBT = (QueueStatus.ACKNOWLEDGED, QueueStatus.HANDED_OVER, QueueStatus.DECLINED)
_ONCE = (QueueStatus.COMPLAINT, QueueStatus.OFFERED)


@dataclass(frozen=True, kw_only=True)
class Period:
    """From `since` on and before `until`, by when messages were decided."""

    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Count:
    """So many messages of one kind: `share` is None where an officer sees them anyway, `status` where nobody does."""

    channel: str
    blind: bool
    share: float | None
    status: QueueStatus | None
    messages: int

    @property
    def beyond_doubt(self) -> bool:
        """A complaint that an officer found and then dealt with as one."""
        return self.status in _BEYOND_DOUBT

    @property
    def found_once(self) -> bool:
        """A complaint by one officer's word."""
        return self.status in _ONCE


def mark(connection: Connection, message_id: str, share: float, *, blind: bool) -> None:
    """Keep that a message was filed, and whether it was drawn."""
    query = update(decision).where(decision.c.message_id == message_id)
    connection.execute(query.values(sample_share=share, blind=blind))


def counts(connection: Connection, period: Period) -> list[Count]:
    """All messages decided in the period, counted."""
    kinds = (decision.c.channel, decision.c.blind, decision.c.sample_share, queue_item.c.status)
    query = (
        select(*kinds, func.count().label("messages"))
        .select_from(decision)
        .outerjoin(queue_item, queue_item.c.message_id == decision.c.message_id)
        .where(within(period))
        .group_by(*kinds)
    )
    return [
        Count(
            channel=row["channel"],
            blind=row["blind"],
            share=row["sample_share"],
            status=QueueStatus(row["status"]) if row["status"] else None,
            messages=row["messages"],
        )
        for row in connection.execute(query).mappings()
    ]


def verdicts(connection: Connection, period: Period) -> Iterator[RowMapping]:
    """The last standing verdict on each message decided in the period, with the message and what heard thought; and
    what a second reader said of it, None where nobody did or the first was found right.
    """
    columns = (
        message.c.id,
        message.c.subject,
        message.c.text,
        message.c.channel,
        message.c.prior_contacts,
        decision.c.decided_at,
        decision.c.label,
        decision.c.route,
        decision.c.topic,
        decision.c.complaint,
        decision.c.sample_share,
        decision.c.blind,
        review.c.verdict,
        review.c.contested,
        review.c.saw_suggestion,
        item_event.c.actor,
        queue_item.c.status,
        case((second_reading.c.settled_at.is_(None), second_reading.c.verdict)).label("second"),
    )
    query = _standing(select(*columns)).where(within(period)).order_by(item_event.c.id)
    yield from connection.execution_options(yield_per=1_000).execute(query).mappings()


def routes(connection: Connection, period: Period) -> dict[str, int]:
    """Messages decided in the period by route, every route named."""
    query = select(decision.c.route, func.count()).where(within(period)).group_by(decision.c.route)
    found = {str(name): int(count) for name, count in connection.execute(query)}
    return {name.value: found.get(name.value, 0) for name in Route}


def probabilities(connection: Connection, period: Period, channel: Channel, limit: int) -> list[float]:
    """Complaint probabilities of the latest messages of a channel decided in the period."""
    query = _latest(select(decision.c.complaint), period, channel, limit)
    return [float(value) for value in connection.scalars(query)]


def topics(connection: Connection, period: Period, channel: Channel) -> dict[str, int]:
    """Messages of a channel decided in the period, by topic."""
    query = (
        select(decision.c.topic, func.count())
        .where(within(period), decision.c.channel == channel.value)
        .group_by(decision.c.topic)
    )
    return {str(topic): int(count) for topic, count in connection.execute(query)}


def texts(connection: Connection, period: Period, channel: Channel, limit: int) -> list[str]:
    """The words of the latest messages of a channel decided in the period."""
    query = select(message.c.subject, message.c.text).join(decision, decision.c.message_id == message.c.id)
    return [f"{subject}\n{text}" for subject, text in connection.execute(_latest(query, period, channel, limit))]


def _latest(query: Select[Any], period: Period, channel: Channel, limit: int) -> Select[Any]:
    return (
        query.where(within(period), decision.c.channel == channel.value)
        .order_by(decision.c.decided_at.desc())
        .limit(limit)
    )


def within(period: Period) -> ColumnElement[bool]:
    """The decisions of a period."""
    return and_(decision.c.decided_at >= period.since, decision.c.decided_at < period.until)


def _standing(query: Select[Any]) -> Select[Any]:
    """Joined up, and only the last verdict that was not undone of an item that was not reopened since."""
    other, undoing = aliased(item_event), aliased(item_event)
    undone = select(undoing.c.id).where(undoing.c.undoes == other.c.id).exists()
    last = (
        select(func.max(other.c.id))
        .join(review, review.c.event_id == other.c.id)
        .where(other.c.item_id == queue_item.c.id, ~undone)
        .scalar_subquery()
    )
    return (
        query.select_from(review)
        .join(item_event, item_event.c.id == review.c.event_id)
        .join(queue_item, queue_item.c.id == item_event.c.item_id)
        .join(decision, decision.c.message_id == queue_item.c.message_id)
        .join(message, message.c.id == decision.c.message_id)
        .outerjoin(second_reading, second_reading.c.event_id == review.c.event_id)
        .where(item_event.c.id == last, queue_item.c.status != QueueStatus.NEW.value)
    )
