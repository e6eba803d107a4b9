"""Who did what: written in the transaction of what it records, and checked against its key and its published heads."""

import getpass
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection

from pipeline.domain import Decision
from service.audit_chain import AuditEvent, Fault, Head, Plain, faults
from service.queue import ItemEventKind, QueueItem
from service.store import audit as store
from service.store.database import Database

SHOWN = 5
"""How many faults are named."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was found in the record; `faults` are the first few, `head` its last row."""

    rows: int
    head: Head | None
    faults: tuple[Fault, ...]
    heads: int

    @property
    def holds(self) -> bool:
        """Nothing was found that does not fit."""
        return not self.faults


def record(connection: Connection, event: AuditEvent) -> None:
    """Record an event, in the transaction of what happened: both are there, or neither (P23).

    The connection is one that `Database.writing` gave; the event is appended as it commits.
    """
    store.wait_for_commit(connection, event)


def at_command_line() -> str:
    """Who works at the command line, as the operating system knows them."""
    return f"command line ({getpass.getuser()})"


def record_account(connection: Connection, what: str, about: str, *, by: str, at: datetime, **detail: Plain) -> None:
    """Record that somebody signed in, or who may; `what` as in `officer.signed_in`."""
    record(connection, AuditEvent(at=at, kind=what, actor=by, about=about, detail=detail))


def record_decision(connection: Connection, made: Decision, by: str, at: datetime) -> None:
    """Record that a message came in and what was decided."""
    detail = {"route": made.route.value, "label": made.label.value, "model": made.model_version}
    detail |= {"model_sha256": made.model_sha256}
    about = f"message:{made.message_id}"
    record(connection, AuditEvent(at=at, kind="message.decided", actor=by, about=about, detail={**detail}))


def record_arrival(
    connection: Connection, what: str, number: int, *, by: str, at: datetime, message_id: str | None = None
) -> None:
    """Record that something was set aside, or became a message after all."""
    detail: dict[str, Plain] = {} if message_id is None else {"message": message_id}
    record(connection, AuditEvent(at=at, kind=f"arrival.{what}", actor=by, about=f"arrival:{number}", detail=detail))


def record_step(
    connection: Connection,
    kind: ItemEventKind,
    item: QueueItem,
    *,
    event_id: int,
    by: str,
    at: datetime,
    undoes: int | None = None,
) -> None:
    """Record what `by` did with an item, which is now as given. Reasons are free text: they stay in its history."""
    detail: dict[str, Plain] = {
        "message": item.message_id,
        "event": event_id,
        "undoes": undoes,
        "queue": item.queue.value,
        "status": item.status.value,
    }
    record(connection, AuditEvent(at=at, kind=f"item.{kind}", actor=by, about=f"item:{item.id}", detail=detail))


def verify(database: Database, heads: Iterable[Head] = ()) -> Verdict:
    """Read the whole record again."""
    given, key = tuple(heads), database.audit_key.read(make=False)
    with database.reading() as connection:
        found = tuple(islice(faults(key, store.rows(connection), given), SHOWN))
        return Verdict(rows=store.count(connection), head=store.head(connection), faults=found, heads=len({*given}))
