"""Items of the queues one by one, and their history. Every function works on a connection it is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, RowMapping, case, func, insert, select, update
from sqlalchemy.orm import aliased

from service.queue import Claim, ItemEventKind, QueueItem, QueueName, QueueStatus
from service.store.review_tables import item_event
from service.store.tables import queue_item

_UNDOING = aliased(item_event)
_UNDONE = select(_UNDOING.c.id).where(_UNDOING.c.undoes == item_event.c.id).exists()
_LAST = select(item_event, case((_UNDONE, 1), else_=0).label("undone"))


@dataclass(frozen=True, kw_only=True)
class ItemEvent:
    """One line of an item's history. `undoes` is the id of the event it takes back."""

    id: int
    item_id: int
    version: int
    kind: ItemEventKind
    from_status: QueueStatus
    to_status: QueueStatus
    from_queue: QueueName
    to_queue: QueueName
    from_answer_by: date
    to_answer_by: date
    at: datetime
    actor: str
    reason: str
    undoes: int | None


def database_time(connection: Connection) -> datetime:
    """The database's clock: one for all processes (P33)."""
    if connection.dialect.name == "postgresql":
        found: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return found
    written = connection.execute(select(func.strftime("%Y-%m-%dT%H:%M:%f+00:00", "now"))).scalar_one()
    return datetime.fromisoformat(written)


def item_of(row: RowMapping) -> QueueItem:
    """The item in a row of `queue_item`."""
    claim = None
    if row["claimed_by"] is not None:
        claim = Claim(by=row["claimed_by"], since=row["claimed_at"], until=row["claimed_until"], fence=row["fence"])
    return QueueItem(
        id=row["id"],
        message_id=row["message_id"],
        queue=QueueName(row["queue"]),
        status=QueueStatus(row["status"]),
        received_at=row["received_at"],
        acknowledge_by=row["acknowledge_by"],
        answer_by=row["answer_by"],
        risk=row["risk"],
        version=row["version"],
        fence=row["fence"],
        claim=claim,
        assigned_to=row["assigned_to"],
        acknowledged_on=row["acknowledged_on"],
        extended_on=row["extended_on"],
        case_reference=row["case_reference"],
        closed_at=row["closed_at"],
        blind=row["blind"],
    )


def item(connection: Connection, item_id: int, *, lock: bool = False) -> QueueItem | None:
    """One item; with `lock` nobody else changes it until the transaction ends."""
    query = select(queue_item).where(queue_item.c.id == item_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().first()
    return item_of(row) if row else None


def add_event(
    connection: Connection,
    kind: ItemEventKind,
    before: QueueItem,
    after: QueueItem,
    *,
    at: datetime,
    actor: str,
    reason: str = "",
    undoes: int | None = None,
) -> int:
    """One line of history: the way from `before` to `after`; answers its id."""
    row = insert(item_event).values(
        item_id=after.id,
        version=after.version,
        kind=kind.value,
        from_status=before.status.value,
        to_status=after.status.value,
        from_queue=before.queue.value,
        to_queue=after.queue.value,
        from_answer_by=before.answer_by,
        to_answer_by=after.answer_by,
        at=at,
        actor=actor,
        reason=reason,
        undoes=undoes,
    )
    return int(connection.execute(row.returning(item_event.c.id)).scalar_one())


def save(connection: Connection, changed: QueueItem) -> bool:
    """Write what may change of an item, whose event is written; False where somebody else changed it meanwhile."""
    query = (
        update(queue_item)
        .where(queue_item.c.id == changed.id, queue_item.c.version == changed.version - 1)
        .values(
            queue=changed.queue.value,
            status=changed.status.value,
            answer_by=changed.answer_by,
            version=changed.version,
            claimed_by=changed.claim and changed.claim.by,
            claimed_at=changed.claim and changed.claim.since,
            claimed_until=changed.claim and changed.claim.until,
            assigned_to=changed.assigned_to,
            acknowledged_on=changed.acknowledged_on,
            extended_on=changed.extended_on,
            case_reference=changed.case_reference,
            closed_at=changed.closed_at,
            risk=changed.risk,
            blind=changed.blind,
        )
    )
    return connection.execute(query).rowcount == 1


def history(connection: Connection, item_id: int) -> list[ItemEvent]:
    """All that was done with an item, oldest first."""
    query = select(item_event).where(item_event.c.item_id == item_id).order_by(item_event.c.version)
    return [_event(row) for row in connection.execute(query).mappings()]


def history_of_message(connection: Connection, message_id: str) -> list[ItemEvent]:
    """All that was done with the item of a message, oldest first."""
    query = select(item_event).join(queue_item).where(queue_item.c.message_id == message_id)
    return [_event(row) for row in connection.execute(query.order_by(item_event.c.version)).mappings()]


def last_event(connection: Connection, item_id: int, kinds: Sequence[ItemEventKind]) -> tuple[ItemEvent, bool] | None:
    """The last thing done of these kinds, and whether it was undone."""
    query = (
        _LAST.where(item_event.c.item_id == item_id, item_event.c.kind.in_([kind.value for kind in kinds]))
        .order_by(item_event.c.version.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return (_event(row), bool(row["undone"])) if row else None


def _event(row: RowMapping) -> ItemEvent:
    values = {name: row[name] for name in ItemEvent.__dataclass_fields__}
    return ItemEvent(
        **values
        | {
            "kind": ItemEventKind(row["kind"]),
            "from_status": QueueStatus(row["from_status"]),
            "to_status": QueueStatus(row["to_status"]),
            "from_queue": QueueName(row["from_queue"]),
            "to_queue": QueueName(row["to_queue"]),
        }
    )
