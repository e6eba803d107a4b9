"""The tables as they are now; `migrations/` says how they came to be."""

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from pipeline.domain import Channel, Label, Route
from service.queue import EventKind, QueueName, QueueStatus
from service.store.columns import Moment, metadata, one_of, serial

ARRIVAL_OUTCOMES = ("accepted", "duplicate", "quarantined")

message = Table(
    "message",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("content_sha256", String(64), nullable=False),
    Column("channel", String(20), nullable=False),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("sender", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("prior_contacts", Integer),
    Column("raw", LargeBinary),
    Column("raw_sha256", String(64)),
    one_of("channel", Channel),
)

arrival = Table(
    "arrival",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Column("day", Date, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("message_id", ForeignKey("message.id")),
    one_of("outcome", ARRIVAL_OUTCOMES),
    CheckConstraint("outcome = 'quarantined' OR message_id IS NOT NULL", name="points_at_message"),
    Index(None, "source", "day"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("arrival_id", ForeignKey("arrival.id"), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("raw_sha256", String(64), nullable=False),
    Column("settled_at", Moment),
)

decision = Table(
    "decision",
    metadata,
    Column("message_id", ForeignKey("message.id"), primary_key=True),
    Column("decided_at", Moment, nullable=False),
    Column("label", String(20), nullable=False),
    Column("route", String(20), nullable=False),
    Column("complaint", Float, nullable=False),
    Column("service_request", Float, nullable=False),
    Column("other", Float, nullable=False),
    Column("topic", String(40), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("cues", JSON, nullable=False),
    Column("words", JSON, nullable=False, server_default="[]"),
    Column("flags", JSON, nullable=False),
    Column("category_hos", Text, nullable=False),
    Column("category_lgsco", Text, nullable=False),
    Column("jurisdiction", String(10), nullable=False),
    Column("profile", String(40), nullable=False),
    Column("profile_version", String(20), nullable=False),
    Column("model_version", String(60), nullable=False),
    Column("thresholds", JSON, nullable=False),
    one_of("label", Label),
    one_of("route", Route),
)

queue_item = Table(
    "queue_item",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("message_id", ForeignKey("message.id"), nullable=False, unique=True),
    Column("queue", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("acknowledge_by", Date, nullable=False),
    Column("answer_by", Date, nullable=False),
    Column("calendar", String(60), nullable=False),
    Column("risk", Float, nullable=False),
    one_of("queue", QueueName),
    one_of("status", QueueStatus),
    Index(None, "queue", "acknowledge_by", "id"),
)

event = Table(
    "event",
    metadata,
    Column("id", serial(), primary_key=True, autoincrement=True),
    Column("message_id", ForeignKey("message.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    one_of("kind", EventKind),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("body_sha256", String(64), nullable=False),
    Column("message_id", ForeignKey("message.id"), nullable=False),
    Column("used_at", Moment, nullable=False, index=True),
)
