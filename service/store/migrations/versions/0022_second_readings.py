"""Verdicts drawn for a second reading, and what the second reader said."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "second_reading",
        sa.Column("event_id", serial, nullable=False),
        sa.Column("item_id", serial, nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by", sa.String(length=100), nullable=True),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("contested", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.String(length=100), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('complaint', 'service_request', 'other')", name=op.f("ck_second_reading_verdict")
        ),
        sa.CheckConstraint(
            "(read_at IS NULL) = (read_by IS NULL) AND (read_at IS NULL) = (verdict IS NULL)",
            name=op.f("ck_second_reading_read"),
        ),
        sa.CheckConstraint("(settled_at IS NULL) = (settled_by IS NULL)", name=op.f("ck_second_reading_settled")),
        sa.ForeignKeyConstraint(["event_id"], ["item_event.id"], name=op.f("fk_second_reading_event_id_item_event")),
        sa.ForeignKeyConstraint(["item_id"], ["queue_item.id"], name=op.f("fk_second_reading_item_id_queue_item")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_second_reading")),
    )
    op.create_index(op.f("ix_second_reading_item_id"), "second_reading", ["item_id"])
