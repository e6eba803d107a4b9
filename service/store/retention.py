"""How the words of messages are removed while their rows stay: nothing that came in goes uncounted (P24, P25)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    case,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from pipeline.domain import Route
from service.periods import Removal
from service.privacy import Kept
from service.store.messages import KEY_KEPT
from service.store.outbox_tables import OutboxStatus, outbox
from service.store.retention_tables import tombstone
from service.store.review_tables import action_key, case_message, item_event, offer, request, review, second_reading
from service.store.tables import arrival, contact, decision, event, idempotency, message, quarantine, queue_item
from service.store.wiping import overwrite

_WORDS: dict[Table, dict[str, Any]] = {
    message: {
        "subject": "",
        "text": "",
        "sender": "",
        "place": "",
        "case_reference": "",
        "property_reference": "",
        "prior_ids": [],
        "repeat_of": None,
        "raw": None,
    },
    decision: {"reasons": [], "cues": [], "words": [], "flags": []},
    queue_item: {"case_reference": None},
    event: {"detail": ""},
    item_event: {"reason": ""},
    review: {"reason": "", "note": ""},
    second_reading: {"note": ""},
    offer: {"wording": ""},
    request: {"asks_for": ""},
    quarantine: {"raw": b"", "reason": "Removed.", "place": ""},
}
"""Every column that may hold a resident's words or what tells who they are, and what stands there afterwards."""
_UNSENT = (OutboxStatus.WAITING.value, OutboxStatus.DEAD.value)
_CANCELLED: dict[str, Any] = {
    "data": "{}",
    "failure": "",
    "status": case((outbox.c.status.in_(_UNSENT), OutboxStatus.CANCELLED.value), else_=outbox.c.status),
}
"""Nobody is told any more about a message that was removed."""


def due(
    connection: Connection,
    before: Mapping[Removal, datetime],
    *,
    after: str = "",
    limit: int,
    among: Sequence[str] | None = None,
) -> list[Kept]:
    """Messages past the end of their class in the order of their ids, from `after` on. Whatever is open is in none."""
    old = [(why, _of_class(why, moment)) for why, moment in before.items()]
    query = (
        select(
            message.c.id,
            message.c.sender,
            message.c.case_reference,
            queue_item.c.case_reference.label("item_case"),
            case(*((condition, literal(why.value)) for why, condition in old)).label("why"),
        )
        .join(decision, decision.c.message_id == message.c.id)
        .outerjoin(queue_item, queue_item.c.message_id == message.c.id)
        .outerjoin(tombstone, tombstone.c.message_id == message.c.id)
        .where(message.c.id > after, tombstone.c.message_id.is_(None), or_(*(condition for _, condition in old)))
        .order_by(message.c.id)
        .limit(limit)
    )
    return kept(connection, query if among is None else query.where(message.c.id.in_(among)))


def kept(connection: Connection, query: Select[Any]) -> list[Kept]:
    """Rows with id, sender, case_reference, item_case and why."""
    return [
        Kept(
            id=row["id"],
            sender=row["sender"],
            cases=frozenset(filter(None, (row["case_reference"], row["item_case"]))),
            why=Removal(row["why"]),
        )
        for row in connection.execute(query).mappings()
    ]


def _of_class(why: Removal, moment: datetime) -> ColumnElement[bool]:
    if why is Removal.CLOSED:
        return queue_item.c.closed_at < moment
    route = Route.NO_ACTION if why is Removal.NO_ACTION else Route.SERVICE_REQUEST
    return and_(queue_item.c.id.is_(None), decision.c.route == route.value, message.c.received_at < moment)


def remove(connection: Connection, ids: Mapping[str, Removal], at: datetime) -> None:
    """Take the words out of messages and all that was written about them; leave rows that can be counted."""
    if not ids:
        return
    overwrite(connection)
    named = list(ids)
    for table, empty in _WORDS.items():
        connection.execute(update(table).where(_belongs(table, named)).values(empty))
    gone = {**_CANCELLED, "settled_at": func.coalesce(outbox.c.settled_at, at)}
    connection.execute(update(outbox).where(outbox.c.message_id.in_(named)).values(gone))
    for table in (contact, case_message, idempotency):
        connection.execute(delete(table).where(table.c.message_id.in_(named)))
    rows = [{"message_id": name, "removed_at": at, "why": why.value} for name, why in ids.items()]
    connection.execute(insert(tombstone), rows)


def _belongs(table: Table, ids: Sequence[str]) -> ColumnElement[bool]:
    items = select(queue_item.c.id).where(queue_item.c.message_id.in_(ids))
    if table is message:
        return message.c.id.in_(ids)
    if table is item_event:
        return item_event.c.item_id.in_(items)
    if table in {review, second_reading, offer}:
        return table.c.event_id.in_(select(item_event.c.id).where(item_event.c.item_id.in_(items)))
    if table is quarantine:
        return quarantine.c.arrival_id.in_(select(arrival.c.id).where(arrival.c.message_id.in_(ids)))
    found: ColumnElement[bool] = table.c.message_id.in_(ids)
    return found


def settled(connection: Connection, before: datetime, *, after: int = 0, limit: int) -> list[tuple[int, Kept]]:
    """Cases settled before a moment that still have words, and the message each became."""
    query = (
        select(
            quarantine.c.arrival_id,
            message.c.id,
            message.c.sender,
            message.c.case_reference,
        )
        .select_from(quarantine)
        .join(arrival, arrival.c.id == quarantine.c.arrival_id)
        .join(message, message.c.id == arrival.c.message_id)
        .where(quarantine.c.arrival_id > after, quarantine.c.settled_at < before, quarantine.c.place != "")
        .order_by(quarantine.c.arrival_id)
        .limit(limit)
    )
    return [
        (number, Kept(id=name, sender=sender, cases=frozenset(filter(None, (case,))), why=Removal.CLOSED))
        for number, name, sender, case in connection.execute(query)
    ]


def empty_cases(connection: Connection, numbers: Sequence[int]) -> int:
    """Take bytes, reason and place out of quarantined cases; they stay counted. Answers how many had any."""
    overwrite(connection)
    query = update(quarantine).where(quarantine.c.arrival_id.in_(numbers), quarantine.c.place != "")
    return connection.execute(query.values(_WORDS[quarantine])).rowcount


def waiting_since(connection: Connection, before: datetime) -> int:
    """Cases that nobody has settled, from before a moment."""
    query = select(func.count()).select_from(quarantine).join(arrival)
    return connection.scalar(query.where(quarantine.c.settled_at.is_(None), arrival.c.arrived_at < before)) or 0


def forget_sent(connection: Connection, before: datetime, *, limit: int) -> int:
    """Webhook events settled before a moment, sent or cancelled, up to `limit`; answers how many."""
    overwrite(connection)
    done = (OutboxStatus.SENT.value, OutboxStatus.CANCELLED.value)
    old = select(outbox.c.id).where(outbox.c.status.in_(done), outbox.c.settled_at < before).limit(limit)
    return connection.execute(delete(outbox).where(outbox.c.id.in_(old))).rowcount


def forget_keys(connection: Connection, now: datetime) -> int:
    """Idempotency keys past their seven days; answers how many."""
    overwrite(connection)
    gone = [delete(table).where(table.c.used_at < now - KEY_KEPT) for table in (idempotency, action_key)]
    return sum(connection.execute(query).rowcount for query in gone)
