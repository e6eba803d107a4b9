"""A second officer reads what another has decided, without seeing that decision; it changes nothing about the item."""

from service.audit import record
from service.audit_chain import AuditEvent, Plain
from service.queue import QueueItem
from service.refusals import NoSuchItem, TooLate
from service.store import second_readings as store
from service.store.second_readings import Drawn, SecondVerdict
from service.turn import Turn
from service.turns import Asking, Turns


class SecondReading:
    """Second readings. Each is one turn at one item, so that no decision on it is taken back meanwhile."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns

    def read(self, event_id: int, asking: Asking, made: SecondVerdict) -> QueueItem:
        """Keep what a second reader says of the message of a verdict that was drawn."""

        def act(turn: Turn) -> None:
            found = _must_wait(turn, event_id)
            if not store.keep(turn.connection, event_id, made, by=turn.by, at=turn.now):
                raise _read_already(found, turn)
            _record(turn, "item.read_again", found, verdict=made.verdict.value)

        return self._turns.act(self._item(event_id), asking, act)

    def settle(self, event_id: int, asking: Asking) -> QueueItem:
        """Keep that the first verdict is right though a second reader differs: for anybody but who made it."""

        def act(turn: Turn) -> None:
            found = store.drawn(turn.connection, event_id)
            turn.must_be(
                found is not None and found.second is not None and not found.agree,
                "There is no second reading that differs.",
            )
            assert found is not None  # noqa: S101  # said just now
            turn.must_be(
                turn.by != found.first_by,
                f"The first decision on item {found.item_id} is your own: the second reader or a colleague settles it.",
            )
            if not store.settle(turn.connection, event_id, by=turn.by, at=turn.now):
                raise TooLate(f"{found.settled_by} has settled item {found.item_id} already.", turn.item)
            _record(turn, "item.difference_settled", found)

        return self._turns.act(self._item(event_id), asking, act)

    def _item(self, event_id: int) -> int:
        with self._turns.database.reading() as connection:
            found = store.drawn(connection, event_id)
        if found is None:
            raise NoSuchItem("There is no such second reading.")
        return found.item_id


def _record(turn: Turn, kind: str, found: Drawn, **more: Plain) -> None:
    detail: dict[str, Plain] = {"message": found.message_id, "event": found.event_id, **more}
    about = f"item:{found.item_id}"
    record(turn.connection, AuditEvent(at=turn.now, kind=kind, actor=turn.by, about=about, detail=detail))


def _must_wait(turn: Turn, event_id: int) -> Drawn:
    found = store.drawn(turn.connection, event_id)
    if found is None or found.removed:
        raise NoSuchItem(f"The message of item {turn.item.id} is no longer here.", turn.item)
    if found.read_by:
        raise _read_already(found, turn)
    if not found.stands:
        raise TooLate(f"The first decision on item {found.item_id} was taken back meanwhile.", turn.item)
    mine = not store.may_read(turn.connection, event_id, turn.by)
    turn.must_be(not mine, f"You have decided item {found.item_id} yourself: somebody else must read it.")
    return found


def _read_already(found: Drawn, turn: Turn) -> TooLate:
    if found.read_by == turn.by:
        return TooLate(f"You have read item {found.item_id} again already.", turn.item)
    return TooLate(f"{found.read_by or 'A colleague'} has read item {found.item_id} meanwhile.", turn.item)
