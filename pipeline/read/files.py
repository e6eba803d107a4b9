"""Which reader a file needs, told by its content, never by its name."""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.domain import Channel, Message
from pipeline.errors import InputError, RefusedRow, UnreadableSource
from pipeline.read.columns import ColumnMap
from pipeline.read.containers import OLE, ZIP, Holds, look_inside
from pipeline.read.encodings import is_binary
from pipeline.read.layout import looks_like_mail
from pipeline.read.lines import read_jsonl
from pipeline.read.mail import MAIL_LIMIT, read_mail
from pipeline.read.mbox import read_mbox
from pipeline.read.outlook import read_msg
from pipeline.read.parquet import read_parquet
from pipeline.read.tables import read_csv, read_kept
from pipeline.read.workbooks import read_workbook

PARQUET = b"PAR1"
"""The first bytes of a Parquet file."""

_ANSWER = re.compile(r"#\d+/(.+)\Z", re.DOTALL)
_LINE_END = re.compile(rb"[\r\n]")
_BINARY = {
    b"%PDF": "a PDF",
    b"\x1f\x8b": "a gzip file. Unpack it first",
}


def read_paths(paths: Iterable[str], *, channel: Channel | None) -> Iterator[Message | InputError]:
    """Every message of every path, in order; what cannot be used comes as an error, in its place."""
    for given in paths:
        if given == "-":
            yield from read_jsonl(sys.stdin.buffer, source="-", channel=channel)
            continue
        for path in files_of(Path(given)):
            yield from read_file(path, channel=channel)


def read_file(path: Path, *, channel: Channel | None) -> Iterator[Message | InputError]:
    """Every message of a file, in order; what cannot be used comes as an error, in its place."""
    try:
        yield from _read_file(path, str(path), channel)
    except UnreadableSource as error:
        yield error
    except OSError as error:
        yield UnreadableSource(f"{path}: cannot be read ({error.strerror or type(error).__name__}).")


def read_again(
    raw: bytes, *, source: str, channel: Channel | None, columns: ColumnMap | None = None
) -> Message | RefusedRow:
    """What a message or refusal kept, by the readers as they are now. `source` is the place it came from.

    `columns` is the map that its table was read with. Of a row of several answers, it is the one of that place.
    """
    if raw.startswith(OLE):
        found = [read_msg(raw, source=source)]
    elif not _LINE_END.search(raw.rstrip(b"\r\n")):
        found = list(read_jsonl([raw], source=source, channel=channel))
    elif looks_like_mail(raw[:4096]):
        found = [read_mail(raw, source=source)]
    else:
        try:
            found = list(read_kept(raw, source=source, channel=channel, given=columns))
        except UnreadableSource:
            found = []
    found = _of_place(found, source) if len(found) > 1 else found
    if len(found) > 1 and columns:
        return RefusedRow("the row holds several answers: a person must release each.", source=source)
    if len(found) != 1:
        return RefusedRow("what was kept is neither one mail nor one row: a person must read it.", source=source)
    return found[0]


def _of_place(found: list[Message | RefusedRow], place: str) -> list[Message | RefusedRow]:
    """Of the answers of a row the one that a place names, as in `in.csv#3/What went wrong?`; else all."""
    column = _ANSWER.search(place)
    named = [one for one in found if column and (one.source or "").endswith(f"/{column[1]}")]
    return named or found


def files_of(path: Path) -> Iterator[Path]:
    """The file itself, or the files below a folder, hidden ones left out; links are not followed."""
    if not path.is_dir():
        yield path
        return
    for inner in sorted(path.rglob("*")):
        if inner.is_file() and not inner.is_symlink() and not inner.name.startswith("."):
            yield inner


def _read_file(path: Path, source: str, channel: Channel | None) -> Iterator[Message | InputError]:
    start = _start(path, source)
    if start.startswith((OLE, ZIP)):
        yield from _read_container(path, source, channel)
    elif start.startswith(PARQUET):
        yield from read_parquet(path, source=source, channel=channel)
    elif start.lstrip(b"\r\n").startswith(b"From "):
        yield from read_mbox(path, source=source)
    elif start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
        with path.open("rb") as file:
            yield from read_jsonl(file, source=source, channel=channel)
    elif looks_like_mail(start):
        with path.open("rb") as file:
            yield read_mail(file.read(MAIL_LIMIT + 1), source=source)
    elif is_binary(start):
        raise UnreadableSource(f"{source}: this is a binary file of a kind heard does not read.")
    else:
        yield from read_csv(path, source=source, channel=channel)


def _start(path: Path, source: str) -> bytes:
    """The first bytes of a file; UnreadableSource for what no reader takes."""
    if not path.exists():
        raise UnreadableSource(f"{source}: there is no such file.")
    if not path.is_file():
        raise UnreadableSource(f"{source}: this is no ordinary file. Use - to read JSON Lines from a pipe.")
    with path.open("rb") as file:
        start = file.read(4096)
    if not start.strip():
        raise UnreadableSource(f"{source}: the file is empty.")
    for magic, what in _BINARY.items():
        if start.startswith(magic):
            raise UnreadableSource(f"{source}: this is {what}.")
    return start


def _read_container(path: Path, source: str, channel: Channel | None) -> Iterator[Message | InputError]:
    if look_inside(path, source=source) is Holds.WORKBOOK:
        yield from read_workbook(path, source=source, channel=channel)
        return
    with path.open("rb") as file:
        yield read_msg(file.read(MAIL_LIMIT + 1), source=source)
