"""One at a time, across processes: a lock that ends with the process that holds it, however it ends."""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from pipeline.errors import SettingsError


@contextmanager
def sole(url: str, name: str) -> Iterator[bool]:
    """Whether nobody else holds `name` in this database; it is held to the end of the block.

    For thrift, not for correctness: the intake stays right when two work on the same source (P5). There is no clock in
    it, so nothing waits for a lease of the dead to run out, and a restart under the same host name finds it free (P7).
    """
    parsed = make_url(url)
    digest = hashlib.sha256(name.encode()).digest()
    held = (
        _file(Path(f"{parsed.database}.{digest.hex()[:12]}.lock"))
        if parsed.get_backend_name() == "sqlite"
        else _session(url, int.from_bytes(digest[:8], "big", signed=True))
    )
    with held as mine:
        yield mine


@contextmanager
def _file(path: Path) -> Iterator[bool]:
    try:
        file = path.open("w")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written ({error.strerror}): it is where watchers take turns.") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _session(url: str, key: int) -> Iterator[bool]:
    """PostgreSQL lets go when the session ends."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT", hide_parameters=True)
    with engine.connect() as connection:
        yield bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))
