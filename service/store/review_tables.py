"""The tables of officers' work on the queue; migration 0007 adds the triggers that keep it honest."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from pipeline.domain import Label
from service.queue import ItemEventKind, QueueName
from service.store.columns import Moment, metadata, one_of, serial
from service.store.wording_tables import wording_version

transition = Table(
    "transition",
    metadata,
    Column("kind", String(30), primary_key=True),
    Column("from_status", String(20), primary_key=True),
    Column("to_status", String(20), primary_key=True),
)

item_event = Table(
    "item_event",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("item_id", ForeignKey("queue_item.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String(30), nullable=False),
    Column("from_status", String(20), nullable=False),
    Column("to_status", String(20), nullable=False),
    Column("from_queue", String(20), nullable=False),
    Column("to_queue", String(20), nullable=False),
    Column("from_answer_by", Date, nullable=False),
    Column("to_answer_by", Date, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("reason", Text, nullable=False),
    Column("undoes", ForeignKey("item_event.id"), unique=True),
    ForeignKeyConstraint(
        ["kind", "from_status", "to_status"],
        ["transition.kind", "transition.from_status", "transition.to_status"],
    ),
    UniqueConstraint("item_id", "version"),
    one_of("from_queue", QueueName),
    one_of("to_queue", QueueName),
)

_GIVEN_BACK = item_event.c.kind == ItemEventKind.GIVEN_BACK.value
Index(
    "ix_item_event_given_back",
    item_event.c.actor,
    item_event.c.at,
    sqlite_where=_GIVEN_BACK,
    postgresql_where=_GIVEN_BACK,
)

review = Table(
    "review",
    metadata,
    Column("event_id", ForeignKey("item_event.id"), primary_key=True),
    Column("verdict", String(20), nullable=False),
    Column("contested", Boolean, nullable=False),
    Column("category", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("saw_suggestion", Boolean, nullable=False),
    Column("seconds", Integer),
    one_of("verdict", Label),
)

second_reading = Table(
    "second_reading",
    metadata,
    Column("event_id", ForeignKey("item_event.id"), primary_key=True),  # of the first verdict
    Column("item_id", ForeignKey("queue_item.id"), nullable=False, index=True),
    Column("share", Float, nullable=False),
    Column("drawn_at", Moment, nullable=False),
    Column("read_at", Moment),
    Column("read_by", String(100)),
    Column("verdict", String(20)),
    Column("contested", Boolean, nullable=False, server_default=false()),
    Column("note", Text, nullable=False, server_default=""),
    Column("settled_at", Moment),
    Column("settled_by", String(100)),
    one_of("verdict", Label),
    CheckConstraint("(read_at IS NULL) = (read_by IS NULL) AND (read_at IS NULL) = (verdict IS NULL)", name="read"),
    CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name="settled"),
)
"""Verdicts drawn to be read by a second officer, and what that officer said."""

offer = Table(
    "offer",
    metadata,
    Column("event_id", ForeignKey("item_event.id"), primary_key=True),
    Column("wording_id", String(100), nullable=False),
    Column("wording", Text, nullable=False),
    Column("version_id", ForeignKey(wording_version.c.id)),
)

request = Table(
    "request",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("event_id", ForeignKey("item_event.id"), nullable=False, unique=True),
    Column("message_id", ForeignKey("message.id"), nullable=False, index=True),
    Column("asks_for", Text, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
)

case_file = Table(
    "case_file",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("opened_at", Moment, nullable=False),
    Column("opened_by", String(100), nullable=False),
)

case_message = Table(
    "case_message",
    metadata,
    Column("message_id", ForeignKey("message.id"), primary_key=True),
    Column("case_id", ForeignKey("case_file.id"), nullable=False, index=True),
)

action_key = Table(
    "action_key",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("request_sha256", String(64), nullable=False),
    Column("answer", Text, nullable=False),
    Column("used_at", Moment, nullable=False),
    Index(None, "used_at"),
)
