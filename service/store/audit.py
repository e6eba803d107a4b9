"""The audit record in the database: appended to in the transaction of what it records, never changed."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, func, insert, select, text

from pipeline.errors import SettingsError
from service.audit_chain import FIRST, AuditEvent, Head, Row, fingerprint, linked, started
from service.store.audit_tables import audit

PENDING = "heard_audit"
"""The option of a connection under which what is still to be appended waits."""
_LOCK = 728_401_227
_BATCH = 2_000


def wait_for_commit(connection: Connection, event: AuditEvent) -> None:
    """Have an event appended as the last thing before this transaction commits.

    Last, so that the next transaction waits for its place in the chain only as long as a commit takes, and holding
    that place never waits for another lock.
    """
    pending: list[AuditEvent] = connection.get_execution_options()[PENDING]
    pending.append(event)


def wait_for_place(connection: Connection) -> None:
    """Whoever else appends waits from here until this transaction ends; who reads does not."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def append(connection: Connection, key: bytes, events: Sequence[AuditEvent]) -> None:
    """Append in order; `wait_for_place` was called."""
    before, rows = head(connection), list[Row]()
    if before is None:
        rows.append(started(key, events[0].at))
        before = Head(seq=rows[0].seq, hash=rows[0].hash)
    for event in events:
        rows.append(linked(key, event, before))
        before = Head(seq=rows[-1].seq, hash=rows[-1].hash)
    connection.execute(insert(audit), [vars(row) for row in rows])


def head(connection: Connection) -> Head | None:
    """The last row; None where nothing is recorded yet."""
    query = select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return Head(**row) if row else None


def check_key(connection: Connection, key: bytes) -> None:
    """SettingsError where the record was begun with another key: going on would spoil it."""
    begun = connection.scalar(select(audit.c.detail).where(audit.c.seq == FIRST))
    if begun is not None and f'"{fingerprint(key)}"' not in begun:
        raise SettingsError(
            "The audit key is not the one this database's record was begun with: put that key back, or set "
            "HEARD_AUDIT_KEY or HEARD_AUDIT_KEY_FILE to it."
        )


def count(connection: Connection) -> int:
    """How many rows there are."""
    return int(connection.execute(select(func.count()).select_from(audit)).scalar_one())


def rows(connection: Connection, about: str | None = None) -> Iterator[Row]:
    """The record in order, or what it holds about one thing; read in batches."""
    query = select(audit).order_by(audit.c.seq).limit(_BATCH)
    if about is not None:
        query = query.where(audit.c.about == about)
    batch = connection.execute(query).mappings().all()
    while batch:
        for row in batch:
            yield Row(**row)
        batch = connection.execute(query.where(audit.c.seq > batch[-1]["seq"])).mappings().all()
