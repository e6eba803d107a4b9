"""Messages that no model has decided. Every function works on a connection it is given."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, select, update

from pipeline.domain import Channel, Decision, Flag, Message, MessageKind, Route
from pipeline.undetermined import NO_MODEL
from service.queue import QueueStatus
from service.sampling import Sample
from service.store.messages import decision_values
from service.store.tables import decision, message, queue_item

_NOT_KEPT = "[in the bytes of the mail]"
"""Stands for words that are not kept apart: that there are some is what a decision notes."""


def count(connection: Connection) -> int:
    """How many wait for a model."""
    return connection.scalar(_waiting(select(func.count()))) or 0


def messages(connection: Connection, *, after: str, limit: int) -> list[Message]:
    """Those that wait, in the order of their ids, from `after` on."""
    query = _waiting(select(*(column for column in message.c if column.name != "raw"), decision.c.flags))
    rows = connection.execute(query.where(message.c.id > after).order_by(message.c.id).limit(limit)).mappings()
    return [_message(row) for row in rows]


def replace(connection: Connection, made: Decision, at: datetime, sample: Sample | None) -> bool:
    """Put a model's decision in the place of none; False where another was first."""
    query = update(decision).where(decision.c.message_id == made.message_id, decision.c.model_version == NO_MODEL)
    return connection.execute(query.values(decision_values(made, at, sample))).rowcount == 1


def _waiting(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(decision)
        .join(message, message.c.id == decision.c.message_id)
        .join(queue_item, queue_item.c.message_id == decision.c.message_id)
        .where(decision.c.model_version == NO_MODEL, decision.c.route == Route.REVIEW.value)
        .where(queue_item.c.status == QueueStatus.NEW.value, message.c.text + message.c.subject != "")
    )


def _message(row: RowMapping) -> Message:
    """As it was read; of its kind, and of what a mail hides, the flags tell what matters."""
    plain = ("id", "text", "subject", "received_at", "sender", "prior_contacts", "case_reference", "property_reference")
    kind = MessageKind.UNREADABLE if Flag.UNREADABLE.value in row["flags"] else MessageKind.WRITTEN
    return Message(
        **{name: row[name] for name in plain},
        channel=Channel(row["channel"]),
        source=row["place"] or None,
        kind=kind,
        hidden=_NOT_KEPT if Flag.HIDDEN.value in row["flags"] else "",
        differing=(_NOT_KEPT,) if Flag.PARTS_DIFFER.value in row["flags"] else (),
    )
