"""Who wrote before, and which messages repeat another. What is there already can be found by its sender."""

import sqlalchemy as sa
from alembic import op

from service.contacts import KeyKind, contact_key, sender_of

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BATCH = 1_000


def upgrade() -> None:
    for name in ("case_reference", "property_reference", "place"):
        op.add_column("message", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.add_column("message", sa.Column("prior_ids", sa.JSON(), server_default="[]", nullable=False))
    op.add_column("message", sa.Column("repeat_of", sa.String(length=200), nullable=True))
    contact = op.create_table(
        "contact",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.CheckConstraint("kind IN ('sender', 'case', 'property', 'words')", name=op.f("ck_contact_kind")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_contact_message_id_message")),
        sa.PrimaryKeyConstraint("kind", "key_sha256", "received_at", "message_id", name=op.f("pk_contact")),
    )
    op.create_index(op.f("ix_contact_message_id"), "contact", ["message_id"], unique=False)
    _fill(contact)


def _fill(contact: sa.Table) -> None:
    """Machine mail has no keys; its decisions say so in their flags."""
    message = sa.table(
        "message", sa.column("id"), sa.column("sender"), sa.column("received_at", sa.DateTime(timezone=True))
    )
    decision = sa.table("decision", sa.column("message_id"), sa.column("flags", sa.JSON()))
    found = (
        sa.select(message.c.id, message.c.sender, message.c.received_at, decision.c.flags)
        .join(decision, decision.c.message_id == message.c.id)
        .where(message.c.sender != "")
        .order_by(message.c.id)
    )
    connection, last = op.get_bind(), ""
    while rows := connection.execute(found.where(message.c.id > last).limit(_BATCH)).all():
        keys = [_row(row) for row in rows if "machine" not in row.flags and sender_of(row.sender)]
        if keys:
            connection.execute(sa.insert(contact), keys)
        last = rows[-1].id


def _row(row: sa.Row) -> dict[str, object]:
    key = contact_key(KeyKind.SENDER, sender_of(row.sender))
    return {
        "kind": key.kind.value,
        "key_sha256": key.sha256,
        "received_at": row.received_at,
        "message_id": row.id,
    }
