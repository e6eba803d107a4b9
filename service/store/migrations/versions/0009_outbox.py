"""Webhooks: where events go, and the events still to go or gone there."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "webhook",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("with_text", sa.Boolean(), nullable=False),
        sa.Column("allow_private", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.String(length=120), nullable=False),
        sa.Column("old_secret", sa.String(length=120), nullable=True),
        sa.Column("old_secret_until", moment, nullable=True),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("paused_until", moment, nullable=True),
        sa.Column("disabled_at", moment, nullable=True),
        sa.CheckConstraint("(old_secret IS NULL) = (old_secret_until IS NULL)", name=op.f("ck_webhook_old_secret")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
        sa.UniqueConstraint("url", name=op.f("uq_webhook_url")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("webhook_id", serial, nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("item_event_id", sa.BigInteger(), nullable=True),
        sa.Column("at", moment, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", moment, nullable=True),
        sa.Column("settled_at", moment, nullable=True),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("status IN ('waiting', 'sent', 'dead', 'cancelled')", name=op.f("ck_outbox_status")),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhook.id"], name=op.f("fk_outbox_webhook_id_webhook")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("webhook_id", "event_id", name=op.f("uq_outbox_webhook_id_event_id")),
    )
    waiting, dead = sa.text("status = 'waiting'"), sa.text("status = 'dead'")
    waits = {"sqlite_where": waiting, "postgresql_where": waiting}
    op.create_index("ix_outbox_due", "outbox", ["webhook_id", "due_at", "id"], **waits)
    op.create_index("ix_outbox_order", "outbox", ["webhook_id", "message_id", "id"], **waits)
    op.create_index("ix_outbox_dead", "outbox", ["id"], sqlite_where=dead, postgresql_where=dead)
    op.create_index("ix_outbox_item_event", "outbox", ["item_event_id"])
