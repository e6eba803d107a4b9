"""What officers set up for themselves on the pages."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "officer_choice",
        sa.Column("officer", sa.String(length=100), nullable=False),
        sa.Column("single_keys", sa.Boolean(), nullable=False),
        sa.Column("suggestion_first", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("officer", name=op.f("pk_officer_choice")),
    )
    op.create_table(
        "saved_view",
        sa.Column("officer", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("officer", "name", name=op.f("pk_saved_view")),
    )
