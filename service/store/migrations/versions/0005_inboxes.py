"""Where the watcher of a mailbox stands."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "inbox_source",
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("message_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failure", sa.Text(), server_default="", nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("silent_after", sa.Float(), nullable=False),
        sa.Column("stopped_after", sa.Float(), nullable=False),
        sa.CheckConstraint("kind IN ('mailbox', 'folder')", name=op.f("ck_inbox_source_kind")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_inbox_source")),
    )
    op.create_table(
        "inbox_cursor",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("folder", sa.String(length=500), nullable=False),
        sa.Column("uidvalidity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("tidied_uid", sa.BigInteger(), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("vanished", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("0 <= tidied_uid AND tidied_uid <= last_uid", name=op.f("ck_inbox_cursor_order")),
        sa.ForeignKeyConstraint(["source"], ["inbox_source.name"], name=op.f("fk_inbox_cursor_source_inbox_source")),
        sa.PrimaryKeyConstraint("source", "folder", name=op.f("pk_inbox_cursor")),
    )
