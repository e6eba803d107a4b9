"""The tables of webhooks: where events go, and the events still to go or gone there."""

from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from service.store.columns import Moment, metadata, one_of, serial


class OutboxStatus(StrEnum):
    """Where an event stands on its way to one target."""

    WAITING = "waiting"  # to be sent when it is due, perhaps being sent
    SENT = "sent"  # the target answered 2xx
    DEAD = "dead"  # given up after the last try
    CANCELLED = "cancelled"  # undone before it was sent


_SEALED = Text().with_variant(String(120), "sqlite")
"""SQLite keeps any length, and cannot change a column."""

webhook = Table(
    "webhook",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("url", Text, nullable=False, unique=True),
    Column("events", JSON, nullable=False),
    Column("with_text", Boolean, nullable=False),
    Column("allow_private", Boolean, nullable=False),
    Column("secret", _SEALED, nullable=False),
    Column("old_secret", _SEALED),
    Column("old_secret_until", Moment),
    Column("added_at", Moment, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failure", Text, nullable=False, server_default=""),
    Column("paused_until", Moment),
    Column("disabled_at", Moment),
    CheckConstraint("(old_secret IS NULL) = (old_secret_until IS NULL)", name="old_secret"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("webhook_id", ForeignKey("webhook.id"), nullable=False),
    Column("event_id", String(40), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("message_id", String(200), nullable=False),  # no foreign key: the message may be erased first
    Column("item_event_id", BigInteger),
    Column("at", Moment, nullable=False),
    Column("data", Text, nullable=False),
    Column("status", String(20), nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("leased_until", Moment),
    Column("settled_at", Moment),
    Column("failure", Text, nullable=False, server_default=""),
    one_of("status", OutboxStatus),
    UniqueConstraint("webhook_id", "event_id"),
)
_WAITING = outbox.c.status == OutboxStatus.WAITING.value
_DEAD = outbox.c.status == OutboxStatus.DEAD.value
_DUE = (outbox.c.webhook_id, outbox.c.due_at, outbox.c.id)
_ORDER = (outbox.c.webhook_id, outbox.c.message_id, outbox.c.id)
Index("ix_outbox_due", *_DUE, sqlite_where=_WAITING, postgresql_where=_WAITING)
Index("ix_outbox_order", *_ORDER, sqlite_where=_WAITING, postgresql_where=_WAITING)
Index("ix_outbox_dead", outbox.c.id, sqlite_where=_DEAD, postgresql_where=_DEAD)
Index("ix_outbox_item_event", outbox.c.item_event_id)
