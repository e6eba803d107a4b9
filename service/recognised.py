"""Whether a message was received before, and under which id it is kept.

Words are what a reader makes of bytes, and a later version of it may make others: a mail is known again by its bytes
(P2). Where somebody gave the id, it is the words that tell (B2).
"""

from dataclasses import replace
from enum import Enum, auto

from sqlalchemy import Connection

from pipeline.domain import Channel, Message
from service.deliveries import is_told_by_place, told_apart
from service.store import messages as store


class Standing(Enum):
    """What a message is to those that are kept."""

    NEW = auto()  # nothing is kept under its id
    AGAIN = auto()  # it is kept
    OTHER = auto()  # what is kept under its id has other words


def under_kept_id(connection: Connection, message: Message, source: str) -> Message:
    """The message under the id by which it is kept, if it is. Only mail can be kept under another."""
    if message.channel is not Channel.EMAIL or not message.raw:
        return message
    known = store.delivery(connection, message.id)
    if known is None and message.by_bytes:
        return _by_bytes(connection, message, source)
    return told_apart(message, source, known)


def standing(message: Message, known: str | None) -> Standing:
    """`known` is the content hash kept under its id, or None."""
    if known is None:
        return Standing.NEW
    same = message.by_bytes or known == store.content_sha256(message)
    return Standing.AGAIN if same else Standing.OTHER


def _by_bytes(connection: Connection, message: Message, source: str) -> Message:
    """A reader that reads the headers anew may make another id of the very same bytes."""
    for kept_id, kept in store.same_bytes(connection, store.raw_sha256(message) or ""):
        if not is_told_by_place(message) or (kept.source, kept.place) == (source, message.source or ""):
            return replace(message, id=kept_id)
    return message
