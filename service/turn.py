"""One officer's turn at one item, inside one transaction: what may be done is checked, done and written down here."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from service.audit import record_step
from service.outbox import Outbox
from service.queue import CLOSED, ItemEventKind, QueueItem, QueueStatus, queue_after, status_after
from service.refusals import NotPossible, TooLate
from service.store import items

_KEEPS_CLAIM = frozenset({ItemEventKind.ASSIGNED, ItemEventKind.LINKED, ItemEventKind.UNLINKED, ItemEventKind.EXTENDED})
"""What an officer does besides the decision; anything else ends the claim."""


@dataclass(kw_only=True)
class Turn:
    """The item is locked until the transaction ends; `item` is as last written."""

    connection: Connection
    item: QueueItem
    by: str
    now: datetime
    outbox: Outbox

    def must_hold(self, fence: int) -> None:
        """Refuse a late write: the claim named must be the last one, though it may have run out meanwhile (P7)."""
        claim = self.item.claim
        if claim is None or claim.by != self.by or self.item.fence != fence:
            advice = "" if self.item.status in CLOSED else " Claim it, then decide."
            raise TooLate(self.standing() + advice, self.item)

    def must_be_free(self) -> None:
        """Refuse where somebody else is working on it."""
        claim = self.item.held_at(self.now)
        if claim and claim.by != self.by:
            raise TooLate(self.standing(), self.item)

    def move(self, kind: ItemEventKind, *, reason: str = "", **changes: Any) -> int:
        """Do it, with its event; answers the event's id."""
        before = self.item
        status = status_after(kind, before.status)
        if status is None:
            raise TooLate(f"{self.standing()} So it cannot be {_DONE.get(kind, kind.value.replace('_', ' '))}.", before)
        changes = {"status": status, "queue": queue_after(kind, status, before.queue), **changes}
        return self.write(kind, reason=reason, **changes)

    def write(self, kind: ItemEventKind, *, reason: str = "", undoes: int | None = None, **changes: Any) -> int:
        """Write the item as changed and its event."""
        before = self.item
        changed = replace(before, version=before.version + 1, **changes)
        closed = changed.status in CLOSED
        if closed != (before.status in CLOSED):
            changed = replace(changed, closed_at=self.now if closed else None)
        if closed or kind not in _KEEPS_CLAIM:
            changed = replace(changed, claim=None)
        number = items.add_event(
            self.connection, kind, before, changed, at=self.now, actor=self.by, reason=reason, undoes=undoes
        )
        if not items.save(self.connection, changed):
            raise TooLate("Somebody changed this item at the same moment. Read it again.", before)
        self.outbox.moved(self.connection, kind, changed, event_id=number, undoes=undoes, now=self.now)
        record_step(self.connection, kind, changed, event_id=number, by=self.by, at=self.now, undoes=undoes)
        self.item = changed
        return number

    def standing(self) -> str:
        """Who holds the item, or who did what with it last, as a sentence."""
        claim = self.item.held_at(self.now)
        if claim:
            who = "You hold" if claim.by == self.by else f"{claim.by} holds"
            return f"{who} item {self.item.id} until {claim.until:%H:%M} UTC (claim {claim.fence})."
        moved = items.last_event(self.connection, self.item.id, _TELLING)
        if moved is None or self.item.status is QueueStatus.NEW:
            return f"Nobody holds item {self.item.id}."
        event = moved[0]
        return (
            f"Item {self.item.id} stands at {_shown(self.item.status)} since {event.actor} "
            f"worked on it at {event.at:%H:%M} UTC on {event.at:%-d %B %Y}."
        )

    def must_be(self, fits: bool, why: str) -> None:  # noqa: FBT001  # reads as a sentence
        """Refuse what does not fit."""
        if not fits:
            raise NotPossible(why, self.item)


def _shown(status: QueueStatus) -> str:
    return f'"{status.value.replace("_", " ")}"'


_TELLING = tuple(
    kind
    for kind in ItemEventKind
    if kind not in {ItemEventKind.CLAIMED, ItemEventKind.TAKEN_OVER, ItemEventKind.GIVEN_BACK, *_KEEPS_CLAIM}
)
_DONE = {
    ItemEventKind.CONFIRMED: "reviewed",
    ItemEventKind.FOUND_SERVICE_REQUEST: "reviewed",
    ItemEventKind.FOUND_OTHER: "reviewed",
    ItemEventKind.OFFERED: "offered the choice to complain",
    ItemEventKind.OFFER_ACCEPTED: "accepted: no offer is open",
    ItemEventKind.OFFER_DECLINED: "declined: no offer is open",
}
