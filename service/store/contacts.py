"""Earlier messages of the same resident: kept by key, found at a cost that does not grow with the number kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from service.contacts import HISTORY_KINDS, ContactKey, KeyKind
from service.store.tables import contact

LIMIT = 50
"""How many earlier messages are looked at, newest first: what is counted is "at least so many"."""


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What was there before a message. `prior` holds ids, newest first."""

    prior: tuple[str, ...] = ()
    repeat_of: str | None = None


def key_values(message_id: str, keys: Sequence[ContactKey], received_at: datetime) -> list[dict[str, Any]]:
    """The rows by which later messages find this one."""
    return [
        {"kind": key.kind.value, "key_sha256": key.sha256, "received_at": received_at, "message_id": message_id}
        for key in keys
    ]


def earlier(
    connection: Connection, message_id: str, keys: Iterable[ContactKey], since: datetime, before: datetime
) -> Earlier:
    """Messages received from `since` until just before `before` under a key, and the last with the same words.

    Two messages received at the same instant do not count each other, in whichever order they are stored.
    """
    found = dict[str, datetime]()
    repeat_of = None
    for key in keys:
        if key.kind in HISTORY_KINDS:
            found |= _received(connection, key, since, before)
        elif key.kind is KeyKind.WORDS:
            repeat_of = _last(connection, key, message_id)
    found.pop(message_id, None)
    newest = sorted(found, key=lambda name: (found[name], name), reverse=True)
    return Earlier(prior=tuple(newest[:LIMIT]), repeat_of=repeat_of)


def _received(connection: Connection, key: ContactKey, since: datetime, before: datetime) -> dict[str, datetime]:
    query = (
        select(contact.c.message_id, contact.c.received_at)
        .where(contact.c.kind == key.kind.value, contact.c.key_sha256 == key.sha256)
        .where(contact.c.received_at >= since, contact.c.received_at < before)
        .order_by(contact.c.received_at.desc(), contact.c.message_id.desc())
        .limit(LIMIT)
    )
    return {str(name): moment for name, moment in connection.execute(query)}


def _last(connection: Connection, key: ContactKey, message_id: str) -> str | None:
    query = (
        select(contact.c.message_id)
        .where(contact.c.kind == key.kind.value, contact.c.key_sha256 == key.sha256)
        .where(contact.c.message_id != message_id)
        .order_by(contact.c.received_at.desc(), contact.c.message_id.desc())
        .limit(1)
    )
    return connection.scalar(query)
