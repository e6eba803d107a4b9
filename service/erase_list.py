"""The list of erased persons, outside the database: what a backup brings back is erased again from it."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import InputError


@dataclass(frozen=True, kw_only=True)
class Erased:
    """A person erased: the hash of the address, and until when what came from it is to be gone."""

    sender_sha256: str
    until: datetime


def append(file: Path, erased: Erased) -> None:
    """Note an erasure before it is begun, so that one that was cut off can be ended. On disk when this returns."""
    line = json.dumps({**asdict(erased), "until": erased.until.isoformat()}) + "\n"
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as opened:
        opened.write(line)
        opened.flush()
        os.fsync(opened.fileno())


def read(file: Path) -> list[Erased]:
    """All of the list; empty where there is no file. InputError names a line that is not of it."""
    if not file.is_file():
        return []
    return [_erased(line, file, number) for number, line in enumerate(file.read_text().splitlines(), start=1) if line]


def _erased(line: str, file: Path, number: int) -> Erased:
    try:
        row = json.loads(line)
        return Erased(sender_sha256=row["sender_sha256"], until=datetime.fromisoformat(row["until"]))
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"{file}, line {number}: this is no line of an erase list. Put the file back as it was."
        ) from None
