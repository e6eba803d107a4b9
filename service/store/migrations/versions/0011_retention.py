"""Holds, requests of residents, and what was removed."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "tombstone",
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("removed_at", _MOMENT, nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            "why IN ('erasure', 'no_action', 'service_request', 'closed')", name=op.f("ck_tombstone_why")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_tombstone_message_id_message")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_tombstone")),
    )
    op.create_table(
        "hold",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("added_by", sa.String(length=100), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.Column("lifted_by", sa.String(length=100), nullable=True),
        sa.Column("lifted_at", _MOMENT, nullable=True),
        sa.CheckConstraint("(lifted_by IS NULL) = (lifted_at IS NULL)", name=op.f("ck_hold_lifted")),
        sa.CheckConstraint("kind IN ('sender', 'message', 'case')", name=op.f("ck_hold_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_table(
        "privacy_request",
        sa.Column("id", _SERIAL, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sender_sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.String(length=100), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.Column("messages", sa.Integer(), server_default="0", nullable=False),
        sa.Column("outcome", sa.JSON(), server_default="{}", nullable=False),
        sa.CheckConstraint("kind IN ('access', 'erasure')", name=op.f("ck_privacy_request_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_request")),
    )
    op.create_index(op.f("ix_privacy_request_sender_sha256"), "privacy_request", ["sender_sha256"], unique=False)
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])
    op.create_index("ix_outbox_settled_at", "outbox", ["settled_at"])
