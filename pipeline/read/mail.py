"""One mail, or an mbox of them -> messages. Raw bytes are kept; nothing here raises on a strange mail.

The old `compat32` policy is used on purpose: the newer one raises on headers that real mail has.
"""

import re
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header
from email.message import Message as Mail
from email.utils import parseaddr, parsedate_to_datetime
from pathlib import Path

from pipeline.domain import Channel, Message, MessageKind
from pipeline.errors import RefusedRow
from pipeline.read.decoding import to_text
from pipeline.read.html import html_to_text
from pipeline.read.identity import identity
from pipeline.threads import is_cover

MAIL_LIMIT = 50_000_000
"""Bytes a mail may have with its attachments."""

_ADDRESS = 1_000
_ENVELOPE = re.compile(rb"^From [^\r\n]*\d{4}\s*$")
_FIRST_YEAR = 2000
_STRANGE = (MessageError, ValueError, TypeError, LookupError, OverflowError, RecursionError, OSError, struct.error)
DEPTH_LIMIT = 20
"""How many mails deep, each attached to the next, is looked."""


def read_mbox(path: Path, *, source: str) -> Iterator[Message | RefusedRow]:
    """Every mail of an mbox file, numbered from 1."""
    for number, (envelope, raw) in enumerate(_split(path), start=1):
        yield read_mail(_unquoted(raw), source=f"{source}#{number}", envelope=envelope)


def _split(path: Path) -> Iterator[tuple[str, bytes]]:
    """(envelope line, mail) for each mail: a new one begins only where `From sender date` follows an empty line.

    The standard library's mailbox splits at any line that begins with "From ", and so cuts mails in two.
    """
    envelope, lines, after_blank = "", list[bytes](), True
    with path.open("rb") as file:
        for line in file:
            if after_blank and _ENVELOPE.match(line):
                if envelope:
                    yield envelope, b"".join(lines)
                envelope, lines = line.decode("latin-1").strip(), []
            else:
                lines.append(line)
            after_blank = not line.strip()
    if envelope or lines:
        yield envelope, b"".join(lines)


def read_mail(raw: bytes, *, source: str, envelope: str = "") -> Message | RefusedRow:
    """One mail. `envelope` is the mbox line `From sender date`, stamped by the server at delivery."""
    return attempt(lambda: _parsed(raw, source, envelope), raw=raw, source=source)


def attempt(read: Callable[[], Message], *, raw: bytes, source: str) -> Message | RefusedRow:
    """What `read` makes of `raw`, or a sentence why the file is left to a person."""
    if len(raw) > MAIL_LIMIT:
        return RefusedRow(f"the mail has {len(raw):,} bytes; the limit is {MAIL_LIMIT:,}.", source=source, raw=raw)
    try:
        return read()
    except _STRANGE as error:
        reason = f"the mail cannot be read ({type(error).__name__}): a person must look at the file."
        return RefusedRow(reason, source=source, raw=raw)


def _parsed(raw: bytes, source: str, envelope: str) -> Message:
    data = raw.removeprefix(b"\xef\xbb\xbf")
    body = data.replace(b"\r\n", b"\n").partition(b"\n\n")[2].decode("latin-1")
    delivered = " ".join(envelope.split()[2:])
    return message_of(message_from_bytes(data), body=body, delivered=delivered, raw=raw, source=source)


def message_of(mail: Mail, *, body: str, delivered: str, raw: bytes, source: str) -> Message:
    """A mail as a message. `body` tells it from others with the same headers; `delivered` is a date, "" if unknown."""
    inner = _forwarded(mail, depth=0)
    text = _text(inner)
    subject, sender = _header(inner, "Subject"), parseaddr(_header(inner, "From")[:_ADDRESS])[1]
    headers = [_header(mail, name) for name in ("Message-ID", "Date", "From", "Subject")]
    return Message(
        id=identity(Channel.EMAIL, [*headers, body]),
        text=text,
        channel=Channel.EMAIL,
        subject=subject,
        received_at=_received_at(mail, delivered),
        sender=sender,
        source=source,
        kind=_kind(mail, text, subject),
        raw=raw,
    )


def _forwarded(mail: Mail, *, depth: int) -> Mail:
    """Of a mail that only passes another on as an attachment, the mail passed on; else the mail itself."""
    if mail.get_content_type() == "multipart/report" or depth >= DEPTH_LIMIT:
        return mail
    attached = _attached(mail)
    if len(attached) == 1 and is_cover(_own_text(mail)):
        return _forwarded(attached[0], depth=depth + 1)
    return mail


def _attached(mail: Mail) -> list[Mail]:
    parts = [
        part.get_payload(0)
        for part in _parts(mail)
        if part.get_content_type() == "message/rfc822" and part.is_multipart()
    ]
    return [part for part in parts if isinstance(part, Mail)]


def _text(mail: Mail) -> str:
    """A mail's own words, then those of the mails attached to it."""
    attached = [] if mail.get_content_type() == "multipart/report" else _attached(mail)
    return "\n\n".join(filter(None, [_own_text(mail), *map(_own_text, attached)]))


def _own_text(mail: Mail) -> str:
    plain: list[str] = []
    html: list[str] = []
    for part in _parts(mail):
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment" or kind not in {"text/plain", "text/html"}:
            continue
        (plain if kind == "text/plain" else html).append(_decoded(part))
    words, shown = "\n\n".join(plain).strip(), "\n\n".join(filter(None, map(html_to_text, html)))
    if len(words.split()) >= min(5, len(shown.split())):
        return words
    return shown


def _parts(mail: Mail) -> Iterator[Mail]:
    """The leaves of a mail, without going into attached mails."""
    if mail.is_multipart() and mail.get_content_maintype() == "multipart":
        for part in mail.get_payload():
            if isinstance(part, Mail):
                yield from _parts(part)
    else:
        yield mail


def _decoded(part: Mail) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    return to_text(data, part.get_content_charset())


def _header(mail: Mail, name: str) -> str:
    value = mail.get(name)
    if value is None:
        return ""
    try:
        pieces = decode_header(str(value))
    except (ValueError, MessageError):
        pieces = [(str(value), None)]
    text = "".join(to_text(piece, charset) if isinstance(piece, bytes) else piece for piece, charset in pieces)
    raw = text.encode("utf-8", "surrogateescape")
    return re.sub(r"\s+", " ", to_text(raw, None)).strip()


def _kind(mail: Mail, text: str, subject: str) -> MessageKind:
    if _from_machine(mail):
        return MessageKind.MACHINE
    attached = any(
        part.get_filename() or part.get_content_maintype() in {"image", "audio", "video", "application"}
        for part in _parts(mail)
    )
    if not text.strip() and (attached or not subject):
        return MessageKind.UNREADABLE
    return MessageKind.WRITTEN


def _from_machine(mail: Mail) -> bool:
    """Bounces, receipts and out-of-office replies by their headers, never by words a person could write.

    A form mailed by a robot (`auto-generated`) is a person's message.
    """
    submitted = str(mail.get("Auto-Submitted", "")).lower()
    return (
        mail.get_content_type() == "multipart/report"
        or "auto-replied" in submitted
        or mail.get("X-Autoreply") is not None
        or str(mail.get("Precedence", "")).lower() == "auto_reply"
        or str(mail.get("Return-Path", "")).strip() == "<>"
    )


def _received_at(mail: Mail, delivered: str) -> datetime | None:
    """When our side got it: the newest Received line, else what the mailbox noted; never the sender's Date."""
    newest = mail.get_all("Received", [""])[0]
    for stamp in (str(newest).rpartition(";")[2], delivered):
        moment = _moment(stamp)
        if moment is not None:
            return moment
    return None


def _moment(stamp: str) -> datetime | None:
    stamp = " ".join(stamp.split())
    for parse in (parsedate_to_datetime, _ctime):
        try:
            moment = parse(stamp)
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
            if moment.year >= _FIRST_YEAR:
                return moment
        except (ValueError, TypeError, OverflowError, IndexError):
            continue
    return None


def _ctime(stamp: str) -> datetime:
    return datetime.strptime(stamp, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)


def _unquoted(raw: bytes) -> bytes:
    return re.sub(rb"^>(>*From )", rb"\1", raw, flags=re.MULTILINE)
