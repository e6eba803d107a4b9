"""The words that weighed most in a decision that no cue explains."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision", sa.Column("words", sa.JSON(), server_default="[]", nullable=False))
