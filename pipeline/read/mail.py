"""One mail -> a message. Raw bytes are kept; nothing here raises on a strange mail.

The usual way is the standard library's `email` with its old `compat32` policy: the newer one raises on headers that
real mail has. Where it raises, or finds no words although there are some, `structure` and `words` fall back.
"""

import struct
from collections.abc import Callable
from email.message import Message as Mail

from pipeline.domain import Channel, Message, MessageKind
from pipeline.errors import RefusedRow
from pipeline.read.headers import STRANGE, file_name, first, received_at, sender_of
from pipeline.read.identity import identity
from pipeline.read.layout import plain_lines
from pipeline.read.machine import from_machine, is_report
from pipeline.read.structure import DEPTH_LIMIT, Contents, contents, parse
from pipeline.read.words import own_words, words_of
from pipeline.threads import is_cover

MAIL_LIMIT = 60_000_000
"""Bytes a mail may have with its attachments: one file of 40 MB fits."""

_FILES = frozenset({"image", "audio", "video", "application"})


def read_mail(raw: bytes, *, source: str, envelope: str = "") -> Message | RefusedRow:
    """One mail. `envelope` is the mbox line `From sender date`, stamped by the server at delivery."""
    return attempt(lambda: _parsed(raw, source, envelope), raw=raw, source=source)


def attempt(read: Callable[[], Message], *, raw: bytes, source: str) -> Message | RefusedRow:
    """What `read` makes of `raw`, or a sentence why the file is left to a person."""
    if len(raw) > MAIL_LIMIT:
        return RefusedRow(f"the mail has more than the limit of {MAIL_LIMIT:,} bytes.", source=source, raw=raw)
    try:
        return read()
    except (*STRANGE, OSError, struct.error) as error:
        reason = f"the mail cannot be read ({type(error).__name__}): a person must look at the file."
        return RefusedRow(reason, source=source, raw=raw)


def _parsed(raw: bytes, source: str, envelope: str) -> Message:
    data = plain_lines(raw)
    body = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").partition(b"\n\n")[2].decode("latin-1")
    delivered = " ".join(envelope.split()[2:])
    return message_of(parse(data), body=body, delivered=delivered, raw=raw, source=source)


def message_of(mail: Mail, *, body: str, delivered: str, raw: bytes, source: str) -> Message:
    """A mail as a message. `body` tells it from others with the same headers; `delivered` is a date, "" if unknown."""
    inner, whole = _forwarded(contents(mail))
    words = words_of(inner, with_attached=not is_report(inner.mail))
    subject = first(inner.mail, "Subject")
    headers = [first(mail, name) for name in ("Message-ID", "Date", "From", "Subject")]
    return Message(
        id=identity(Channel.EMAIL, [*headers, body]),
        text=words.text,
        channel=Channel.EMAIL,
        subject=subject,
        received_at=received_at(mail, delivered),
        sender=sender_of(inner.mail),
        source=source,
        kind=_kind(mail, inner, words.text, subject, whole=whole and words.whole),
        by_bytes=True,
        hidden=words.hidden,
        differing=words.differing,
        raw=raw,
    )


def _forwarded(mail: Contents) -> tuple[Contents, bool]:
    """Of a mail that only passes another on as an attachment, the mail passed on, else the mail itself.

    With it, whether everything on the way could be read.
    """
    whole = mail.whole
    for _ in range(DEPTH_LIMIT):
        if is_report(mail.mail) or len(mail.attached) != 1 or not is_cover(own_words(mail).text):
            break
        mail = contents(mail.attached[0])
        whole = whole and mail.whole
    return mail, whole


def _kind(outer: Mail, mail: Contents, text: str, subject: str, *, whole: bool) -> MessageKind:
    if from_machine(outer):
        return MessageKind.MACHINE
    if whole and (text or (subject and not any(map(_is_file, mail.leaves)))):
        return MessageKind.WRITTEN
    return MessageKind.UNREADABLE


def _is_file(leaf: Mail) -> bool:
    return (
        leaf.get_content_maintype() in _FILES
        or leaf.get_content_type() == "message/external-body"
        or bool(file_name(leaf))
    )
