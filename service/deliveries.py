"""Two mails with neither Message-ID nor Date and with the same words: one that came again, or one sent twice? Pure.

Every other mail is told apart by its identity hash. Of these, a server's trace (RFC 5321, 4.4) tells: the same trace is
the same copy, fetched again. Without a trace the same place of the same source is; all else is kept, and linked.
"""

import hashlib
from dataclasses import dataclass, replace
from email.parser import BytesHeaderParser

from pipeline.domain import Channel, Message

_MAIL = ("From", "To", "Subject", "Received", "MIME-Version", "Content-Type")
_DIGITS = 16


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How a message came: from which source, where in it, with which bytes."""

    source: str
    place: str
    raw_sha256: str | None


def delivery_of(message: Message, source: str) -> Delivery:
    """How this message came."""
    digest = hashlib.sha256(message.raw).hexdigest() if message.raw else None
    return Delivery(source=source, place=message.source or "", raw_sha256=digest)


def told_apart(message: Message, source: str, kept: Delivery | None) -> Message:
    """The message, under an id of its own where it may be another than the one that came as `kept` under its id."""
    trace = _trace(message)
    if kept is None or trace is None:
        return message
    came = delivery_of(message, source)
    if came == kept or (trace and came.raw_sha256 == kept.raw_sha256):
        return message
    parts = (came.raw_sha256 or "",) if trace else (came.raw_sha256 or "", came.source, came.place)
    mark = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return replace(message, id=f"{message.id}-{mark}")


def is_told_by_place(message: Message) -> bool:
    """Whether equal bytes may be another sending: nothing dates the mail, and no server left its trace."""
    return _trace(message) is False


def _trace(message: Message) -> bool | None:
    """Whether a server left its trace on a mail that nothing else dates; None where there is no such doubt."""
    if message.channel is not Channel.EMAIL or not message.raw:
        return None
    headers = BytesHeaderParser().parsebytes(message.raw)
    if not any(name in headers for name in _MAIL) or any(headers.get(name) for name in ("Message-ID", "Date")):
        return None
    return "Received" in headers
