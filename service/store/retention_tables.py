"""The tables of privacy: what was removed of a message and why, what stops a removal, and what residents asked for."""

from sqlalchemy import JSON, CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text

from service.periods import Removal
from service.privacy import HoldKind, RequestKind
from service.store.columns import Moment, metadata, one_of, serial
from service.store.outbox_tables import outbox

tombstone = Table(
    "tombstone",
    metadata,
    Column("message_id", ForeignKey("message.id"), primary_key=True),
    Column("removed_at", Moment, nullable=False),
    Column("why", String(20), nullable=False),
    one_of("why", Removal),
)
"""A message without its words: its rows stay, so that what came in can still be counted (P24)."""

hold = Table(
    "hold",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("value", String(200), nullable=False),  # of a sender the hash
    Column("reason", Text, nullable=False),
    Column("added_by", String(100), nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("lifted_by", String(100)),
    Column("lifted_at", Moment),
    CheckConstraint("(lifted_by IS NULL) = (lifted_at IS NULL)", name="lifted"),
    one_of("kind", HoldKind),
)

privacy_request = Table(
    "privacy_request",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("kind", String(20), nullable=False),
    Column("sender_sha256", String(64), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("asked_by", String(100), nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("done_at", Moment),
    Column("messages", Integer, nullable=False, server_default="0"),
    Column("outcome", JSON, nullable=False, server_default="{}"),
    one_of("kind", RequestKind),
)
"""The log of requests under UK GDPR Articles 15 and 17, by the hash of an address."""

Index("ix_outbox_message_id", outbox.c.message_id)
Index("ix_outbox_settled_at", outbox.c.settled_at)
