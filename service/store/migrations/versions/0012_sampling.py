"""The blind sample: from which share it was drawn when a message was filed, and whether this one was.

What was filed before there was a sample keeps no share, and does not count.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision", sa.Column("sample_share", sa.Float(), nullable=True))
    op.add_column("decision", sa.Column("blind", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_decision_filed",
        "decision",
        ["decided_at"],
        sqlite_where=sa.text("sample_share IS NOT NULL"),
        postgresql_where=sa.text("sample_share IS NOT NULL"),
    )
