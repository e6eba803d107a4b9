"""What a mail holds beside the words that were scored, read again from its bytes when an officer looks."""

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping

from pipeline.domain import Flag, Message
from pipeline.read.files import read_again
from service.store import ledger

LIMIT = 5_000_000
"""Bytes of a mail that are read while an officer waits for the page."""

_SHOWN = 20_000
_FLAGS = {Flag.HIDDEN.value, Flag.PARTS_DIFFER.value}


@dataclass(frozen=True, kw_only=True)
class Unseen:
    """Words that the mail hides, and its two parts where they say different things."""

    hidden: str = ""
    plain: str = ""
    page: str = ""
    too_large: bool = False


def unseen(connection: Connection, message: RowMapping, decision: RowMapping) -> Unseen:
    """Nothing where no flag says that there is something, or where the bytes are gone."""
    if _FLAGS.isdisjoint(decision["flags"]):
        return Unseen()
    raw = ledger.original(connection, message["id"])
    if raw is None or len(raw) > LIMIT:
        return Unseen(too_large=raw is not None)
    found = read_again(bytes(raw), source=message["place"], channel=None)
    if not isinstance(found, Message):
        return Unseen()
    plain, page = (*found.differing, "", "")[:2]
    return Unseen(hidden=found.hidden[:_SHOWN], plain=plain[:_SHOWN], page=page[:_SHOWN])
