"""An Outlook .msg -> the mail it was, and from there on as any mail.

Of python-oxmsg only the storages are used: its texts stop at the first byte that does not fit the code page named.
"""

import hashlib
import io
import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import Message as Mail
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import BytesParser, HeaderParser
from email.utils import format_datetime

from olefile import OleFileIO
from oxmsg.domain import constants as pid
from oxmsg.domain.encodings import encoding_from_codepage
from oxmsg.domain.model import MSG_HDR_OFFSET, UnrecognizedCodePageError, UnsupportedEncodingError
from oxmsg.storage import Storage

from pipeline.domain import Message
from pipeline.errors import RefusedRow
from pipeline.read.decoding import to_text
from pipeline.read.mail import attempt, message_of
from pipeline.read.rtf import rtf_words
from pipeline.read.structure import DEPTH_LIMIT

_EMBEDDED_HEADER = 24
_ATTACHMENT_HEADER = 8
_STRING, _STRING8, _BINARY, _OBJECT = 0x001F, 0x001E, 0x0102, 0x000D
_MESSAGE_ID = 0x1035
_REPRESENTING_SMTP = 0x5D02
_SENDERS = (_REPRESENTING_SMTP, 0x0065, pid.PID_SENDER_SMTP_ADDRESS, pid.PID_SENDER_EMAIL_ADDRESS)
_KEPT_HEADERS = ("Message-ID", "Date", "From", "Received", "Auto-Submitted", "X-Autoreply", "Precedence", "Return-Path")
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)


def read_msg(raw: bytes, *, source: str) -> Message | RefusedRow:
    """One Outlook message. Where it has neither text nor HTML, its RTF is read; else a person must look."""
    return attempt(lambda: _message(raw, source), raw=raw, source=source)


def _message(raw: bytes, source: str) -> Message:
    with OleFileIO(io.BytesIO(raw)) as ole:
        if sum(entry.size for entry in ole.direntries if entry) > 2 * len(raw):
            raise ValueError("the streams claim more than the file holds")
        if ole.num_mini_fat_sectors * ole.sector_size > len(raw):
            raise ValueError("the table of small streams claims more than the file holds")
        item = _Item(storage=Storage.from_ole(ole), header=MSG_HDR_OFFSET)
    delivered = item.moment(pid.PID_MESSAGE_DELIVERY_TIME)
    return message_of(_mail(item, depth=0), body=_fingerprint(item), delivered=delivered, raw=raw, source=source)


@dataclass(frozen=True, kw_only=True)
class _Item:
    """A mail or an attachment: its storage, and how many bytes stand before its first property."""

    storage: Storage
    header: int

    def data(self, tag: int, kind: int = _BINARY) -> bytes:
        """A property of any length as it stands; none if there is no such property."""
        name = f"__substg1.0_{tag:04X}{kind:04X}"
        return next((stream.bytes_ for stream in self.storage.streams if stream.name.upper() == name.upper()), b"")

    def text(self, tag: int) -> str:
        """A property as text, by its code page where it is not Unicode."""
        wide = self.data(tag, _STRING)
        text = wide.decode("utf-16-le", "replace") if wide else to_text(self.data(tag, _STRING8), self.encoding())
        return text.rstrip("\x00")

    def encoding(self) -> str | None:
        """The encoding that the message names, if it names one that exists."""
        for tag in (pid.PID_INTERNET_CODEPAGE, pid.PID_MESSAGE_CODEPAGE):
            with suppress(UnrecognizedCodePageError, UnsupportedEncodingError):
                return encoding_from_codepage(int.from_bytes(self.fixed(tag)[:4], "little"))
        return None

    def fixed(self, tag: int) -> bytes:
        """A property of eight bytes; none if there is no such property."""
        table = next(
            (stream.bytes_ for stream in self.storage.streams if stream.name == "__properties_version1.0"), b""
        )
        rows = table[self.header :]
        for _, found, _, value in struct.iter_unpack("<HHI8s", rows[: len(rows) // 16 * 16]):
            if found == tag:
                return bytes(value)
        return b""

    def moment(self, tag: int) -> str:
        """A date as in a mail's header, "" if there is none that a calendar has."""
        ticks = int.from_bytes(self.fixed(tag), "little")
        try:
            return format_datetime(_EPOCH + timedelta(microseconds=ticks // 10)) if ticks else ""
        except OverflowError:
            return ""


def _mail(item: _Item, *, depth: int) -> Mail:
    kind = item.text(pid.PID_MESSAGE_CLASS).upper()
    mail = MIMEMultipart("report" if kind.startswith("REPORT.") else "mixed")
    _write_headers(mail, item, kind)
    encrypted = kind.startswith("IPM.NOTE.SMIME") and not kind.endswith("MULTIPARTSIGNED")
    if not encrypted:
        _write_bodies(mail, item)
    for attachment in _attachments(item):
        mail.attach(_attached(attachment, depth=depth, signed=kind.endswith("SMIME.MULTIPARTSIGNED")))
    return mail


def _write_bodies(mail: Mail, item: _Item) -> None:
    plain = _plain(item)
    if plain is None:
        mail.attach(_a_file())
    for subtype, text in (("plain", plain or ""), ("html", _html(item))):
        if text.strip():
            mail.attach(MIMEText(text, subtype, "utf-8"))


def _write_headers(mail: Mail, item: _Item, kind: str) -> None:
    """As they came over the internet, where Outlook kept them; the rest from its own properties."""
    given = re.sub(r"\AMicrosoft Mail Internet Headers.*\n", "", item.text(pid.PID_TRANSPORT_MESSAGE_HEADERS).lstrip())
    came = HeaderParser().parsestr(given, headersonly=True)
    if came.get_content_type() == "multipart/report":
        mail.replace_header("Content-Type", "multipart/report")
    for name in _KEPT_HEADERS:
        for value in came.get_all(name, []):
            mail[name] = value
    sender = next((address for address in map(item.text, _SENDERS) if "@" in address), "")
    own = {
        "Message-ID": item.text(_MESSAGE_ID),
        "Date": item.moment(pid.PID_CLIENT_SUBMIT_TIME),
        "From": sender and f"<{sender.strip()}>",
        "Auto-Submitted": "auto-replied" if kind.startswith("IPM.NOTE.RULES.") else "",
    }
    for name, value in own.items():
        if value and name not in mail:
            mail[name] = value
    mail["Subject"] = item.text(pid.PID_SUBJECT) or str(came.get("Subject", ""))


def _plain(item: _Item) -> str | None:
    """The plain text, or the words of the RTF where there is nothing else; None if those cannot be read."""
    text = item.text(pid.PID_BODY)
    return text if text.strip() or _html(item).strip() else rtf_words(item.data(pid.PID_RTF_COMPRESSED))


def _html(item: _Item) -> str:
    data = item.data(pid.PID_HTML)
    return to_text(data, item.encoding()) if data else item.text(pid.PID_HTML)


def _attachments(item: _Item) -> list[_Item]:
    return [_Item(storage=inner, header=_ATTACHMENT_HEADER) for inner in item.storage.iter_attachment_storages()]


def _attached(item: _Item, *, depth: int, signed: bool) -> Mail:
    """A mail attached as such; of a signed mail, the mail that was signed; of any other file only that it is there."""
    inner = next((s for s in item.storage.storages if s.name.upper() == f"__SUBSTG1.0_3701{_OBJECT:04X}"), None)
    is_mail = inner is not None and any(stream.name == "__properties_version1.0" for stream in inner.streams)
    if inner is not None and is_mail and depth < DEPTH_LIMIT:
        part: Mail = MIMEBase("message", "rfc822")
        part.attach(_mail(_Item(storage=inner, header=_EMBEDDED_HEADER), depth=depth + 1))
        return part
    if signed:
        return BytesParser().parsebytes(item.data(pid.PID_ATTACH_DATA_BINARY))
    return _a_file()


def _a_file() -> Mail:
    part = MIMEBase("application", "octet-stream")
    part.add_header("Content-Disposition", "attachment", filename="file")
    return part


def _fingerprint(item: _Item) -> str:
    """The words and the attached files, in a form that does not depend on how Outlook laid them out."""
    files = [hashlib.sha256(each.data(pid.PID_ATTACH_DATA_BINARY)).hexdigest() for each in _attachments(item)]
    return "\0".join([_plain(item) or "", _html(item), *files])
