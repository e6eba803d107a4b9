"""Messages, arrivals, quarantine, decisions, queue items, events, idempotency keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prior_contacts", sa.Integer(), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=True),
        sa.Column("raw_sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint("channel IN ('email', 'web_form', 'survey', 'note')", name=op.f("ck_message_channel")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_table(
        "arrival",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "outcome = 'quarantined' OR message_id IS NOT NULL", name=op.f("ck_arrival_points_at_message")
        ),
        sa.CheckConstraint("outcome IN ('accepted', 'duplicate', 'quarantined')", name=op.f("ck_arrival_outcome")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_arrival_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_arrival")),
    )
    op.create_index(op.f("ix_arrival_source_day"), "arrival", ["source", "day"], unique=False)
    op.create_table(
        "decision",
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("route", sa.String(length=20), nullable=False),
        sa.Column("complaint", sa.Float(), nullable=False),
        sa.Column("service_request", sa.Float(), nullable=False),
        sa.Column("other", sa.Float(), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("cues", sa.JSON(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("category_hos", sa.Text(), nullable=False),
        sa.Column("category_lgsco", sa.Text(), nullable=False),
        sa.Column("jurisdiction", sa.String(length=10), nullable=False),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("profile_version", sa.String(length=20), nullable=False),
        sa.Column("model_version", sa.String(length=60), nullable=False),
        sa.Column("thresholds", sa.JSON(), nullable=False),
        sa.CheckConstraint("label IN ('complaint', 'service_request', 'other')", name=op.f("ck_decision_label")),
        sa.CheckConstraint(
            "route IN ('stage_1', 'review', 'signpost', 'service_request', 'no_action')", name=op.f("ck_decision_route")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_decision_message_id_message")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_decision")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.CheckConstraint("kind IN ('received', 'decided', 'queued')", name=op.f("ck_event_kind")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_event_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_message_id"), "event", ["message_id"], unique=False)
    op.create_table(
        "idempotency",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_idempotency_message_id_message")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency")),
    )
    op.create_index(op.f("ix_idempotency_used_at"), "idempotency", ["used_at"], unique=False)
    op.create_table(
        "queue_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("queue", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_by", sa.Date(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("calendar", sa.String(length=60), nullable=False),
        sa.Column("risk", sa.Float(), nullable=False),
        sa.CheckConstraint("queue IN ('stage_1', 'review', 'signpost')", name=op.f("ck_queue_item_queue")),
        sa.CheckConstraint("status IN ('new')", name=op.f("ck_queue_item_status")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_queue_item_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_item")),
        sa.UniqueConstraint("message_id", name=op.f("uq_queue_item_message_id")),
    )
    op.create_index(
        op.f("ix_queue_item_queue_acknowledge_by_id"), "queue_item", ["queue", "acknowledge_by", "id"], unique=False
    )
    op.create_table(
        "quarantine",
        sa.Column("arrival_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("raw_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["arrival_id"], ["arrival.id"], name=op.f("fk_quarantine_arrival_id_arrival")),
        sa.PrimaryKeyConstraint("arrival_id", name=op.f("pk_quarantine")),
    )
