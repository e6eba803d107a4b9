"""The head of the audit record, published once a day where who can write to the database cannot (S50)."""

import fcntl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import HeardError, InputError, SettingsError
from service.audit_chain import Head, head_of_line, line_of_head
from service.outbox import publish_head
from service.store import audit as store
from service.store.database import Database
from service.store.items import database_time

_LOOK_SECONDS = 600.0

_log = structlog.get_logger()


class HeadPublisher:
    """Publishes to a file, if one is named, and to the webhooks that ask for `audit.head`."""

    def __init__(
        self,
        database: Database,
        file: Path | None,
        *,
        now: Callable[[Connection], datetime] = database_time,
    ) -> None:
        self._database = database
        self._file = file
        self._now = now

    def run(self, stop: Event) -> None:
        """Publish once a UTC day until `stop` is set; several processes may try."""
        published = None
        while not stop.is_set():
            try:
                published = self.once(published)
            except (SQLAlchemyError, HeardError) as error:
                reason = str(error) if isinstance(error, HeardError) else f"the database: {type(error).__name__}"
                _log.error("audit_head_failed", reason=reason)
            stop.wait(_LOOK_SECONDS)

    def once(self, published: str | None = None) -> str | None:
        """Publish if this has not been done today; answers the day it was done. `published` is the day known of."""
        with self._database.reading() as connection:
            now, head = self._now(connection), store.head(connection)
        today = f"{now.astimezone(UTC):%Y-%m-%d}"
        if head is None or published == today:
            return published
        if self._file is not None:
            append_head(self._file, head, now, once_a_day=True)
        with self._database.writing() as connection:
            publish_head(connection, head, now)
        return today


def append_head(file: Path, head: Head, at: datetime, *, once_a_day: bool = False) -> bool:
    """Add a line to the file of heads; False where it has one of this UTC day and one is enough."""
    try:
        with file.open("a+", encoding="utf-8") as heads:
            fcntl.flock(heads, fcntl.LOCK_EX)
            heads.seek(0)
            if once_a_day and any(f'"at": "{at.astimezone(UTC):%Y-%m-%d}' in line for line in heads):
                return False
            heads.write(line_of_head(head, at) + "\n")
    except OSError as error:
        raise SettingsError(
            f"The head of the audit record cannot be written to {file} ({error.strerror}): does the folder exist, may "
            "it be written?"
        ) from None
    return True


def heads_in(file: Path) -> list[Head]:
    """The heads that were published to a file."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"The file of heads {file} cannot be read: is the path right?") from None
    return [head_of_line(line) for line in lines if line.strip()]
