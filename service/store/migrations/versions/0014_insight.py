"""What the insight page counts by, beside the decision, in one index: years are counted without reading any words.

Of messages kept from before, the word is looked for in the whole text, quotations too; where the words are gone, it
stays unknown.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_CHANNEL = "UPDATE decision SET channel = (SELECT channel FROM message WHERE message.id = decision.message_id)"
_SAID_SO = """
UPDATE decision SET said_so = (
    SELECT CAST(decision.cues AS text) LIKE '%"explicit_complaint"%'
        OR lower(message.subject) LIKE '%complain%' OR lower(message.text) LIKE '%complain%'
    FROM message WHERE message.id = decision.message_id AND message.text <> ''
)
"""


def upgrade() -> None:
    op.add_column("decision", sa.Column("channel", sa.String(length=20), server_default="", nullable=False))
    op.add_column("decision", sa.Column("said_so", sa.Boolean(), nullable=True))
    op.execute(_CHANNEL)
    op.execute(_SAID_SO)
    op.create_index(
        "ix_decision_insight",
        "decision",
        [
            "decided_at",
            "channel",
            "route",
            "blind",
            "sample_share",
            "said_so",
            "label",
            "complaint",
            "topic",
            "category_hos",
            "category_lgsco",
            "message_id",
        ],
    )
