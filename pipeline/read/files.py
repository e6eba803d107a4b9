"""Which reader a file needs, told by its content, never by its name."""

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline.domain import Channel, Message
from pipeline.errors import InputError, RefusedRow, UnreadableSource
from pipeline.read.lines import read_jsonl
from pipeline.read.mail import MAIL_LIMIT, read_mail, read_mbox
from pipeline.read.tables import read_csv

_HEADER_LINE = re.compile(rb"^(?:[A-Za-z][A-Za-z0-9-]*+:[^\n]*+\n(?:[ \t][^\n]*+\n)*+){2,}", re.MULTILINE)
_BINARY = {
    b"PK\x03\x04": "a spreadsheet or zip file. Save the sheet as CSV (UTF-8)",
    b"\xd0\xcf\x11\xe0": "an Outlook or old Office file. Save the mail as .eml, the sheet as CSV",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file. Unpack it first",
}


def read_paths(paths: Iterable[str], *, channel: Channel | None) -> Iterator[Message | InputError]:
    """Every message of every path, in order; what cannot be used comes as an error, in its place."""
    for given in paths:
        if given == "-":
            yield from read_jsonl(sys.stdin.buffer, source="-", channel=channel)
            continue
        for path in _files(Path(given)):
            try:
                yield from _read_file(path, str(path), channel)
            except UnreadableSource as error:
                yield error
            except OSError as error:
                yield UnreadableSource(f"{path}: cannot be read ({error.strerror or type(error).__name__}).")


def _files(path: Path) -> Iterator[Path]:
    """The file itself, or the files below a folder, hidden ones left out; links are not followed."""
    if not path.is_dir():
        yield path
        return
    for inner in sorted(path.rglob("*")):
        if inner.is_file() and not inner.is_symlink() and not inner.name.startswith("."):
            yield inner


def _read_file(path: Path, source: str, channel: Channel | None) -> Iterator[Message | RefusedRow]:
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
    if start.startswith(b"From "):
        yield from read_mbox(path, source=source)
    elif start.lstrip(b"\xef\xbb\xbf \r\n\t").startswith((b"{", b"[")):
        with path.open("rb") as file:
            yield from read_jsonl(file, source=source, channel=channel)
    elif _HEADER_LINE.match(start.removeprefix(b"\xef\xbb\xbf")):
        with path.open("rb") as file:
            yield read_mail(file.read(MAIL_LIMIT + 1), source=source)
    elif b"\x00" in start and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableSource(f"{source}: this is a binary file of a kind heard does not read.")
    else:
        yield from read_csv(path, source=source, channel=channel)
