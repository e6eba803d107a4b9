"""Whether the service can take messages in, and what an operator should look at (P8, P11, P16, P31)."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import SettingsError
from service.serving import Serving
from service.store import inboxes
from service.store.database import Database

LOW, FULL = 500_000_000, 20_000_000
"""Bytes left on the database's disk: below LOW an operator should act, below FULL nothing more is taken in."""


_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs"})
"""File systems on which SQLite's locks and its shared memory do not hold (F17)."""


@dataclass(frozen=True, kw_only=True)
class State:
    """`stops` is why nothing can be taken in; `warns` is what is wrong although messages come in and reach people."""

    stops: tuple[str, ...]
    warns: tuple[str, ...]


def state(database: Database, serving: Serving) -> State:
    """What is true now."""
    stops, warns = _of_database(database)
    space = _of_disk(database.file)
    if serving.problem:
        warns.append(f"{serving.problem} Messages go to a person as undetermined.")
    if space is not None and space < FULL:
        stops.append(f"The disk of the database has {space // 1_000_000} MB left: make room.")
    elif space is not None and space < LOW:
        warns.append(f"The disk of the database has {space // 1_000_000} MB left: make room soon.")
    return State(stops=tuple(stops), warns=tuple(warns))


def refuse_network_share(file: Path | None) -> None:
    """SettingsError where a SQLite file lies on a network share (F17)."""
    kind = file_system(file) if file else ""
    if kind in _NETWORK:
        raise SettingsError(f"the database file lies on a network share ({kind}), which damages it: use PostgreSQL.")


def file_system(file: Path) -> str:
    """The kind of file system that holds a file; empty where the machine does not say."""
    mounts = {Path(mount.mountpoint): mount.fstype for mount in psutil.disk_partitions(all=True)}
    return next((mounts[folder] for folder in (file, *file.parents) if folder in mounts), "")


def _of_database(database: Database) -> tuple[list[str], list[str]]:
    try:
        if not database.is_current():
            return ["The database has the tables of another version: start `heard serve` once to update it."], []
        with database.reading() as connection:
            sources = inboxes.sources(connection)
    except SQLAlchemyError as error:
        return [f"The database does not answer ({type(error).__name__})."], []
    now = datetime.now(UTC)
    states = {source.name: source.state(now) for source in sources}
    return [], [
        f"Source {name} is {found}: see `heard watch status`." for name, found in states.items() if found != "ok"
    ]


def _of_disk(file: Path | None) -> int | None:
    """Bytes left, where the database is a file of this machine."""
    return shutil.disk_usage(file.parent).free if file and file.parent.is_dir() else None
