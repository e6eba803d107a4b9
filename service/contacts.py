"""By what an earlier message of the same resident is found again. Pure.

Whether the organisation has had its chance (annotation guide, Q3; HOS 1.5, LGSCO 1.7) shows in the text or in the
history; this is the history. A key is a hash, so that it can be as long as an address and says nothing by itself.
"""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr
from enum import StrEnum

from pipeline.domain import Message, MessageKind

_NOBODY = frozenset({"noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster"})
"""Local parts from which programs write for many people, and which so tell no resident from another."""


class KeyKind(StrEnum):
    """What two messages have in common."""

    SENDER = "sender"  # the address, without the display name
    CASE = "case"  # the reference of a case
    PROPERTY = "property"  # the reference of a home
    WORDS = "words"  # the same sender and the same words


HISTORY_KINDS = (KeyKind.SENDER, KeyKind.CASE, KeyKind.PROPERTY)
"""What makes an earlier message a prior contact; the same words only link two messages."""


@dataclass(frozen=True, kw_only=True)
class ContactKey:
    """One thing by which later messages find this one."""

    kind: KeyKind
    sha256: str


@dataclass(frozen=True, kw_only=True)
class History:
    """How far back is looked, and which senders are nobody in particular.

    90 days: both stages of the procedure with no extension take 40 working days, with every extension 70 (14 weeks);
    a message of that time belongs to the same matter more likely than not. `own` holds addresses (`repairs@...`) and
    whole domains (`@...`) of the organisation itself, whose officers forward for many residents.
    """

    window: timedelta = timedelta(days=90)
    own: frozenset[str] = field(default=frozenset())

    def keys_of(self, message: Message) -> tuple[ContactKey, ...]:
        """The keys of one message; none of a message that a machine sent."""
        if message.kind is MessageKind.MACHINE:
            return ()
        sender = self._sender(message.sender)
        given = {
            KeyKind.SENDER: sender,
            KeyKind.CASE: _folded(message.case_reference),
            KeyKind.PROPERTY: _folded(message.property_reference),
            KeyKind.WORDS: f"{sender}\x1f{_folded(message.text)}" if sender else "",
        }
        return tuple(contact_key(kind, value) for kind, value in given.items() if value)

    def _sender(self, sender: str) -> str:
        address = sender_of(sender)
        name, _, domain = address.rpartition("@")
        if name in _NOBODY or address in self.own or f"@{domain}" in self.own:
            return ""
        return address


def sender_of(sender: str) -> str:
    """An address without display name and case; plus-tags stay, for they may tell two people apart."""
    try:
        address = parseaddr(sender)[1] if "@" in sender else sender
    except RecursionError:  # nested brackets; they are no address
        address = sender
    return _folded(address)


def contact_key(kind: KeyKind, value: str) -> ContactKey:
    """The key of one value of one kind."""
    return ContactKey(kind=kind, sha256=hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest())


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()
