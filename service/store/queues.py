"""What stands in the queues, and the count that proves nothing vanished."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, RowMapping, and_, case, func, literal, select

from service.queue import OPEN, QueueItem, QueueName
from service.store.tables import arrival, decision, message, quarantine, queue_item

MOST_COUNTED = 10_000
"""The list is opened all day, and nobody needs to know on it how much more there is; the insight page counts all."""


@dataclass(frozen=True, kw_only=True)
class Balance:
    """What came in from one source on one UTC day, and where it is."""

    source: str
    day: date
    received: int
    decided: int
    waiting: int
    quarantined: int
    duplicates: int

    @property
    def holds(self) -> bool:
        """Nothing vanished, nothing was counted twice."""
        return self.received == self.decided + self.waiting + self.quarantined + self.duplicates


def counts(connection: Connection) -> dict[QueueName, int]:
    """Items with something left to do in each queue; a queue of more than `MOST_COUNTED` is counted no further."""
    still_open = queue_item.c.status.in_([status.value for status in OPEN])
    some = (
        select(literal(1)).where(queue_item.c.queue == name.value, still_open).limit(MOST_COUNTED + 1).subquery()
        for name in QueueName
    )
    query = select(*(select(func.count()).select_from(each).scalar_subquery() for each in some))
    return dict(zip(QueueName, connection.execute(query).one(), strict=True))


def shown(connection: Connection, items: Sequence[QueueItem]) -> dict[str, RowMapping]:
    """What a list shows of each item besides the item, by message id."""
    query = (
        select(
            message.c.id,
            message.c.channel,
            message.c.subject,
            message.c.text,
            message.c.prior_ids,
            message.c.repeat_of,
            decision.c.cues,
            decision.c.words,
            decision.c.flags,
            decision.c.reasons,
        )
        .join(decision)
        .where(message.c.id.in_([item.message_id for item in items]))
    )
    return {row["id"]: row for row in connection.execute(query).mappings()}


def route_counts(connection: Connection) -> list[tuple[str, str, int]]:
    """(channel, route, messages), recorded ones included."""
    query = (
        select(message.c.channel, decision.c.route, func.count())
        .join(decision)
        .group_by(message.c.channel, decision.c.route)
        .order_by(message.c.channel, decision.c.route)
    )
    return [(str(channel), str(route), int(count)) for channel, route, count in connection.execute(query)]


def balances(connection: Connection) -> list[Balance]:
    """Received = decided + waiting + quarantined + duplicates, by source and day.

    Each part is counted where the thing itself is kept, so that something lost shows as a difference.
    """

    def count(condition: object) -> object:
        return func.sum(case((condition, 1), else_=0))  # type: ignore[arg-type]  # a SQL expression

    accepted, duplicate = arrival.c.outcome == "accepted", arrival.c.outcome == "duplicate"
    query = (
        select(
            arrival.c.source,
            arrival.c.day,
            func.count().label("received"),
            count(and_(accepted, message.c.id.is_not(None), decision.c.message_id.is_not(None))).label("decided"),  # type: ignore[attr-defined]  # as above
            count(and_(accepted, message.c.id.is_not(None), decision.c.message_id.is_(None))).label("waiting"),  # type: ignore[attr-defined]  # as above
            count(and_(quarantine.c.arrival_id.is_not(None), quarantine.c.settled_at.is_(None))).label("quarantined"),  # type: ignore[attr-defined]  # as above
            count(and_(duplicate, message.c.id.is_not(None))).label("duplicates"),  # type: ignore[attr-defined]  # as above
        )
        .select_from(arrival)
        .outerjoin(message, message.c.id == arrival.c.message_id)
        .outerjoin(decision, decision.c.message_id == message.c.id)
        .outerjoin(quarantine, quarantine.c.arrival_id == arrival.c.id)
        .group_by(arrival.c.source, arrival.c.day)
        .order_by(arrival.c.day, arrival.c.source)
    )
    return [Balance(**row) for row in connection.execute(query).mappings()]
