"""Ways to falsify the audit record, by somebody who can write to the database past its triggers."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import Connection, delete, insert, text, update

from service.audit import record
from service.audit_chain import AuditEvent, Fault, Head, Row, faults, keyed_hash
from service.store import audit as store
from service.store.audit_tables import audit
from service.store.database import Database

GUESSED = b"a key that somebody who has not got ours could think of"


def fill(database: Database, rows: int) -> None:
    """A record of so many rows and the one that begins it."""
    with database.writing() as connection:
        for number in range(rows):
            detail = {"message": f"m-{number}", "event": number}
            at = datetime(2026, 11, 2, 9, 30, number % 60, 250 * number % 10**6, tzinfo=UTC)
            event = AuditEvent(at=at, kind="item.confirmed", actor="A. Khan", about=f"item:{number}", detail=detail)
            record(connection, event)


def rows_of(connection: Connection) -> list[Row]:
    return list(store.rows(connection))


@contextmanager
def unguarded(database: Database) -> Iterator[Connection]:
    """A connection that may do anything; all of it is taken back at the end."""
    with database._engine.connect() as connection, connection.begin() as transaction:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for action in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_{action}"))
        yield connection
        transaction.rollback()


def found(database: Database, tamper: Callable[[Connection], None], key: bytes, heads: list[Head]) -> list[Fault]:
    """What is found after `tamper`; nothing of it stays."""
    with unguarded(database) as connection:
        before = rows_of(connection)
        tamper(connection)
        rows = rows_of(connection)
        assert rows != before, "nothing was falsified"
        return list(islice(faults(key, rows, heads), 3))


def _set(connection: Connection, seq: int, **values: Any) -> None:
    connection.execute(update(audit).where(audit.c.seq == seq).values(values))


def _put(connection: Connection, rows: list[Row]) -> None:
    connection.execute(delete(audit))
    if rows:
        connection.execute(insert(audit), [vars(row) for row in rows])


def edit(connection: Connection, chance: random.Random) -> None:
    """One column of one row."""
    row = chance.choice(rows_of(connection))
    column = chance.choice(["at", "kind", "actor", "about", "detail", "previous", "hash"])
    if column == "at":
        _set(connection, row.seq, at=row.at + timedelta(microseconds=chance.choice([-1, 1, 10**6])))
        return
    old = getattr(row, column)
    at = chance.randrange(len(old)) if old else 0
    new = "x" + old if not old else old[:at] + ("e" if old[at] != "e" else "f") + old[at + 1 :]
    _set(connection, row.seq, **{column: new})


def remove(connection: Connection, chance: random.Random) -> None:
    """A row that is not the last."""
    row = chance.choice(rows_of(connection)[:-1])
    connection.execute(delete(audit).where(audit.c.seq == row.seq))


def remove_and_renumber(connection: Connection, chance: random.Random) -> None:
    """A row, and no gap is left."""
    rows = rows_of(connection)
    at = chance.randrange(len(rows) - 1)
    _put(connection, rows[:at] + [replace(row, seq=row.seq - 1) for row in rows[at + 1 :]])


def put_in(connection: Connection, chance: random.Random) -> None:
    """A row somewhere, hashed with a guessed key; those after it are renumbered."""
    rows = rows_of(connection)
    at = chance.randrange(1, len(rows) + 1)
    forged = replace(rows[chance.randrange(len(rows))], seq=at + 1, actor="S. Patel", previous=rows[at - 1].hash)
    forged = replace(forged, hash=keyed_hash(GUESSED, forged))
    _put(connection, [*rows[:at], forged, *(replace(row, seq=row.seq + 1) for row in rows[at:])])


def put_before(connection: Connection, chance: random.Random) -> None:
    """A row in front of the first, where nobody might look."""
    forged = replace(chance.choice(rows_of(connection)), seq=chance.choice([0, -1, -(2**40)]))
    connection.execute(insert(audit).values(vars(forged)))


def repeat(connection: Connection, chance: random.Random) -> None:
    """A row once more at the end, with its true hash."""
    rows = rows_of(connection)
    _put(connection, [*rows, replace(chance.choice(rows), seq=len(rows) + 1)])


def swap(connection: Connection, chance: random.Random) -> None:
    """Two rows, with or without their hashes."""
    rows = rows_of(connection)
    first, second = sorted(chance.sample(range(len(rows)), 2))
    one, other = rows[first], rows[second]
    if chance.random() < 0.5:
        rows[first], rows[second] = replace(other, seq=one.seq), replace(one, seq=other.seq)
    else:
        rows[first] = replace(other, seq=one.seq, previous=one.previous, hash=one.hash)
        rows[second] = replace(one, seq=other.seq, previous=other.previous, hash=other.hash)
    _put(connection, rows)


def recompute_with(key: bytes) -> Callable[[Connection, random.Random], None]:
    def recompute(connection: Connection, chance: random.Random) -> None:
        """A row is changed, and the chain from there on computed again."""
        rows = rows_of(connection)
        at = chance.randrange(len(rows))
        rows[at] = replace(rows[at], actor="S. Patel")
        previous = rows[at].previous
        for number in range(at, len(rows)):
            row = replace(rows[number], previous=previous)
            rows[number] = replace(row, hash=keyed_hash(key, row))
            previous = rows[number].hash
        _put(connection, rows)

    return recompute


def graft(key: bytes) -> Callable[[Connection, random.Random], None]:
    def put_over(connection: Connection, chance: random.Random) -> None:
        """A row that the true key made in another life of the database, as before it was restored from a backup."""
        row = chance.choice(rows_of(connection))
        other = replace(row, actor="S. Patel", previous=f"{chance.getrandbits(256):064x}")
        _set(connection, row.seq, actor=other.actor, previous=other.previous, hash=keyed_hash(key, other))

    return put_over


def truncate(connection: Connection, chance: random.Random) -> None:
    """Rows from the end, perhaps all."""
    rows = rows_of(connection)
    _put(connection, rows[: chance.randrange(len(rows))])


def ways(key: bytes) -> dict[str, Callable[[Connection, random.Random], None]]:
    """All of them; the last two need the published head to be found."""
    return {
        "edit": edit,
        "remove": remove,
        "remove and renumber": remove_and_renumber,
        "put in": put_in,
        "put before": put_before,
        "repeat": repeat,
        "swap": swap,
        "graft": graft(key),
        "recompute without the key": recompute_with(GUESSED),
        "recompute with the key": recompute_with(key),
        "truncate": truncate,
    }


NEED_HEAD = frozenset({"recompute with the key", "truncate"})
