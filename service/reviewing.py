"""What officers decide about an item: review, offer, acknowledge, hand over, extend, reopen, undo.

A claim is for working on an item and ends with the decision; an assignment says who is responsible. Deciding needs the
fence of the claim, so that who was away too long cannot write over who came after (P7, P22).
"""

from datetime import date, timedelta

from pipeline.domain import Label
from service.deadlines import Calendar
from service.queue import REVIEWED, UNDOABLE, ItemEventKind, QueueItem
from service.refusals import NoSuchItem, TooLate
from service.sampling import SecondDraw
from service.store import cases, items, second_readings
from service.store import reviews as store
from service.store.items import ItemEvent
from service.store.reviews import Offer, Review
from service.turn import Turn
from service.turns import Asking, Turns

EXTENSION_DAYS = 10
"""Working days, once and with reasons: HOS and LGSCO 6.4."""


class Reviewing:
    """The decisions. Each is one turn at one item."""

    def __init__(
        self, turns: Turns, calendar: Calendar, *, answer_days: int, undo_within: timedelta, second: SecondDraw
    ) -> None:
        self._turns = turns
        self._calendar = calendar
        self._answer_days = answer_days
        self._undo_within = undo_within
        self._second = second

    def review(self, item_id: int, asking: Asking, fence: int, verdict: Review, *, asks_for: str = "") -> QueueItem:
        """Decide. A complaint goes to stage 1, its clock running from receipt; a service request is recorded.

        `asks_for` says what is asked for; with a complaint verdict it makes a request beside the complaint (HOS 1.5).
        """

        def act(turn: Turn) -> None:
            turn.must_hold(fence)
            event = self._decided(turn, verdict)
            if asks_for or verdict.verdict is Label.SERVICE_REQUEST:
                store.add_request(turn.connection, event, turn.item.message_id, asks_for, turn.now)

        return self._turns.act(item_id, asking, act)

    def review_as_listed(self, item_id: int, asking: Asking, verdict: Review) -> QueueItem:
        """Decide an item that was read in a list, where it is still as it was there and nobody else works on it.

        No claim is needed, for reading and deciding are one step: `asking.version` tells whether it has changed.
        """

        def act(turn: Turn) -> None:
            turn.must_be_free()
            turn.must_be(not turn.item.is_hidden, "It is of the blind sample: decide it on its own page.")
            event = self._decided(turn, verdict)
            if verdict.verdict is Label.SERVICE_REQUEST:
                store.add_request(turn.connection, event, turn.item.message_id, "", turn.now)

        return self._turns.act(item_id, asking, act)

    def _decided(self, turn: Turn, verdict: Review) -> int:
        """The event of the verdict, which may be drawn to be read again."""
        event = turn.move(REVIEWED[verdict.verdict], reason=verdict.reason)
        store.add_review(turn.connection, event, verdict)
        if self._second.draws(turn.item.message_id):
            second_readings.draw(turn.connection, event, turn.item.id, self._second.share, turn.now)
        return event

    def offer(self, item_id: int, asking: Asking, fence: int, made: Offer, *, reason: str = "") -> QueueItem:
        """Record that the resident was told how to complain (HOS 1.3, 1.6)."""

        def act(turn: Turn) -> None:
            turn.must_hold(fence)
            store.add_offer(turn.connection, turn.move(ItemEventKind.OFFERED, reason=reason), made)

        return self._turns.act(item_id, asking, act)

    def answer_offer(self, item_id: int, asking: Asking, fence: int, *, accepted: bool, reason: str = "") -> QueueItem:
        """Record what the resident said. Accepted: a complaint at stage 1, its clock running from receipt."""
        kind = ItemEventKind.OFFER_ACCEPTED if accepted else ItemEventKind.OFFER_DECLINED

        def act(turn: Turn) -> None:
            turn.must_hold(fence)
            turn.move(kind, reason=reason)

        return self._turns.act(item_id, asking, act)

    def acknowledge(self, item_id: int, asking: Asking, fence: int, on: date | None = None) -> QueueItem:
        """Record that the complaint was acknowledged, today if no day is given.

        The answer is due ten working days later (HOS and LGSCO 6.3); a late acknowledgement gains no time.
        """

        def act(turn: Turn) -> None:
            turn.must_hold(fence)
            today, received = self._calendar.day(turn.now), self._calendar.day(turn.item.received_at)
            day = on or today
            turn.must_be(received <= day <= today, f"Acknowledge between receipt ({received}) and today ({today}).")
            due = self._calendar.later(day, self._answer_days + (EXTENSION_DAYS if turn.item.extended_on else 0))
            turn.move(ItemEventKind.ACKNOWLEDGED, acknowledged_on=day, answer_by=min(due, turn.item.answer_by))

        return self._turns.act(item_id, asking, act)

    def hand_over(self, item_id: int, asking: Asking, fence: int, reference: str) -> QueueItem:
        """The case system has it now, under this reference."""

        def act(turn: Turn) -> None:
            turn.must_hold(fence)
            turn.move(ItemEventKind.HANDED_OVER, reason=f"Case {reference}", case_reference=reference)

        return self._turns.act(item_id, asking, act)

    def extend(self, item_id: int, asking: Asking, reason: str) -> QueueItem:
        """Ten more working days to answer, once; the resident is told the reason (HOS and LGSCO 6.4, 6.5)."""

        def act(turn: Turn) -> None:
            turn.must_be_free()
            if turn.item.extended_on:
                raise TooLate(
                    f"Item {item_id} was extended on {turn.item.extended_on}. It can be extended once.", turn.item
                )
            due = self._calendar.later(turn.item.answer_by, EXTENSION_DAYS)
            today = self._calendar.day(turn.now)
            turn.move(ItemEventKind.EXTENDED, reason=reason, answer_by=due, extended_on=today)

        return self._turns.act(item_id, asking, act)

    def reopen(self, item_id: int, asking: Asking, reason: str) -> QueueItem:
        """Decide again, in review; what was handed over comes back to stage 1. The clock has run on since receipt."""

        def act(turn: Turn) -> None:
            turn.must_be_free()
            turn.move(ItemEventKind.REOPENED, reason=reason)

        return self._turns.act(item_id, asking, act)

    def assign(self, item_id: int, asking: Asking, to: str | None) -> QueueItem:
        """Make an officer or team responsible, or nobody. It does not claim the item."""

        def act(turn: Turn) -> None:
            turn.move(ItemEventKind.ASSIGNED, reason=to or "nobody", assigned_to=to)

        return self._turns.act(item_id, asking, act)

    def link(self, item_id: int, asking: Asking, message_id: str) -> QueueItem:
        """Put another message in the case of this one."""

        def act(turn: Turn) -> None:
            turn.must_be(message_id != turn.item.message_id, "A message cannot be linked to itself.")
            if not cases.exists(turn.connection, message_id):
                raise NoSuchItem("There is no message with the id to link.", turn.item)
            if cases.link(turn.connection, turn.item.message_id, message_id, at=turn.now, by=turn.by):
                turn.move(ItemEventKind.LINKED, reason=message_id)

        return self._turns.act(item_id, asking, act)

    def unlink(self, item_id: int, asking: Asking, message_id: str) -> QueueItem:
        """Take another message out of the case of this one."""

        def act(turn: Turn) -> None:
            if not cases.unlink(turn.connection, turn.item.message_id, message_id):
                raise NoSuchItem("That message is not in the case of this item.", turn.item)
            turn.move(ItemEventKind.UNLINKED, reason=message_id)

        return self._turns.act(item_id, asking, act)

    def undo(self, item_id: int, asking: Asking) -> QueueItem:
        """Take back one's own last decision, once, within the time set. Nothing is deleted: an event leads back."""

        def act(turn: Turn) -> None:
            turn.must_be_free()
            event = self._to_undo(turn)
            turn.write(
                ItemEventKind.UNDONE,
                undoes=event.id,
                reason=event.kind.value,
                status=event.from_status,
                queue=event.from_queue,
                answer_by=event.from_answer_by,
                **_UNDONE.get(event.kind, {}),
            )
            store.withdraw_request(turn.connection, event.id, turn.now)

        return self._turns.act(item_id, asking, act)

    def _to_undo(self, turn: Turn) -> ItemEvent:
        found = items.last_event(turn.connection, turn.item.id, tuple(UNDOABLE))
        if found is None or found[1]:
            raise TooLate(f"Nothing is left to undo on item {turn.item.id}. Reopen it instead.", turn.item)
        event = found[0]
        if event.actor != turn.by:
            raise TooLate(f"{event.actor} did that, so only they can undo it. Reopen it instead.", turn.item)
        if not event.at <= turn.now < event.at + self._undo_within:
            minutes = int(self._undo_within.total_seconds() // 60)
            raise TooLate(f"That was more than {minutes} minutes ago. Reopen the item instead.", turn.item)
        return event


_UNDONE: dict[ItemEventKind, dict[str, None]] = {
    ItemEventKind.ACKNOWLEDGED: {"acknowledged_on": None},
    ItemEventKind.EXTENDED: {"extended_on": None},
    ItemEventKind.HANDED_OVER: {"case_reference": None},
}
"""What else goes back to how it was."""
