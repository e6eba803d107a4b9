"""P4: the n-th call of the database fails, for every n until all pass; nothing half-done is ever there."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from pipeline.classify import MessageClassifier
from pipeline.domain import Channel, Message
from pipeline.errors import RefusedRow
from service import quarantine
from service.intake import Intake
from service.store import checks, queues
from service.store import messages as store
from service.store import quarantine as cases
from service.store.checks import Broken
from service.store.database import Database
from tests.builders import COMPLAINT, a_message
from tests.faults import harness

_ENOUGH = 60
"""More calls than one intake makes."""


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    opened.migrate()
    yield opened
    opened.close()


@contextmanager
def failing_at(database: Database, number: int, *, after: bool) -> Iterator[None]:
    """The `number`-th execute or commit raises, before it is done or just after."""
    engine, made = database._engine, [0]

    def count() -> None:
        made[0] += 1
        if made[0] == number:
            raise OperationalError("injected", None, OSError("no answer"))

    def executed(*_given: Any) -> None:
        count()

    real = engine.dialect.do_commit

    def commit(connection: Any) -> None:
        if not after:
            count()
        real(connection)
        if after:
            count()

    moment = "after_cursor_execute" if after else "before_cursor_execute"
    event.listen(engine, moment, executed)
    engine.dialect.do_commit = commit
    try:
        yield
    finally:
        event.remove(engine, moment, executed)
        engine.dialect.do_commit = real


def until_it_passes(database: Database, work: Callable[[int], None], *, after: bool) -> int:
    """Do `work(n)` with the n-th call failing, for n from 1; how many calls it takes until none fails."""
    for number in range(1, _ENOUGH):
        try:
            with failing_at(database, number, after=after):
                work(number)
        except OperationalError:
            assert broken(database) == []
        else:
            return number - 1
    raise AssertionError("it never passes")


def broken(database: Database) -> list[Broken]:
    with database.reading() as connection:
        assert all(row.holds for row in queues.balances(connection))
        return checks.broken(connection)


def there(database: Database, message_id: str) -> list[bool]:
    with database.reading() as connection:
        rows = (store.message_row, store.decision_row, store.item_row)
        return [row(connection, message_id) is not None for row in rows]


@pytest.mark.parametrize("after", [False, True], ids=["before it is done", "after it is done"])
def test_a_message_is_there_whole_or_not_at_all_whichever_call_fails(
    database: Database, classifier: MessageClassifier, after: bool
) -> None:
    intake, sent = harness.an_intake(database, classifier), list[Message]()

    def work(number: int) -> None:
        sent.append(a_message(id=f"m-{number}", text=f"{COMPLAINT} {number}", sender="jo@example.org"))
        intake.receive(sent[-1], source="inbox")

    calls = until_it_passes(database, work, after=after)
    assert calls > 12, "each of the writes was made to fail"
    assert all(len(set(there(database, message.id))) == 1 for message in sent)
    for message in sent:
        intake.receive(message, source="inbox")
    assert harness.faults(url_of(database), sent) == []


@pytest.mark.parametrize("after", [False, True], ids=["before it is done", "after it is done"])
def test_what_is_set_aside_and_settled_is_so_whole_or_not_at_all(
    database: Database, classifier: MessageClassifier, after: bool
) -> None:
    intake = harness.an_intake(database, classifier)
    aside = until_it_passes(database, lambda number: set_aside(intake, number), after=after)
    for number in range(1, aside + 2):
        set_aside(intake, number)
    assert aside > 2
    assert len(waiting(database)) == aside + 1
    settled = until_it_passes(database, lambda _number: settle(database, intake), after=after)
    assert settled > 12
    settle(database, intake)
    assert waiting(database) == []
    found = harness.faults(url_of(database), [])
    assert len(found) == aside + 1
    assert all(fault.startswith("1 too many") for fault in found), "each case is one message"


def set_aside(intake: Intake, number: int) -> None:
    raw = json.dumps({"id": f"r-{number}", "text": f"{COMPLAINT} {number}"}).encode()
    intake.set_aside(RefusedRow("no channel given.", source="in", line=number, raw=raw), source="in")


def settle(database: Database, intake: Intake) -> None:
    list(quarantine.retry_all(database, intake, Channel.NOTE))


def waiting(database: Database) -> list[int]:
    with database.reading() as connection:
        return [case.number for case in cases.waiting(connection)]


def url_of(database: Database) -> str:
    return database._engine.url.render_as_string(hide_password=False)
