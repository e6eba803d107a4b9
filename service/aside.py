"""What cannot be taken as it came is set aside for a person, once, with its bytes and the reason."""

from datetime import datetime

from sqlalchemy import Connection

from pipeline.domain import Message
from pipeline.errors import RefusedRow
from pipeline.read.lines import line_of
from service.audit import record_arrival
from service.audit_chain import ACTOR
from service.store import messages as store


def set_aside(connection: Connection, refused: RefusedRow, source: str, at: datetime) -> bool:
    """Quarantine it; False where the very same was set aside before."""
    place, reason, raw = refused.place, refused.reason, refused.raw
    if store.is_quarantined(connection, source, place, reason, raw):
        return False
    number = store.add_arrival(connection, source, at, "quarantined", None)
    store.add_quarantine(connection, number, reason, place, raw)
    record_arrival(connection, "set_aside", number, by=ACTOR, at=at)
    return True


def in_conflict(message: Message) -> RefusedRow:
    """A message whose id belongs to another."""
    return RefusedRow(id_taken(message.id), source=message.source or message.id, raw=message.raw or line_of(message))


def id_taken(message_id: str) -> str:
    """What is told of an id that belongs to another message."""
    return f"The id {message_id} was received before with other words. Give this message an id of its own."
