"""Officers who do anything, at any time, in any order, and a model of what must come of it (S15)."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pipeline.domain import Label
from service.queue import TRANSITIONS, QueueItem, QueueName
from service.refusals import ActionRefused
from service.store import items
from service.store.reviews import Offer
from service.turns import Asking
from tests.desk import Desk, a_review

OFFICERS = st.sampled_from(["A. Khan", "S. Patel"])
WAYS = {(move.kind, move.before, move.after) for move in TRANSITIONS}


class QueueMachine(RuleBasedStateMachine):
    """One item. Each rule tries something, allowed or not; the invariants say what may never be."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.fences = {"A. Khan": 1, "S. Patel": 1}
        self.done = 0
        self.last: QueueItem | None = None

    @initialize(queue=st.sampled_from(QueueName))
    def receive(self, queue: QueueName) -> None:
        self.item = self.last = self.desk.put(queue)

    def attempt(self, action: Callable[[], QueueItem]) -> QueueItem | None:
        """A refusal changes nothing; what is done is one version and one event on."""
        before = self.desk.item(self.item.id)
        try:
            after = action()
        except ActionRefused:
            assert self.desk.item(self.item.id) == before
            return None
        assert self.desk.item(self.item.id) == after
        assert after.version - before.version in {0, 1}
        self.done += after.version - before.version
        return after

    @rule(by=OFFICERS, take_over=st.sampled_from(["", "ill"]))
    def claim(self, by: str, take_over: str) -> None:
        held = self.desk.item(self.item.id).held_at(self.desk.now)
        got = self.attempt(lambda: self.desk.claiming.claim(self.item.id, Asking(by=by), take_over=take_over))
        if got:
            assert held is None or held.by == by or take_over
            self.fences[by] = got.fence

    @rule(minutes=st.sampled_from([1, 9, 11, -30, 60 * 24]))
    def wait(self, minutes: int) -> None:
        self.desk.now += timedelta(minutes=minutes)

    @rule(by=OFFICERS, verdict=st.sampled_from(Label), asks_for=st.sampled_from(["", "mend it"]))
    def review(self, by: str, verdict: Label, asks_for: str) -> None:
        made = a_review(verdict=verdict)
        self._late_or(
            by, lambda fence: self.desk.reviewing.review(self.item.id, Asking(by=by), fence, made, asks_for=asks_for)
        )

    @rule(by=OFFICERS, step=st.sampled_from(["made", "accepted", "declined"]))
    def offer(self, by: str, step: str) -> None:
        asking, reviewing = Asking(by=by), self.desk.reviewing
        if step == "made":
            self._late_or(by, lambda fence: reviewing.offer(self.item.id, asking, fence, Offer(wording_id="w")))
        else:
            accepted = step == "accepted"
            self._late_or(by, lambda fence: reviewing.answer_offer(self.item.id, asking, fence, accepted=accepted))

    @rule(by=OFFICERS)
    def acknowledge(self, by: str) -> None:
        self._late_or(by, lambda fence: self.desk.reviewing.acknowledge(self.item.id, Asking(by=by), fence))

    @rule(by=OFFICERS)
    def hand_over(self, by: str) -> None:
        self._late_or(by, lambda fence: self.desk.reviewing.hand_over(self.item.id, Asking(by=by), fence, "C-1"))

    @rule(by=OFFICERS)
    def renew_or_release(self, by: str) -> None:
        self._late_or(by, lambda fence: self.desk.claiming.renew(self.item.id, Asking(by=by), fence))
        self._late_or(by, lambda fence: self.desk.claiming.release(self.item.id, Asking(by=by), fence))

    @rule(by=OFFICERS, what=st.sampled_from(["extend", "reopen", "undo", "assign"]))
    def other(self, by: str, what: str) -> None:
        asking, reviewing, number = Asking(by=by), self.desk.reviewing, self.item.id
        actions: dict[str, Callable[[], QueueItem]] = {
            "extend": lambda: reviewing.extend(number, asking, "surveyor"),
            "reopen": lambda: reviewing.reopen(number, asking, "again"),
            "undo": lambda: reviewing.undo(number, asking),
            "assign": lambda: reviewing.assign(number, asking, "Repairs"),
        }
        self.attempt(actions[what])

    def _late_or(self, by: str, action: Callable[[int], QueueItem]) -> None:
        """Only the last claim's holder writes, under its fence."""
        before, fence = self.desk.item(self.item.id), self.fences[by]
        if self.attempt(lambda: action(fence)):
            assert before.claim is not None
            assert (before.claim.by, before.fence) == (by, fence)

    @invariant()
    def every_move_has_one_event_and_is_listed(self) -> None:
        if self.last is None:
            return
        with self.desk.database.reading() as connection:
            history = items.history(connection, self.item.id)
        now = self.desk.item(self.item.id)
        assert [event.version for event in history] == list(range(1, self.done + 1))
        assert now.version == self.done
        standing = (self.item.status, self.item.queue, self.item.answer_by)
        for event in history:
            assert (event.kind, event.from_status, event.to_status) in WAYS
            assert (event.from_status, event.from_queue, event.from_answer_by) == standing
            standing = (event.to_status, event.to_queue, event.to_answer_by)
        assert (now.status, now.queue, now.answer_by) == standing

    @invariant()
    def the_clock_runs_from_receipt_and_the_fence_only_grows(self) -> None:
        if self.last is None:
            return
        now = self.desk.item(self.item.id)
        assert (now.received_at, now.acknowledge_by) == (self.item.received_at, self.item.acknowledge_by)
        assert now.fence >= self.last.fence
        self.last = now
