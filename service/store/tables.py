"""The tables as they are now; `migrations/` says how they came to be."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

from pipeline.domain import Channel, Label, Route
from service.queue import EventKind, QueueName, QueueStatus

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ARRIVAL_OUTCOMES = ("accepted", "duplicate", "quarantined")


class Moment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's contract
        """A naive time is a mistake of ours."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's contract
        """SQLite forgets the zone; it is UTC."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _serial() -> Any:
    return BigInteger().with_variant(Integer, "sqlite")


def _one_of(column: str, values: Any) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


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
    _one_of("channel", Channel),
)

arrival = Table(
    "arrival",
    metadata,
    Column("id", _serial(), primary_key=True, autoincrement=True),
    Column("source", Text, nullable=False),
    Column("arrived_at", Moment, nullable=False),
    Column("day", Date, nullable=False),
    Column("outcome", String(20), nullable=False),
    Column("message_id", ForeignKey("message.id")),
    _one_of("outcome", ARRIVAL_OUTCOMES),
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
    _one_of("label", Label),
    _one_of("route", Route),
)

queue_item = Table(
    "queue_item",
    metadata,
    Column("id", _serial(), primary_key=True, autoincrement=True),
    Column("message_id", ForeignKey("message.id"), nullable=False, unique=True),
    Column("queue", String(20), nullable=False),
    Column("status", String(20), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("acknowledge_by", Date, nullable=False),
    Column("answer_by", Date, nullable=False),
    Column("calendar", String(60), nullable=False),
    Column("risk", Float, nullable=False),
    _one_of("queue", QueueName),
    _one_of("status", QueueStatus),
    Index(None, "queue", "acknowledge_by", "id"),
)

event = Table(
    "event",
    metadata,
    Column("id", _serial(), primary_key=True, autoincrement=True),
    Column("message_id", ForeignKey("message.id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(100), nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    _one_of("kind", EventKind),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("body_sha256", String(64), nullable=False),
    Column("message_id", ForeignKey("message.id"), nullable=False),
    Column("used_at", Moment, nullable=False, index=True),
)
