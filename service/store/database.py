"""One database, SQLite or PostgreSQL, and how a transaction begins in it."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from pipeline.errors import SettingsError
from service.audit_chain import AuditEvent
from service.audit_key import AuditKey
from service.crashpoints import crashpoint
from service.store import audit

_MIGRATIONS = Path(__file__).parent / "migrations"
_WRITES = "heard_writes"
_BUSY_SECONDS = 10
_POOL: dict[str, Any] = {"pool_size": 10, "max_overflow": 10, "pool_timeout": 5}
"""Whoever finds no connection within five seconds is answered 503; nobody waits longer (F9), nor to write in turn."""
_MIGRATION_LOCK = 728_401_226
_ASK = {"sqlite": "PRAGMA", "postgresql": "SHOW"}
_DURABLE = {
    "sqlite": {"synchronous": {"2", "3"}, "journal_mode": {"wal", "delete", "truncate", "persist"}},
    "postgresql": {"fsync": {"on"}, "synchronous_commit": {"on", "local", "remote_write", "remote_apply"}},
}
"""What a database answers where a commit that it reports is on its disk. SQLite's 2 and 3 are FULL and EXTRA."""


class Database:
    """Connections to one database. `writing()` commits as it ends; `reading()` never writes."""

    def __init__(self, url: str, audit_key: AuditKey | None = None) -> None:
        self.audit_key = audit_key or AuditKey.for_database(url)
        self._audit_key: bytes | None = None
        self._turn = threading.Lock()
        try:
            self._engine = _engine(url)
        except (ArgumentError, ModuleNotFoundError, ValueError) as error:
            raise SettingsError(
                f"The database address cannot be used: {type(error).__name__}. Use sqlite:///FILE or postgresql+psycopg://..."
            ) from None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction that writes; on SQLite it takes the write lock at once, so it cannot fail half-way.

        What it is to be recorded for in the audit record is appended as it commits.
        """
        options: dict[str, Any] = {_WRITES: True, audit.PENDING: list[AuditEvent]()}
        with self._in_turn(), self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection
            if options[audit.PENDING]:
                self._append(connection, options[audit.PENDING])
                crashpoint("audit_before_commit")

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """On SQLite writers of one process wait in line: left to SQLite, each tries again at ever longer intervals
        while the lock is free. Who waited in vain asks SQLite all the same, and hears from it.
        """
        taken = self._engine.dialect.name == "sqlite" and self._turn.acquire(timeout=_POOL["pool_timeout"])
        try:
            yield
        finally:
            if taken:
                self._turn.release()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Reads; on SQLite one consistent view."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    def check_record(self, connection: Connection) -> None:
        """SettingsError where nothing could be recorded: asked before a step that no rollback takes back."""
        self._key(connection)

    def _append(self, connection: Connection, events: Sequence[AuditEvent]) -> None:
        audit.wait_for_place(connection)
        audit.append(connection, self._key(connection), events)

    def _key(self, connection: Connection) -> bytes:
        if self._audit_key is None:
            key = self.audit_key.read(make=audit.head(connection) is None)
            audit.check_key(connection, key)
            self._audit_key = key
        return self._audit_key

    def migrate(self) -> None:
        """Bring the tables up to date; several processes may try at once."""
        try:
            with self.writing() as connection:
                if connection.dialect.name == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
        except (DBAPIError, CommandError):
            where = self._engine.url.render_as_string(hide_password=True)
            raise SettingsError(
                f"The database {where} cannot be opened: is the address right, does the folder exist, may it be "
                "written, is it running?"
            ) from None

    def check_durable(self) -> None:
        """SettingsError where a commit could be lost in a power cut though it was reported done (P1, F16)."""
        with self.reading() as connection:
            ask, strong = _ASK[connection.dialect.name], _DURABLE[connection.dialect.name]
            found = {name: str(connection.exec_driver_sql(f"{ask} {name}").scalar()) for name in strong}
        weak = [f"{name} is {value}" for name, value in found.items() if value not in strong[name]]
        if weak:
            raise SettingsError(
                f"The database may lose what it has said is stored ({'; '.join(weak)}): set it back to its default."
            )

    def is_current(self) -> bool:
        """Whether the tables are those this version expects."""
        if not self._exists():
            return False
        with self.reading() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        return found == ScriptDirectory.from_config(_config()).get_current_head()

    def _exists(self) -> bool:
        """SQLite makes a file when it is asked for one; a typing error must not."""
        url = self._engine.url
        return url.get_backend_name() != "sqlite" or Path(url.database or "").is_file()

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database."""
        url = self._engine.url
        return Path(url.database or "").resolve() if url.get_backend_name() == "sqlite" else None

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()


def open_current(url: str) -> Database:
    """A database that is in use already; SettingsError where its tables are not those of this version."""
    database = Database(url)
    if not database.is_current():
        raise SettingsError("the database is empty or of another version: start `heard serve` with it once.")
    return database


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ValueError("a database in memory keeps nothing")
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True, hide_parameters=True, **_POOL)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, hide_parameters=True, **_POOL)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """A commit is on disk before anyone is told: WAL with synchronous=FULL."""
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A deferred transaction that later writes can fail at once in spite of the time-out; an immediate one waits."""
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
