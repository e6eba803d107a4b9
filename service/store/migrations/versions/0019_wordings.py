"""Wordings in versions, which version an offer was made in, and who has seen the tour."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "wording_version",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("profile", sa.String(length=60), nullable=False),
        sa.Column("wording_id", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("in_use", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=100), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wording_version")),
        sa.UniqueConstraint(
            "profile", "wording_id", "version", name=op.f("uq_wording_version_profile_wording_id_version")
        ),
    )
    with op.batch_alter_table("offer") as table:
        table.add_column(sa.Column("version_id", serial, nullable=True))
        table.create_foreign_key(op.f("fk_offer_version_id_wording_version"), "wording_version", ["version_id"], ["id"])
    with op.batch_alter_table("officer_choice") as table:
        table.add_column(sa.Column("toured", sa.Boolean(), server_default=sa.false(), nullable=False))
