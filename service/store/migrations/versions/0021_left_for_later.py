"""What an officer gave back is found by an index of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_GIVEN_BACK = sa.text("kind = 'given_back'")


def upgrade() -> None:
    op.create_index(
        "ix_item_event_given_back",
        "item_event",
        ["actor", "at"],
        sqlite_where=_GIVEN_BACK,
        postgresql_where=_GIVEN_BACK,
    )
