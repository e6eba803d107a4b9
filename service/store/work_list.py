"""What an officer has before them: a queue in the order of its dates, filtered, page by page.

The order is acknowledge-by, then risk, then id. None of the three changes while officers work, so a cursor stays right;
only what the model decides later (`heard decide`) is put elsewhere.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, and_, case, cast, or_, select

from pipeline.domain import Channel, Flag
from service.deadlines import Today
from service.queue import QueueItem, QueueName, QueueStatus
from service.store.claims import is_free
from service.store.insight_work import BANDS
from service.store.items import item_of
from service.store.tables import decision, message, queue_item

WINDOW = 2_000
"""How many items a search looks through for one page: it costs the same in any queue, and the next page goes on."""

HIDDEN = and_(queue_item.c.blind, queue_item.c.status == QueueStatus.NEW.value)
"""As `QueueItem.is_hidden`: who looks for a flag or topic must not find out by that what heard thinks."""


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a page ended."""

    acknowledge_by: date
    risk: float
    id: int


@dataclass(frozen=True, kw_only=True)
class Filters:
    """Which items of a queue. Without `status` those with something left to do; `words` is looked for as it stands."""

    queue: QueueName
    status: QueueStatus | None = None
    assigned_to: str | None = None
    claimed_by: str | None = None
    channel: Channel | None = None
    category: str | None = None
    flag: Flag | None = None
    overdue: bool = False
    due_soon: bool = False
    words: str | None = None
    model_version: str | None = None
    band: int | None = None
    """Of `BANDS`: how likely the model found a complaint."""
    free_for: tuple[str, ...] = ()
    """Only what nobody but these holds, and what is assigned to nobody or to one of these."""
    received_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some items. `next` is where to go on; a page may hold few, or none, and yet not be the last."""

    items: list[QueueItem]
    next: Position | None


def page(connection: Connection, filters: Filters, limit: int, after: Position | None, today: Today) -> Page:
    """Up to `limit` items."""
    query, costly = _chosen(filters, after, today), _costly(filters, today)
    if not costly:
        found = _items(connection, query.limit(limit + 1))
        return Page(items=found[:limit], next=position(found[limit - 1]) if len(found) > limit else None)
    window = query.with_only_columns(queue_item.c.id).limit(WINDOW).subquery()
    searched = (
        select(*queue_item.c)
        .join(window, window.c.id == queue_item.c.id)
        .join(message, message.c.id == queue_item.c.message_id)
        .join(decision, decision.c.message_id == queue_item.c.message_id)
        .where(*costly)
    )
    found = _items(connection, _in_order(searched).limit(limit + 1))
    if len(found) > limit:
        return Page(items=found[:limit], next=position(found[limit - 1]))
    last = _items(connection, query.offset(WINDOW - 1).limit(1))
    return Page(items=found, next=position(last[0]) if last else None)


def position(item: QueueItem) -> Position:
    """Where a page that ends with this item ends."""
    return Position(acknowledge_by=item.acknowledge_by, risk=item.risk, id=item.id)


def _items(connection: Connection, query: Select[Any]) -> list[QueueItem]:
    return [item_of(row) for row in connection.execute(query).mappings()]


def _chosen(filters: Filters, after: Position | None, today: Today) -> Select[Any]:
    """What an index finds."""
    query = select(*queue_item.c).where(queue_item.c.queue == filters.queue.value)
    if _held(filters):
        query = query.where(queue_item.c.claimed_by.is_not(None))
    elif filters.status is None:
        query = query.where(queue_item.c.closed_at.is_(None))
    else:
        query = query.where(queue_item.c.status == filters.status.value)
    if filters.assigned_to is not None:
        query = query.where(queue_item.c.assigned_to == filters.assigned_to)
    if filters.free_for:
        held, assigned = queue_item.c.claimed_by, queue_item.c.assigned_to
        query = query.where(or_(is_free(today.now), held.in_(filters.free_for)))
        query = query.where(or_(assigned.is_(None), assigned.in_(filters.free_for)))
    return _in_order(query if after is None else query.where(_later(after)))


def _held(filters: Filters) -> bool:
    """Asked for what somebody holds: of a queue's open items the few, with an index of their own.

    The status is then looked up item by item, for SQLite takes the index of the status where it is asked for both.
    """
    return filters.claimed_by is not None or filters.status is QueueStatus.CLAIMED


def _in_order(query: Select[Any]) -> Select[Any]:
    return query.order_by(queue_item.c.acknowledge_by, queue_item.c.risk.desc(), queue_item.c.id)


def _later(after: Position) -> ColumnElement[bool]:
    day, risk, number = queue_item.c.acknowledge_by, queue_item.c.risk, queue_item.c.id
    same_risk = and_(risk == after.risk, number > after.id)
    same_day = and_(day == after.acknowledge_by, or_(risk < after.risk, same_risk))
    return and_(day >= after.acknowledge_by, or_(day > after.acknowledge_by, same_day))


def _costly(filters: Filters, today: Today) -> list[ColumnElement[bool]]:
    """What is looked up item by item."""
    found = [*_when(filters, today), *_what(filters)]
    if filters.status in {QueueStatus.NEW, QueueStatus.CLAIMED} and not filters.free_for:
        free = is_free(today.now)
        found.append(free if filters.status is QueueStatus.NEW else ~free)
    if filters.claimed_by is not None:
        found += [queue_item.c.claimed_by == filters.claimed_by, ~is_free(today.now)]
    if _held(filters) and filters.status is not None:
        status = QueueStatus.NEW if filters.status is QueueStatus.CLAIMED else filters.status
        found.append(queue_item.c.status == status.value)
    return found


def _when(filters: Filters, today: Today) -> list[ColumnElement[bool]]:
    due = case((queue_item.c.acknowledged_on.is_(None), queue_item.c.acknowledge_by), else_=queue_item.c.answer_by)
    asked = []
    if filters.overdue:
        asked.append(due < today.day)
    if filters.due_soon:
        asked.append(due.between(today.day, today.soon))
    return [and_(queue_item.c.closed_at.is_(None), or_(*asked))] if asked else []


def _what(filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.channel is not None:
        found.append(message.c.channel == filters.channel.value)
    if filters.category is not None:
        named = or_(decision.c.category_hos == filters.category, decision.c.category_lgsco == filters.category)
        found.append(and_(named, ~HIDDEN))
    if filters.flag is not None:
        flagged = cast(decision.c.flags, String).contains(f'"{filters.flag.value}"', autoescape=True)
        found.append(and_(flagged, ~HIDDEN))
    if filters.band is not None:
        low, high = (0.0, *BANDS)[filters.band], (*BANDS, None)[filters.band]
        found += [decision.c.complaint >= low, ~HIDDEN]
        found += [decision.c.complaint < high] if high else []
    if filters.model_version is not None:
        found.append(decision.c.model_version == filters.model_version)
    if filters.received_before is not None:
        found.append(queue_item.c.received_at < filters.received_before)
    if filters.words is not None:
        columns = (message.c.subject, message.c.text, message.c.sender)
        found.append(or_(*(column.icontains(filters.words, autoescape=True) for column in columns)))
    return found
