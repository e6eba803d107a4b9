"""Many messages in one transaction: the same rows as one by one, in a fraction of the time.

A commit waits for the disk, and each statement costs as much as a row; a table of a million rows needs few of both.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from pipeline.domain import Decision, Message
from pipeline.errors import RefusedRow
from service.accepting import Accepting, Arrived, Made
from service.aside import in_conflict, set_aside
from service.contacts import ContactKey
from service.imported import Outcome
from service.recognised import Standing, standing, under_kept_id
from service.store import messages as store
from service.store import tables


@dataclass(frozen=True, kw_only=True)
class Became:
    """What became of one of many. `message_id` is "" where it was set aside; `decision` is there where it is new.

    `taken_id` is the id of one set aside because other words have it.
    """

    outcome: Outcome
    message_id: str = ""
    decision: Decision | None = None
    taken_id: str = ""


class Apart:
    """Finds where messages that come in a row must be parted, so that none bears on what is decided about another."""

    def __init__(self, keys_of: Callable[[Message], tuple[ContactKey, ...]]) -> None:
        self._keys_of = keys_of
        self._seen = set[object]()

    def takes(self, found: Message | RefusedRow, *marks_too: object) -> bool:
        """Whether this one may come together with those before it; if so, it does. No two may have a mark in common."""
        marks = self._marks(found) | {*marks_too}
        if not self._seen.isdisjoint(marks):
            return False
        self._seen |= marks
        return True

    def begin(self, found: Message | RefusedRow) -> None:
        """This one is the first of others."""
        self._seen = self._marks(found)

    def _marks(self, found: Message | RefusedRow) -> set[object]:
        return {found.id, *self._keys_of(found)} if isinstance(found, Message) else set()


def all_received(
    connection: Connection,
    found: Sequence[Message | RefusedRow],
    made: dict[str, Made],
    accepting: Accepting,
    arrived: Arrived,
) -> list[Became]:
    """Accept, recognise or set aside each."""
    known = store.known_contents(connection, [one.id for one in found if isinstance(one, Message)])
    became = [_one(connection, one, known, arrived) for one in found]
    new = [
        replace(one, id=met.message_id)
        for one, met in zip(found, became, strict=True)
        if isinstance(one, Message) and met.outcome is Outcome.ACCEPTED
    ]
    decisions = {decision.message_id: decision for decision in accepting.accept(connection, new, made, arrived)}
    arrivals = [
        store.arrival_values(arrived.source, arrived.at, met.outcome.value, met.message_id)
        for met in became
        if met.outcome is not Outcome.REFUSED
    ]
    store.insert_all(connection, tables.arrival, arrivals)
    return [replace(met, decision=decisions.get(met.message_id)) for met in became]


def _one(connection: Connection, found: Message | RefusedRow, known: dict[str, str], arrived: Arrived) -> Became:
    if isinstance(found, RefusedRow):
        set_aside(connection, found, arrived.source, arrived.now)
        return Became(outcome=Outcome.REFUSED)
    message = under_kept_id(connection, found, arrived.source)
    kept = known.get(message.id) if message.id == found.id else store.known_content(connection, message.id)
    place = standing(message, kept)
    if place is Standing.OTHER:
        set_aside(connection, in_conflict(message), arrived.source, arrived.now)
        return Became(outcome=Outcome.REFUSED, taken_id=message.id)
    outcome = Outcome.ACCEPTED if place is Standing.NEW else Outcome.DUPLICATE
    return Became(outcome=outcome, message_id=message.id)
