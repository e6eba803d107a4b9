"""All that is kept about one message, for the resident who wrote it."""

from typing import Any

from sqlalchemy import Column, Connection, Table, select

from service.store import messages
from service.store.review_tables import item_event, offer, request, review, second_reading
from service.store.tables import arrival, message, quarantine, queue_item

Kept = dict[str, Any]
_NOT_ABOUT_THEM = frozenset(
    {"claimed_by", "claimed_at", "claimed_until", "fence", "version", "content_sha256", "raw_sha256"}
)
"""How officers and the software go about their work."""


def about(connection: Connection, message_id: str) -> Kept:
    """A message, its decision, its item, and what was done and written about it."""
    row = messages.message_row(connection, message_id)
    decision, item = messages.decision_row(connection, message_id), messages.item_row(connection, message_id)
    of_item = select(queue_item.c.id).where(queue_item.c.message_id == message_id)
    events = select(item_event.c.id).where(item_event.c.item_id.in_(of_item))
    return {
        "message": _plain(row),
        "came_in": _rows(connection, arrival, arrival.c.message_id == message_id, arrival.c.id),
        "decision": _plain(decision),
        "item": _plain(item),
        "history": [_plain(event) for event in messages.event_rows(connection, message_id)],
        "done": _rows(connection, item_event, item_event.c.item_id.in_(of_item), item_event.c.id),
        "reviews": _rows(connection, review, review.c.event_id.in_(events), review.c.event_id),
        "second_readings": _rows(
            connection,
            second_reading,
            second_reading.c.event_id.in_(events),
            second_reading.c.event_id,
        ),
        "offers": _rows(connection, offer, offer.c.event_id.in_(events), offer.c.event_id),
        "requests": _rows(connection, request, request.c.message_id == message_id, request.c.id),
    }


def raw_of(connection: Connection, message_id: str) -> bytes:
    """A message as it was received; empty where it came without."""
    return bytes(connection.scalar(select(message.c.raw).where(message.c.id == message_id)) or b"")


def set_aside(connection: Connection, number: int) -> tuple[Kept, bytes]:
    """What is said about something set aside, and its bytes."""
    row = connection.execute(select(quarantine).where(quarantine.c.arrival_id == number)).mappings().one()
    return _plain({name: value for name, value in row.items() if name != "raw"}), bytes(row["raw"])


def _rows(connection: Connection, table: Table, condition: Any, order: Column[Any]) -> list[Kept]:
    return [_plain(row) for row in connection.execute(select(table).where(condition).order_by(order)).mappings()]


def _plain(row: Any) -> Kept:
    return {} if row is None else {name: value for name, value in row.items() if name not in _NOT_ABOUT_THEM}
