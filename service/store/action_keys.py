"""Idempotency keys of officers' actions: the same key and request get the answer of the first time."""

from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.queue import QueueItem
from service.store.messages import KEY_KEPT
from service.store.review_tables import action_key

_ITEM = TypeAdapter(QueueItem)


def take(connection: Connection, key: str, request_sha256: str, at: datetime) -> bool:
    """Whether the key is free; it is this request's from now on. Another who uses it at once waits for the answer."""
    connection.execute(delete(action_key).where(action_key.c.used_at < at - KEY_KEPT))
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
    row = insert(action_key).values(key=key, request_sha256=request_sha256, answer="", used_at=at)
    return connection.scalar(row.on_conflict_do_nothing().returning(action_key.c.key)) is not None


def keep(connection: Connection, key: str, answer: QueueItem) -> None:
    """Keep the answer with the key."""
    written = _ITEM.dump_json(answer).decode()
    connection.execute(update(action_key).where(action_key.c.key == key).values(answer=written))


def answer(connection: Connection, key: str, request_sha256: str) -> QueueItem | None:
    """The answer of the first time; None where the key was used for another request."""
    row = connection.execute(select(action_key).where(action_key.c.key == key)).one()
    return _ITEM.validate_json(row.answer) if row.request_sha256 == request_sha256 else None
