"""An officer's desk without a model: a database with items in it, and a clock that a test turns."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from pipeline.domain import Label, Route
from service.claiming import Claiming
from service.deadlines import Calendar
from service.queue import QueueItem, QueueName
from service.reviewing import Reviewing
from service.sampling import SecondDraw
from service.second_reading import SecondReading
from service.settings import Nation
from service.store import items, messages
from service.store.audit_tables import audit
from service.store.columns import metadata
from service.store.contacts import Earlier
from service.store.database import Database
from service.store.review_tables import transition
from service.store.reviews import Review
from service.turns import Asking, Turns
from tests.builders import RECEIVED, a_decision, a_message
from tests.rows import add_decision, add_item, add_message

LEASE = timedelta(minutes=10)
START = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)


class Desk:
    """`now` is what the database's clock would say."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.calendar = Calendar(Nation.ENGLAND)
        self.now = START
        turns = Turns(database, now=lambda _connection: self.now)
        self.claiming = Claiming(turns, lease=LEASE)
        self._turns = turns
        self.second_reading = SecondReading(turns)
        self.draws(0)

    def draws(self, second_share: float) -> None:
        """From now on so many verdicts are drawn to be read again."""
        second = SecondDraw(share=second_share)
        self.reviewing = Reviewing(self._turns, self.calendar, answer_days=10, undo_within=LEASE, second=second)

    def clear(self) -> None:
        """As on the first day."""
        self.now = START
        clear(self.database)

    def put(self, queue: QueueName = QueueName.REVIEW, *, received: datetime = RECEIVED, **given: Any) -> QueueItem:
        """A message that has just come in, and its item."""
        message_id = given.pop("message_id", None) or f"m-{os.urandom(6).hex()}"
        with self.database.writing() as connection:
            return put(connection, self.calendar, message_id, queue, received, **given)

    def item(self, item_id: int) -> QueueItem:
        with self.database.reading() as connection:
            found = items.item(connection, item_id)
        assert found is not None
        return found

    def history(self, item_id: int) -> list[str]:
        with self.database.reading() as connection:
            return [event.kind.value for event in items.history(connection, item_id)]

    def fence(self, item_id: int, by: str = "A. Khan") -> int:
        """The fence of a claim just made."""
        return self.claiming.claim(item_id, Asking(by=by)).fence

    def review(self, item_id: int, verdict: Label = Label.COMPLAINT, by: str = "A. Khan", **given: Any) -> QueueItem:
        """Claim and decide."""
        made = a_review(verdict=verdict)
        return self.reviewing.review(item_id, Asking(by=by), self.fence(item_id, by), made, **given)


def clear(database: Database) -> None:
    """Leave nothing but the tables."""
    with database.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            if table not in {transition, audit}:  # the record refuses to forget
                connection.execute(table.delete())


def a_review(**given: Any) -> Review:
    return Review(**{"verdict": Label.COMPLAINT, "saw_suggestion": True, **given})


def put(
    connection: Connection,
    calendar: Calendar,
    message_id: str,
    queue: QueueName,
    received: datetime,
    *,
    complaint: float = 0.5,
    decision: dict[str, Any] | None = None,
    blind: bool = False,
    **message: Any,
) -> QueueItem:
    made = a_decision(complaint, Route(queue.value), message_id=message_id, **decision or {})
    add_message(connection, a_message(id=message_id, **message), "inbox", received, Earlier())
    add_decision(connection, made, received)
    add_item(connection, made, queue, received, calendar.deadlines(received, 5, 10), blind=blind)
    row = messages.item_row(connection, message_id)
    assert row is not None
    return items.item_of(row)


@contextmanager
def a_desk(url: str) -> Iterator[Desk]:
    database = Database(url)
    database.migrate()
    yield Desk(database)
    database.close()
