"""Secrets of webhooks are kept sealed, which makes them longer; `service/vault.py` seals those that stand in clear."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps any length whatever the column says
        for name in ("secret", "old_secret"):
            op.alter_column("webhook", name, type_=sa.Text(), existing_type=sa.String(length=120))
