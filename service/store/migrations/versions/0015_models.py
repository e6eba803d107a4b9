"""Which model file decided, who proposes and confirms that another one serves, and what a challenger would have said.

Decisions from before name their model's version only: their hash stays empty.
"""

import sqlalchemy as sa
from alembic import op

from service.store.columns import Moment, serial

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_STATES = "status IN ('open', 'confirmed', 'declined', 'withdrawn', 'expired')"
_OUTCOMES = "outcome IN ('scored', 'failed', 'dropped')"


def upgrade() -> None:
    op.add_column("decision", sa.Column("model_sha256", sa.String(length=64), server_default="", nullable=False))
    op.create_table(
        "model_proposal",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("replaces", sa.String(length=60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=100), nullable=False),
        sa.Column("proposer_id", sa.String(length=100), nullable=False),
        sa.Column("proposed_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("settled_by", sa.String(length=100), nullable=True),
        sa.Column("settled_at", Moment(), nullable=True),
        sa.Column("settled_why", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(_STATES, name=op.f("ck_model_proposal_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_proposal")),
    )
    op.create_index(
        "uq_model_proposal_open",
        "model_proposal",
        ["status"],
        unique=True,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "shadow_run",
        sa.Column("id", serial(), autoincrement=True, nullable=False),
        sa.Column("version", sa.String(length=60), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("started_by", sa.String(length=100), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("ended_by", sa.String(length=100), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("looked_to", Moment(), nullable=False),
        sa.Column("worker", sa.String(length=100), nullable=True),
        sa.Column("worker_until", Moment(), nullable=True),
        sa.Column("fault", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shadow_run")),
    )
    op.create_table(
        "shadow_score",
        sa.Column("run_id", serial(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("at", Moment(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("served_model", sa.String(length=60), nullable=False),
        sa.Column("served_route", sa.String(length=20), nullable=False),
        sa.Column("served_complaint", sa.Float(), nullable=False),
        sa.Column("route", sa.String(length=20), nullable=True),
        sa.Column("complaint", sa.Float(), nullable=True),
        sa.CheckConstraint(_OUTCOMES, name=op.f("ck_shadow_score_outcome")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_shadow_score_message_id_message")),
        sa.ForeignKeyConstraint(["run_id"], ["shadow_run.id"], name=op.f("fk_shadow_score_run_id_shadow_run")),
        sa.PrimaryKeyConstraint("run_id", "message_id", name=op.f("pk_shadow_score")),
    )
