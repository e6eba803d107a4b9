"""Who holds an item. Every function is one statement on a connection it is given."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update

from service.queue import AHEAD, ItemEventKind, QueueItem, QueueName, QueueStatus
from service.store.items import item_of
from service.store.review_tables import item_event
from service.store.tables import queue_item


def claim(connection: Connection, item_id: int, by: str, now: datetime, until: datetime) -> QueueItem | None:
    """Hold an open item that nobody holds, in one statement; None where that was not possible."""
    chosen = and_(queue_item.c.id == item_id, queue_item.c.closed_at.is_(None), is_free(now))
    return _claim(connection, chosen, by, now, until)


def claim_next(
    connection: Connection,
    queue: QueueName,
    by: str,
    *,
    team: str | None,
    now: datetime,
    until: datetime,
    passing: Sequence[int] = (),
) -> QueueItem | None:
    """Hold the first undecided item of a queue that nobody holds; what is assigned to others is left to them.

    The items `passing` names are passed over: the officer left them for later.

    Several who ask at once get different items: on PostgreSQL rows that another transaction is taking are passed over.
    """
    mine = [name for name in (by, team) if name is not None]
    first = (
        select(queue_item.c.id)
        .where(queue_item.c.queue == queue.value, queue_item.c.status == QueueStatus.NEW.value, is_free(now))
        .where(or_(queue_item.c.assigned_to.is_(None), queue_item.c.assigned_to.in_(mine)))
        .where(queue_item.c.id.not_in(passing))
        .order_by(queue_item.c.acknowledge_by, queue_item.c.risk.desc(), queue_item.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return _claim(connection, queue_item.c.id == first.scalar_subquery(), by, now, until)


def take_over(connection: Connection, item_id: int, by: str, now: datetime, until: datetime) -> QueueItem:
    """Hold an open item whoever holds it; it is locked."""
    claimed = _claim(connection, queue_item.c.id == item_id, by, now, until)
    assert claimed is not None  # noqa: S101  # locked, so it is there
    return claimed


def renew(connection: Connection, item_id: int, until: datetime) -> QueueItem:
    """Hold on for longer; the item is locked."""
    query = update(queue_item).where(queue_item.c.id == item_id).values(claimed_until=until)
    return item_of(connection.execute(query.returning(*queue_item.c)).mappings().one())


def claimed_by_others(connection: Connection, queue: QueueName, by: str, now: datetime) -> int:
    """Items of a queue that somebody else holds."""
    query = (
        select(func.count())
        .where(queue_item.c.queue == queue.value, queue_item.c.claimed_by.is_not(None))
        .where(~is_free(now), queue_item.c.claimed_by != by)
    )
    return int(connection.execute(query).scalar_one())


def given_back(connection: Connection, by: str, since: datetime) -> list[int]:
    """Items that somebody has given back since then, whatever became of them."""
    query = (
        select(item_event.c.item_id)
        .where(item_event.c.kind == ItemEventKind.GIVEN_BACK.value)
        .where(item_event.c.actor == by, item_event.c.at >= since)
    )
    return sorted(set(connection.execute(query).scalars()))


def any_free(connection: Connection, ids: Sequence[int], queue: QueueName, status: QueueStatus, now: datetime) -> bool:
    """Whether one of these items stands so in this queue, and nobody holds it."""
    query = (
        select(queue_item.c.id)
        .where(queue_item.c.id.in_(ids), queue_item.c.queue == queue.value)
        .where(queue_item.c.status == status.value, is_free(now))
        .limit(1)
    )
    return connection.scalar(query) is not None


def _claim(
    connection: Connection, chosen: ColumnElement[bool], by: str, now: datetime, until: datetime
) -> QueueItem | None:
    query = (
        update(queue_item)
        .where(chosen)
        .values(
            claimed_by=by,
            claimed_at=now,
            claimed_until=until,
            fence=queue_item.c.fence + 1,
            version=queue_item.c.version + 1,
        )
        .returning(*queue_item.c)
    )
    row = connection.execute(query).mappings().first()
    return item_of(row) if row else None


def is_free(now: datetime) -> ColumnElement[bool]:
    """Whether nobody holds the item, as `QueueItem.held_at` has it."""
    ahead = queue_item.c.claimed_at > now + AHEAD
    return or_(queue_item.c.claimed_by.is_(None), queue_item.c.claimed_until <= now, ahead)
