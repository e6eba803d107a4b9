"""Copies of messages in folders: exports, what a watched folder has taken in. A file that holds a person is deleted."""

import gzip
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from service.store.erasure import holds

_READ_AT_ONCE = 8_000_000


@dataclass(frozen=True, kw_only=True)
class Copies:
    """Files that hold a person, and those that could not be searched: a person must look at these."""

    with_person: tuple[Path, ...]
    unsearched: tuple[Path, ...]


def search(folders: Sequence[Path], needles: Sequence[str]) -> Copies:
    """Every file below `folders` in which an address or an id occurs, inside .zip, .xlsx, .gz and Parquet too."""
    found, unsearched = list[Path](), list[Path]()
    wanted = [needle.casefold() for needle in needles if needle]
    for path in _files(folders):
        try:
            if _occurs(path, wanted):
                found.append(path)
        except (OSError, ValueError, zipfile.BadZipFile, RuntimeError):  # unreadable, broken, or behind a password
            unsearched.append(path)
    return Copies(with_person=tuple(found), unsearched=tuple(unsearched))


def remove(paths: Iterable[Path]) -> None:
    """Delete files that `search` found."""
    for path in paths:
        path.unlink(missing_ok=True)


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _occurs(path: Path, wanted: Sequence[str]) -> bool:
    with path.open("rb") as file:
        start = file.read(4)
    if start == b"PAR1":
        return _in_blocks(_parquet(path), wanted)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return any(_in_blocks(_blocks(_member(archive, name)), wanted) for name in archive.namelist())
    if start[:2] == b"\x1f\x8b":
        return _in_blocks(_blocks(lambda: gzip.open(path, "rb")), wanted)
    return _in_blocks(_blocks(lambda: path.open("rb")), wanted)


def _member(archive: zipfile.ZipFile, name: str) -> Callable[[], object]:
    return lambda: archive.open(name)


def _blocks(opened: Callable[[], object]) -> Iterator[bytes]:
    with opened() as file:  # type: ignore[attr-defined]  # a binary file of one of three kinds
        while block := file.read(_READ_AT_ONCE):
            yield block


def _parquet(path: Path) -> Iterator[bytes]:
    import pyarrow.parquet as pq  # noqa: PLC0415  # heavy, and only for Parquet

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            yield str(batch.to_pylist()).encode("utf-8", "replace")


def _in_blocks(blocks: Iterable[bytes], wanted: Sequence[str]) -> bool:
    """Whether one occurs, at the seam of two blocks too."""
    overlap = max((4 * len(one) for one in wanted), default=0)
    before = b""
    for block in blocks:
        data = before + block
        if any(holds(data, one) for one in wanted):
            return True
        before = data[-overlap:]
    return False
