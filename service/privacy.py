"""The words of privacy: what a hold covers, what a resident may ask for. Pure."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from service.contacts import KeyKind, contact_key, sender_of
from service.periods import Removal


class HoldKind(StrEnum):
    """By what a hold finds the messages it keeps."""

    SENDER = "sender"  # all of one resident
    MESSAGE = "message"  # one
    CASE = "case"  # all with one case reference


class RequestKind(StrEnum):
    """What a resident asked for."""

    ACCESS = "access"  # UK GDPR Art. 15
    ERASURE = "erasure"  # UK GDPR Art. 17


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What may be removed: a message as holds and classes see it. `cases` are the case references it has."""

    id: str
    sender: str
    cases: frozenset[str]
    why: Removal


@dataclass(frozen=True, kw_only=True)
class Hold:
    """What stops a removal, as for a case that is with the Ombudsman."""

    id: int
    kind: HoldKind
    value: str
    reason: str
    added_by: str
    added_at: datetime


def sender_sha256(sender: str) -> str:
    """The hash under which holds, requests and the erase list know a resident: that of the contact key."""
    return contact_key(KeyKind.SENDER, sender_of(sender)).sha256


def is_held(kept: Kept, holds: Collection[tuple[HoldKind, str]]) -> bool:
    """Whether one of `holds` (kind and value) covers the message."""
    if not holds:
        return False
    mine = {(HoldKind.MESSAGE, kept.id), *((HoldKind.CASE, case) for case in kept.cases)}
    if kept.sender:
        mine.add((HoldKind.SENDER, sender_sha256(kept.sender)))
    return not mine.isdisjoint(holds)
