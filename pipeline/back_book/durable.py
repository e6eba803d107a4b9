"""Files that are there whole or not at all, also after a power cut."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

_DRAFT = ".writing"


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A draft to write; it gets its name once it is on disk. Two writers of a file do not meet: the last one stays."""
    draft = path.with_name(f".{path.name}.{uuid4().hex[:8]}{_DRAFT}")
    try:
        yield draft
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)
        _sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def remove_drafts(folder: Path) -> None:
    """What was being written when somebody was killed."""
    for draft in folder.glob(f".*{_DRAFT}"):
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
