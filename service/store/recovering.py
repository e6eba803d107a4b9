"""From the hashes of an erase list back to addresses that a restored backup still holds."""

import re
from collections.abc import Iterator

from sqlalchemy import Connection, select

from service.contacts import sender_of
from service.privacy import sender_sha256
from service.store.erasure import NOTES
from service.store.tables import message, quarantine

_READ_AT_ONCE = 1_000
_BYTES_AT_ONCE = 20
_ADDRESS = re.compile(r"[^\s<>\"'(),;:\\\[\]@\x00]+@[^\s<>\"'(),;:\\\[\]@\x00]+")


def addresses_of(connection: Connection, wanted: set[str]) -> dict[str, str]:
    """The address behind each hash of `wanted` that occurs anywhere: as a sender, in what was set aside, in a note."""
    found: dict[str, str] = {}
    for address in _addresses(connection):
        digest = sender_sha256(address)
        if digest in wanted:
            found[digest] = address
    return found


def _addresses(connection: Connection) -> Iterator[str]:
    senders = select(message.c.sender).where(message.c.sender != "").distinct()
    for sender in connection.scalars(senders.execution_options(yield_per=_READ_AT_ONCE)):
        yield sender_of(sender)
    for raw in connection.scalars((select(quarantine.c.raw)).execution_options(yield_per=_BYTES_AT_ONCE)):
        yield from _in_words(bytes(raw).decode("utf-8", "replace"))
        yield from _in_words(bytes(raw).replace(b"\x00", b"").decode("utf-8", "replace"))  # UTF-16, as Outlook's
    for table, _, name in NOTES:
        notes = select(table.c[name]).where(table.c[name].contains("@"))
        for words in connection.scalars(notes.execution_options(yield_per=_READ_AT_ONCE)):
            yield from _in_words(words)


def _in_words(words: str) -> Iterator[str]:
    for found in _ADDRESS.findall(words):
        yield sender_of(found.rstrip(".").removeprefix("mailto:"))
