"""What is left of removed words in a database's files, and how it goes."""

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

_BUSY_SECONDS = 30


def overwrite(connection: Connection) -> None:
    """Have SQLite write zeros over what is removed; PostgreSQL's vacuum frees the space."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def wipe(url: str, *, whole: bool) -> bool:
    """Bring a removal to the files; False where others use the database and something may be left in the journal.

    SQLite: the write-ahead log is emptied; with `whole` the file is made anew without free pages (P24). PostgreSQL:
    freed space is given back for use; what it held goes as it is written over, and out of backups as they expire.
    """
    sqlite = make_url(url).get_backend_name() == "sqlite"
    arguments = {"timeout": _BUSY_SECONDS} if sqlite else {}
    engine = create_engine(
        url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True, connect_args=arguments
    )
    with engine.connect() as connection:
        if sqlite:
            return _wipe_sqlite(connection, whole=whole)
        connection.execute(text("VACUUM"))
        return True


def _wipe_sqlite(connection: Connection, *, whole: bool) -> bool:
    done = _checkpoint(connection)
    if whole:
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
        connection.exec_driver_sql("VACUUM")
        done = _checkpoint(connection)
    return done


def _checkpoint(connection: Connection) -> bool:
    busy, _, _ = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not busy
