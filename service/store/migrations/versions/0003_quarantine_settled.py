"""When a case of the quarantine was settled; what settled it, as an event with its reason."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('received', 'decided', 'queued', 'retried', 'released')"


def upgrade() -> None:
    op.add_column("quarantine", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("event", sa.Column("detail", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("event", copy_from=_event()) as table:
        table.drop_constraint(op.f("ck_event_kind"), type_="check")
        table.create_check_constraint(op.f("ck_event_kind"), sa.text(_KINDS))


def _event() -> sa.Table:
    """SQLite cannot change a CHECK: Alembic makes the table anew from this description."""
    return sa.Table(
        "event",
        sa.MetaData(),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("kind IN ('received', 'decided', 'queued')", name=op.f("ck_event_kind")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_event_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.Index(op.f("ix_event_message_id"), "message_id"),
    )
