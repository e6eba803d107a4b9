"""What officers do with an item: claims, reviews, offers, requests, cases, and who may move an item how.

The triggers refuse what no officer's action leads to, whoever writes: a status, queue or answer-by date without its
event (whose way `transition` must list), a clock that no longer runs from receipt, a fence or version that goes back.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_UNDECIDED = ("service_request", "other", "declined", "complaint", "offered")
_OPEN = ("new", "offered", "complaint", "acknowledged")
_STORED = ("new", "offered", "declined", "complaint", "acknowledged", "handed_over", "service_request", "other")
_UNDOABLE = (
    ("confirmed", "new", "complaint"),
    ("found_service_request", "new", "service_request"),
    ("found_other", "new", "other"),
    ("offered", "new", "offered"),
    ("offer_accepted", "offered", "complaint"),
    ("offer_declined", "offered", "declined"),
    ("acknowledged", "complaint", "acknowledged"),
    ("extended", "complaint", "complaint"),
    ("extended", "acknowledged", "acknowledged"),
    ("handed_over", "acknowledged", "handed_over"),
    ("reopened", "handed_over", "acknowledged"),
    *(("reopened", status, "new") for status in _UNDECIDED),
)
_WAYS = {
    *_UNDOABLE,
    *(("undone", after, before) for _, before, after in _UNDOABLE),
    *((kind, status, status) for kind in ("claimed", "taken_over", "given_back", "assigned") for status in _OPEN),
    *((kind, status, status) for kind in ("linked", "unlinked") for status in _STORED),
}

_CHECKS = {
    "queue": "queue IN ('stage_1', 'review', 'signpost')",
    "status": f"status IN {_STORED}",
    "closed": "(closed_at IS NOT NULL) = (status IN ('declined', 'handed_over', 'service_request', 'other'))",
    "stage_1": "status NOT IN ('complaint', 'acknowledged', 'handed_over') OR queue = 'stage_1'",
    "signpost": "status NOT IN ('offered', 'declined') OR queue = 'signpost'",
    "claim": "(claimed_by IS NULL) = (claimed_at IS NULL) AND (claimed_by IS NULL) = (claimed_until IS NULL)",
    "claim_of_open": "claimed_by IS NULL OR closed_at IS NULL",
}

_NO_EVENT = """NOT EXISTS (
    SELECT 1 FROM item_event
    WHERE item_event.item_id = NEW.id AND item_event.version = NEW.version
      AND item_event.from_status = OLD.status AND item_event.to_status = NEW.status
      AND item_event.from_queue = OLD.queue AND item_event.to_queue = NEW.queue
      AND item_event.from_answer_by = OLD.answer_by AND item_event.to_answer_by = NEW.answer_by)"""
_UPDATES = {
    "the clock of an item runs from receipt": (
        "NEW.id <> OLD.id OR NEW.message_id <> OLD.message_id OR NEW.received_at <> OLD.received_at"
        " OR NEW.acknowledge_by <> OLD.acknowledge_by"
    ),
    "fence and version only grow": (
        "NEW.fence < OLD.fence OR NEW.version < OLD.version OR NEW.version > OLD.version + 1"
    ),
    "an item moves only by an event": (
        "(NEW.status <> OLD.status OR NEW.queue <> OLD.queue OR NEW.answer_by <> OLD.answer_by)"
        f" AND (NEW.version <> OLD.version + 1 OR {_NO_EVENT})"
    ),
}
_INSERTS = {"an item starts as new": "NEW.status <> 'new' OR NEW.version <> 0 OR NEW.fence <> 0"}


def upgrade() -> None:
    _widen_item()
    _make_tables()
    if op.get_bind().dialect.name == "postgresql":
        _guard_postgresql("update", _UPDATES)
        _guard_postgresql("insert", _INSERTS)
    else:
        _guard_sqlite("update", _UPDATES)
        _guard_sqlite("insert", _INSERTS)


def _widen_item() -> None:
    """SQLite cannot change a CHECK: Alembic makes the table anew from this description."""
    with op.batch_alter_table("queue_item", copy_from=_item_before()) as table:
        table.drop_constraint(op.f("ck_queue_item_status"), type_="check")
        table.drop_index(op.f("ix_queue_item_queue_acknowledge_by_id"))
        for name in ("version", "fence"):
            table.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))
        for name in ("claimed_by", "assigned_to", "case_reference"):
            table.add_column(sa.Column(name, sa.String(length=100), nullable=True))
        for name in ("claimed_at", "claimed_until", "closed_at"):
            table.add_column(sa.Column(name, sa.DateTime(timezone=True), nullable=True))
        for name in ("acknowledged_on", "extended_on"):
            table.add_column(sa.Column(name, sa.Date(), nullable=True))
        for name, condition in _CHECKS.items():
            if name != "queue":
                table.create_check_constraint(op.f(f"ck_queue_item_{name}"), sa.text(condition))
    still_open, order = sa.text("closed_at IS NULL"), ["acknowledge_by", sa.text("risk DESC"), "id"]
    partly = {"sqlite_where": still_open, "postgresql_where": still_open}
    op.create_index("ix_queue_item_open", "queue_item", ["queue", *order], **partly)
    op.create_index("ix_queue_item_assigned", "queue_item", ["assigned_to", "queue", *order], **partly)
    held = sa.text("claimed_by IS NOT NULL")
    op.create_index("ix_queue_item_claimed", "queue_item", ["queue", *order], sqlite_where=held, postgresql_where=held)
    op.create_index("ix_queue_item_status", "queue_item", ["queue", "status", *order])


def _item_before() -> sa.Table:
    return sa.Table(
        "queue_item",
        sa.MetaData(),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("queue", sa.String(length=20), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("acknowledge_by", sa.Date(), nullable=False),
        sa.Column("answer_by", sa.Date(), nullable=False),
        sa.Column("calendar", sa.String(length=60), nullable=False),
        sa.Column("risk", sa.Float(), nullable=False),
        sa.CheckConstraint(_CHECKS["queue"], name=op.f("ck_queue_item_queue")),
        sa.CheckConstraint("status IN ('new')", name=op.f("ck_queue_item_status")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_queue_item_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_item")),
        sa.UniqueConstraint("message_id", name=op.f("uq_queue_item_message_id")),
        sa.Index(op.f("ix_queue_item_queue_acknowledge_by_id"), "queue", "acknowledge_by", "id"),
    )


def _make_tables() -> None:
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    transition = op.create_table(
        "transition",
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("from_status", sa.String(length=20), nullable=False),
        sa.Column("to_status", sa.String(length=20), nullable=False),
        sa.PrimaryKeyConstraint("kind", "from_status", "to_status", name=op.f("pk_transition")),
    )
    names = ("kind", "from_status", "to_status")
    op.bulk_insert(transition, [dict(zip(names, way, strict=True)) for way in sorted(_WAYS)])
    op.create_table(
        "item_event",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("item_id", serial, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("from_status", sa.String(length=20), nullable=False),
        sa.Column("to_status", sa.String(length=20), nullable=False),
        sa.Column("from_queue", sa.String(length=20), nullable=False),
        sa.Column("to_queue", sa.String(length=20), nullable=False),
        sa.Column("from_answer_by", sa.Date(), nullable=False),
        sa.Column("to_answer_by", sa.Date(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("actor", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("undoes", serial, nullable=True),
        sa.CheckConstraint(f"from_{_CHECKS['queue']}", name=op.f("ck_item_event_from_queue")),
        sa.CheckConstraint(f"to_{_CHECKS['queue']}", name=op.f("ck_item_event_to_queue")),
        sa.ForeignKeyConstraint(["item_id"], ["queue_item.id"], name=op.f("fk_item_event_item_id_queue_item")),
        sa.ForeignKeyConstraint(["undoes"], ["item_event.id"], name=op.f("fk_item_event_undoes_item_event")),
        sa.ForeignKeyConstraint(
            list(names), [f"transition.{name}" for name in names], name=op.f("fk_item_event_kind_transition")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_event")),
        sa.UniqueConstraint("item_id", "version", name=op.f("uq_item_event_item_id_version")),
        sa.UniqueConstraint("undoes", name=op.f("uq_item_event_undoes")),
    )
    op.create_table(
        "review",
        sa.Column("event_id", serial, nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("contested", sa.Boolean(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("saw_suggestion", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=True),
        sa.CheckConstraint("verdict IN ('complaint', 'service_request', 'other')", name=op.f("ck_review_verdict")),
        sa.ForeignKeyConstraint(["event_id"], ["item_event.id"], name=op.f("fk_review_event_id_item_event")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_review")),
    )
    op.create_table(
        "offer",
        sa.Column("event_id", serial, nullable=False),
        sa.Column("wording_id", sa.String(length=100), nullable=False),
        sa.Column("wording", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["item_event.id"], name=op.f("fk_offer_event_id_item_event")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_offer")),
    )
    op.create_table(
        "request",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("event_id", serial, nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("asks_for", sa.Text(), nullable=False),
        sa.Column("recorded_at", moment, nullable=False),
        sa.Column("withdrawn_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["item_event.id"], name=op.f("fk_request_event_id_item_event")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_request_message_id_message")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sa.UniqueConstraint("event_id", name=op.f("uq_request_event_id")),
    )
    op.create_index(op.f("ix_request_message_id"), "request", ["message_id"], unique=False)
    op.create_table(
        "case_file",
        sa.Column("id", serial, autoincrement=True, nullable=False),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("opened_by", sa.String(length=100), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
    )
    op.create_table(
        "case_message",
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("case_id", serial, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_case_message_message_id_message")),
        sa.ForeignKeyConstraint(["case_id"], ["case_file.id"], name=op.f("fk_case_message_case_id_case_file")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_case_message")),
    )
    op.create_index(op.f("ix_case_message_case_id"), "case_message", ["case_id"], unique=False)
    op.create_table(
        "action_key",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("used_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_action_key")),
    )
    op.create_index(op.f("ix_action_key_used_at"), "action_key", ["used_at"], unique=False)


def _guard_sqlite(action: str, refusals: dict[str, str]) -> None:
    for number, (why, condition) in enumerate(refusals.items()):
        op.execute(
            f"CREATE TRIGGER queue_item_{action}_{number} BEFORE {action.upper()} ON queue_item WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{why}'); END"
        )


def _guard_postgresql(action: str, refusals: dict[str, str]) -> None:
    checks = " ".join(
        f"IF {condition} THEN RAISE EXCEPTION '{why}' USING ERRCODE = 'check_violation'; END IF;"
        for why, condition in refusals.items()
    )
    op.execute(
        f"CREATE FUNCTION queue_item_{action}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$guard$ BEGIN {checks} RETURN NEW; END $guard$"
    )
    op.execute(
        f"CREATE TRIGGER queue_item_{action} BEFORE {action.upper()} ON queue_item "
        f"FOR EACH ROW EXECUTE FUNCTION queue_item_{action}()"
    )
