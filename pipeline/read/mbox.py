"""An mbox, mail by mail, with no more of it in memory than one mail.

The standard library's `mailbox` splits at any line that begins with "From ", and so cuts mails in two.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pipeline.domain import Message
from pipeline.errors import RefusedRow
from pipeline.read.mail import MAIL_LIMIT, read_mail

_LINE_LIMIT = 1 << 20
_ENVELOPE_LIMIT = 500
_ENVELOPE = re.compile(rb"From [^\r\n]*\d{4}\s*$")
_CERTAIN = re.compile(
    rb"From [^\r\n]*\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} [A-Z][a-z]{2})"
    rb"[^\r\n]*\d\d:\d\d[^\r\n]*$"
)
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


def read_mbox(path: Path, *, source: str) -> Iterator[Message | RefusedRow]:
    """Every mail of an mbox file, numbered from 1."""
    with path.open("rb") as file:
        for number, (envelope, raw) in enumerate(_split(file), start=1):
            yield read_mail(_QUOTED.sub(rb"\1", raw), source=f"{source}#{number}", envelope=envelope)


@dataclass(kw_only=True)
class _Mail:
    """A mail as its lines come in. What is beyond the limit is left out: such a mail is refused."""

    envelope: str
    lines: list[bytes] = field(default_factory=list)
    size: int = 0
    length: int | None = None
    in_headers: bool = True

    def add(self, data: bytes) -> None:
        if self.size <= MAIL_LIMIT:
            self.lines.append(data)
        self.size += len(data)

    def raw(self) -> bytes:
        """The mail without the empty line that parts it from the next, so that it is the same wherever it stands."""
        kept = self.lines[:-1] if self.lines and not self.lines[-1].strip() else self.lines
        return b"".join(kept)


def _split(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """(envelope line, mail) for each mail."""
    mail, blank, starts = _Mail(envelope=""), True, True
    while line := file.readline(_LINE_LIMIT):
        if starts and line.startswith(b"From ") and _begins(line, file, after_blank=blank):
            if mail.envelope or mail.raw().strip():
                yield mail.envelope, mail.raw()
            mail = _Mail(envelope=line.decode("latin-1").strip())
        else:
            mail.add(line)
            _look_at_header(mail, line, file)
        blank, starts = not line.strip(), line.endswith(b"\n")
    if mail.envelope or mail.raw().strip():
        yield mail.envelope, mail.raw()


def _begins(line: bytes, file: BinaryIO, *, after_blank: bool) -> bool:
    """Whether a mail begins at a line: an envelope line, after an empty line or above a header, certain or both."""
    if len(line) > _ENVELOPE_LIMIT:
        return False
    certain = _CERTAIN.match(line) is not None
    if certain and after_blank:
        return True
    return (certain or (after_blank and _ENVELOPE.match(line) is not None)) and _HEADER.match(_peek(file)) is not None


def _peek(file: BinaryIO) -> bytes:
    place = file.tell()
    line = file.readline(200)
    file.seek(place)
    return line


def _look_at_header(mail: _Mail, line: bytes, file: BinaryIO) -> None:
    """At the end of the headers, the body by its Content-Length (mboxcl), where a mail or the end follows it."""
    if not mail.in_headers:
        return
    name, _, value = line.partition(b":")
    if name.lower() == b"content-length" and value.strip().isdigit() and len(value) < 20:
        mail.length = int(value)
    if line.strip():
        return
    mail.in_headers = False
    if mail.length and _ends_there(file, mail.length):
        _take(mail, file, mail.length)


def _ends_there(file: BinaryIO, length: int) -> bool:
    place = file.tell()
    file.seek(place + length - 1)
    last = file.read(1)
    line = file.readline(_ENVELOPE_LIMIT)
    line = line if line.strip() else file.readline(_ENVELOPE_LIMIT)
    file.seek(place)
    return last == b"\n" and (not line or _ENVELOPE.match(line) is not None)


def _take(mail: _Mail, file: BinaryIO, length: int) -> None:
    while length:
        block = file.read(min(length, _LINE_LIMIT))
        mail.add(block)
        length -= len(block)
        if not block:
            return
