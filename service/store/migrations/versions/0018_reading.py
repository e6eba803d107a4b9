"""A mail is known again by its bytes; an import keeps the map it was read with, to read a refused row again."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_message_raw_sha256"), "message", ["raw_sha256"])
    op.add_column("import_run", sa.Column("pairs", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("import_run", sa.Column("channel", sa.String(length=20), nullable=True))
