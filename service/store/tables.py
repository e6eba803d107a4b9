"""The tables as they are now; `migrations/` says how they came to be."""

from sqlalchemy import (
    JSON,
    Boolean,
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
    false,
    true,
)

from pipeline.domain import Channel, Label, Route
from service.contacts import KeyKind
from service.queue import STORED, EventKind, QueueName
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
    Column("place", Text, nullable=False, server_default=""),
    Column("case_reference", Text, nullable=False, server_default=""),
    Column("property_reference", Text, nullable=False, server_default=""),
    Column("prior_contacts", Integer),
    Column("prior_ids", JSON, nullable=False, server_default="[]"),
    Column("repeat_of", String(200)),  # no foreign key: what it names may be erased first
    Column("raw", LargeBinary),
    Column("raw_sha256", String(64), index=True),
    one_of("channel", Channel),
)

contact = Table(
    "contact",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("key_sha256", String(64), primary_key=True),
    Column("received_at", Moment, primary_key=True),
    Column("message_id", ForeignKey("message.id"), primary_key=True, index=True),
    one_of("kind", KeyKind),
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
    Column("sample_share", Float),
    Column("blind", Boolean, nullable=False, server_default=false()),
    Column("channel", String(20), nullable=False, server_default=""),  # as in message: so that counting reads no words
    Column("said_so", Boolean),
    Column("model_sha256", String(64), nullable=False, server_default=""),
    one_of("label", Label),
    one_of("route", Route),
)
_FILED = decision.c.sample_share.is_not(None)
Index("ix_decision_filed", decision.c.decided_at, sqlite_where=_FILED, postgresql_where=_FILED)
Index(
    "ix_decision_insight",
    decision.c.decided_at,
    decision.c.channel,
    decision.c.route,
    decision.c.blind,
    decision.c.sample_share,
    decision.c.said_so,
    decision.c.label,
    decision.c.complaint,
    decision.c.topic,
    decision.c.category_hos,
    decision.c.category_lgsco,
    decision.c.message_id,
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
    Column("version", Integer, nullable=False, server_default="0"),
    Column("fence", Integer, nullable=False, server_default="0"),
    Column("claimed_by", String(100)),
    Column("claimed_at", Moment),
    Column("claimed_until", Moment),
    Column("assigned_to", String(100)),
    Column("acknowledged_on", Date),
    Column("extended_on", Date),
    Column("case_reference", String(100)),
    Column("closed_at", Moment),
    Column("blind", Boolean, nullable=False, server_default=false()),
    one_of("queue", QueueName),
    one_of("status", STORED),
)
_ORDER = (queue_item.c.acknowledge_by, queue_item.c.risk.desc(), queue_item.c.id)
_OPEN, _HELD = queue_item.c.closed_at.is_(None), queue_item.c.claimed_by.is_not(None)
Index("ix_queue_item_open", queue_item.c.queue, *_ORDER, sqlite_where=_OPEN, postgresql_where=_OPEN)
Index(
    "ix_queue_item_assigned",
    queue_item.c.assigned_to,
    queue_item.c.queue,
    *_ORDER,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
Index("ix_queue_item_claimed", queue_item.c.queue, *_ORDER, sqlite_where=_HELD, postgresql_where=_HELD)
Index("ix_queue_item_status", queue_item.c.queue, queue_item.c.status, *_ORDER)

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
    Column("new", Boolean, nullable=False, server_default=true()),
)
