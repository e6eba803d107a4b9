"""What the blind sample, a model's late decision and a repeated answer need.

An item knows that it was drawn, and its risk no longer tells what heard thinks. The model may move an item that it had
no answer for. An idempotency key keeps whether the first answer was 201 or 200; those from before answered 201.
"""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_WAYS = (
    ("decided", "new", "new"),
    ("filed_service_request", "new", "service_request"),
    ("filed_other", "new", "other"),
)


def upgrade() -> None:
    op.add_column("queue_item", sa.Column("blind", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("idempotency", sa.Column("new", sa.Boolean(), server_default=sa.true(), nullable=False))
    names = ("kind", "from_status", "to_status")
    transition = sa.table("transition", *map(sa.column, names))
    op.bulk_insert(transition, [dict(zip(names, way, strict=True)) for way in _WAYS])
    _hide_risks()


def _hide_risks() -> None:
    connection = op.get_bind()
    drawn = "SELECT message_id FROM decision WHERE blind"
    hide = sa.text("UPDATE queue_item SET blind = :yes, risk = :place WHERE message_id = :name")
    for (name,) in connection.execute(sa.text(drawn)).all():
        connection.execute(hide, {"yes": True, "place": _place(name), "name": name})


def _place(message_id: str) -> float:
    digest = hashlib.sha256(f"place\x1f{message_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
