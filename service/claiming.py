"""Who works on an item: a lease that runs out by itself, with a fence that tells a late writer (P7).

No job takes claims back: whether one is in force is asked of the clock each time, so none can get stuck (P8).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from service.audit import record_step
from service.queue import ItemEventKind, QueueItem, QueueName
from service.refusals import TooLate
from service.store import claims, items
from service.turn import Turn
from service.turns import Asking, Turns


@dataclass(frozen=True, kw_only=True)
class Found:
    """The next item of a queue, claimed; None where nothing is free, though others may hold some."""

    item: QueueItem | None
    claimed_by_others: int


class Claiming:
    """Claims last `lease` unless renewed."""

    def __init__(self, turns: Turns, *, lease: timedelta) -> None:
        self._turns = turns
        self._lease = lease

    def claim(self, item_id: int, asking: Asking, *, take_over: str = "") -> QueueItem:
        """Hold an open item. Claiming what one holds renews it.

        `take_over` is the reason to take it from somebody else who holds it.
        """

        def act(connection: Connection, now: datetime) -> QueueItem:
            if asking.version is not None:
                self._turns.begin(connection, item_id, asking, now)
            claimed = claims.claim(connection, item_id, asking.by, now, now + self._lease)
            if claimed is None:
                return self._claim_held(self._turns.begin(connection, item_id, asking, now), take_over)
            return _told(connection, claimed, ItemEventKind.CLAIMED, now)

        return self._turns.once(asking, act)

    def claim_next(self, queue: QueueName, by: str, *, team: str | None = None, passing: Sequence[int] = ()) -> Found:
        """Hold the most urgent undecided item that nobody holds; what is assigned to others is left to them.

        `passing` names items to pass over: the officer left them for later.
        """
        with self._turns.database.writing() as connection:
            now = self._turns.now(connection)
            claimed = claims.claim_next(
                connection, queue, by, team=team, now=now, until=now + self._lease, passing=passing
            )
            others = claims.claimed_by_others(connection, queue, by, now)
            if claimed is not None:
                _told(connection, claimed, ItemEventKind.CLAIMED, now)
        return Found(item=claimed, claimed_by_others=others)

    def renew(self, item_id: int, asking: Asking, fence: int) -> QueueItem:
        """Hold on for the length of the lease from now. The version stays: nothing another sees has changed."""

        def act(turn: Turn) -> None:
            turn.must_hold(fence)
            turn.item = claims.renew(turn.connection, item_id, turn.now + self._lease)

        return self._turns.act(item_id, asking, act)

    def release(self, item_id: int, asking: Asking, fence: int) -> QueueItem:
        """Give an item back."""

        def act(turn: Turn) -> None:
            turn.must_hold(fence)
            turn.move(ItemEventKind.GIVEN_BACK)

        return self._turns.act(item_id, asking, act)

    def _claim_held(self, turn: Turn, take_over: str) -> QueueItem:
        held, until = turn.item.held_at(turn.now), turn.now + self._lease
        if held and held.by == turn.by:
            return claims.renew(turn.connection, turn.item.id, until)
        if held is None or not take_over:
            raise TooLate(turn.standing(), turn.item)
        claimed = claims.take_over(turn.connection, turn.item.id, turn.by, turn.now, until)
        return _told(turn.connection, claimed, ItemEventKind.TAKEN_OVER, turn.now, take_over)


def _told(
    connection: Connection, claimed: QueueItem, kind: ItemEventKind, now: datetime, reason: str = ""
) -> QueueItem:
    by = claimed.claim.by if claimed.claim else ""
    number = items.add_event(connection, kind, claimed, claimed, at=now, actor=by, reason=reason)
    record_step(connection, kind, claimed, event_id=number, by=by, at=now)
    return claimed
