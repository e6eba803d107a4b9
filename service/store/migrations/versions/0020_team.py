"""The team of an officer, whose items they are handed too."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("officer_choice", sa.Column("team", sa.String(length=100), server_default="", nullable=False))
