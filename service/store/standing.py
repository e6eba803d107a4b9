"""How things stand, in numbers: what waits, for how long, what is late, what went wrong."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, select

from service.deadlines import Today
from service.queue import QueueName
from service.store import inboxes
from service.store.inboxes import SourceState
from service.store.outbox_tables import OutboxStatus, outbox
from service.store.tables import arrival, quarantine, queue_item


@dataclass(frozen=True, kw_only=True)
class QueueStanding:
    """One queue: items with something left to do, those past the date that matters now, the oldest one's receipt."""

    open: int = 0
    overdue: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Everything at one moment. `set_aside_since` and `webhooks_since` are the oldest that still wait."""

    queues: dict[QueueName, QueueStanding]
    set_aside: int
    set_aside_since: datetime | None
    webhooks_waiting: int
    webhooks_since: datetime | None
    webhooks_dead: int
    sources: list[SourceState]


def standing(connection: Connection, today: Today) -> Standing:
    """Four small queries, each by an index."""
    set_aside, set_aside_since = _set_aside(connection)
    waiting, since = _webhooks(connection, OutboxStatus.WAITING)
    dead, _ = _webhooks(connection, OutboxStatus.DEAD)
    return Standing(
        queues=_queues(connection, today),
        set_aside=set_aside,
        set_aside_since=set_aside_since,
        webhooks_waiting=waiting,
        webhooks_since=since,
        webhooks_dead=dead,
        sources=inboxes.sources(connection),
    )


def _queues(connection: Connection, today: Today) -> dict[QueueName, QueueStanding]:
    due = case((queue_item.c.acknowledged_on.is_(None), queue_item.c.acknowledge_by), else_=queue_item.c.answer_by)
    late = func.sum(case((due < today.day, 1), else_=0))
    query = (
        select(queue_item.c.queue, func.count(), late, func.min(queue_item.c.received_at))
        .where(queue_item.c.closed_at.is_(None))
        .group_by(queue_item.c.queue)
    )
    found = {
        QueueName(name): QueueStanding(open=count, overdue=overdue, oldest=oldest)
        for name, count, overdue, oldest in connection.execute(query)
    }
    return {name: found.get(name, QueueStanding()) for name in QueueName}


def _set_aside(connection: Connection) -> tuple[int, datetime | None]:
    query = (
        select(func.count(), func.min(arrival.c.arrived_at))
        .select_from(quarantine)
        .join(arrival)
        .where(quarantine.c.settled_at.is_(None))
    )
    count, since = connection.execute(query).one()
    return int(count), since


def _webhooks(connection: Connection, status: OutboxStatus) -> tuple[int, datetime | None]:
    query = select(func.count(), func.min(outbox.c.at)).where(outbox.c.status == status.value)
    count, since = connection.execute(query).one()
    return int(count), since
