"""How the watched sources fare, and how far each folder of a mailbox has been read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, insert, select, update

from service.store.inbox_tables import inbox_cursor, inbox_source


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """What has been received of one folder: everything up to `last_uid`, as numbered under `uidvalidity` (RFC 3501).

    `delivered_at` is the INTERNALDATE of the mail with `last_uid`. Up to `tidied_uid` all is also marked or moved,
    where that was asked for. `tries` counts the processes that took up the next mail and never finished it, `vanished`
    the mails that others removed before they were read.
    """

    source: str
    folder: str
    uidvalidity: int
    last_uid: int
    tidied_uid: int
    delivered_at: datetime | None
    tries: int
    vanished: int


@dataclass(frozen=True, kw_only=True)
class SourceState:
    """One watched source. `looked_at` is the last look that came to its end, `message_at` the last arrival."""

    name: str
    kind: str
    since: datetime
    looked_at: datetime | None
    message_at: datetime | None
    failures: int
    failure: str
    refused_at: datetime | None
    silent_after: float
    stopped_after: float

    def is_silent(self, now: datetime) -> bool:
        """Nothing has come for longer than is usual (P16)."""
        return now - (self.message_at or self.since) > timedelta(seconds=self.silent_after)

    def is_stopped(self, now: datetime) -> bool:
        """Nobody has looked for too long."""
        return now - (self.looked_at or self.since) > timedelta(seconds=self.stopped_after)

    def state(self, now: datetime) -> str:
        """failing, stopped, silent or ok: the worst that is true."""
        if self.failures:
            return "failing"
        return "stopped" if self.is_stopped(now) else "silent" if self.is_silent(now) else "ok"


def register(
    connection: Connection, name: str, kind: str, now: datetime, *, silent_after: float, stopped_after: float
) -> None:
    """Make the source known, with the limits (seconds) in force now."""
    limits = {"kind": kind, "silent_after": silent_after, "stopped_after": stopped_after}
    known = connection.execute(update(inbox_source).where(inbox_source.c.name == name).values(**limits)).rowcount
    if not known:
        connection.execute(insert(inbox_source).values(name=name, since=now, **limits))


def sources(connection: Connection) -> list[SourceState]:
    """Every source ever watched, by name."""
    query = select(inbox_source).order_by(inbox_source.c.name)
    return [SourceState(**row) for row in connection.execute(query).mappings()]


def source(connection: Connection, name: str) -> SourceState:
    """One registered source."""
    row = connection.execute(select(inbox_source).where(inbox_source.c.name == name)).mappings().one()
    return SourceState(**row)


def looked(connection: Connection, name: str, now: datetime) -> None:
    """A look came to its end: whatever was wrong is over."""
    _set(connection, name, looked_at=now, failures=0, failure="", refused_at=None)


def failed(connection: Connection, name: str, now: datetime, failure: str, *, refused: bool) -> None:
    """A look failed; `refused` where the login was."""
    _set(connection, name, failures=inbox_source.c.failures + 1, failure=failure)
    if refused:
        _set(connection, name, refused_at=now)


def arrived(connection: Connection, name: str, now: datetime) -> None:
    """Something came in from the source."""
    _set(connection, name, message_at=now)


def cursor(connection: Connection, name: str, folder: str) -> Cursor | None:
    """How far a folder has been read; None where never."""
    row = connection.execute(select(inbox_cursor).where(*_at(name, folder))).mappings().first()
    return Cursor(**row) if row else None


def begin(connection: Connection, name: str, folder: str, uidvalidity: int) -> None:
    """Read a folder from its start: it is new, or the server has numbered it anew."""
    values = {"uidvalidity": uidvalidity, "last_uid": 0, "tidied_uid": 0, "delivered_at": None, "tries": 0}
    if not connection.execute(update(inbox_cursor).where(*_at(name, folder)).values(**values)).rowcount:
        connection.execute(insert(inbox_cursor).values(source=name, folder=folder, **values))


def advance(
    connection: Connection, at: Cursor, uid: int, *, delivered_at: datetime | None = None, vanished: int = 0
) -> None:
    """Everything up to `uid` is received. A watcher that is behind, or counts by other numbers, moves nothing."""
    counted = inbox_cursor.c.vanished + vanished
    values = {"last_uid": uid, "delivered_at": delivered_at, "tries": 0, "vanished": counted}
    connection.execute(update(inbox_cursor).where(*_same(at), inbox_cursor.c.last_uid < uid).values(**values))


def tidied(connection: Connection, at: Cursor, uid: int) -> None:
    """Everything up to `uid` is marked or moved."""
    behind = (inbox_cursor.c.tidied_uid < uid, inbox_cursor.c.last_uid >= uid)
    connection.execute(update(inbox_cursor).where(*_same(at), *behind).values(tidied_uid=uid))


def attempt(connection: Connection, at: Cursor) -> int:
    """Count that a process takes up the mail after the cursor; answers how many have since it last moved."""
    tries = update(inbox_cursor).where(*_same(at)).values(tries=inbox_cursor.c.tries + 1)
    return int(connection.execute(tries.returning(inbox_cursor.c.tries)).scalar_one())


def _set(connection: Connection, name: str, **values: object) -> None:
    connection.execute(update(inbox_source).where(inbox_source.c.name == name).values(**values))


def _at(name: str, folder: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return inbox_cursor.c.source == name, inbox_cursor.c.folder == folder


def _same(at: Cursor) -> tuple[ColumnElement[bool], ...]:
    return (*_at(at.source, at.folder), inbox_cursor.c.uidvalidity == at.uidvalidity)
