"""`heard reconcile` can fail: each relation is broken by hand in turn, and found."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, update

from pipeline.domain import Channel
from pipeline.errors import RefusedRow
from service import quarantine
from service.api.context import Context
from service.store import checks, queues
from service.store import quarantine as cases
from service.store.tables import arrival, decision, event, message, queue_item
from service.store.tables import quarantine as case
from tests.builders import COMPLAINT, RECEIVED, a_message
from tests.conftest import heard

BREAKS: dict[str, Any] = {
    "each accepted arrival has its message": lambda: update(arrival).where(arrival.c.id == 1).values(message_id="gone"),
    "each accepted arrival has a decision": lambda: delete(decision).where(decision.c.message_id == "m-1"),
    "each message was accepted exactly once": lambda: delete(arrival).where(arrival.c.id == 1),
    "each message has a decision": lambda: delete(decision).where(decision.c.message_id == "m-1"),
    "each decision that an officer must see has an item": lambda: delete(queue_item),
    "each item has a decision": lambda: delete(decision).where(decision.c.message_id == "r-1"),
    "each duplicate has an original": lambda: update(arrival).where(arrival.c.id == 2).values(message_id="gone"),
    "each arrival set aside has a case that waits": lambda: delete(case).where(case.c.settled_at.is_(None)),
    "each case has an arrival of its kind": lambda: update(case).values(settled_at=None),
    "each message was received and decided once": lambda: delete(event),
}


@pytest.fixture
def filled(context: Context) -> Context:
    """A message, its duplicate, a case that waits and one that was settled."""
    for _ in range(2):
        context.intake.receive(a_message(), source="inbox")
    for number, line in enumerate((b'{"id": "r-1", "text": "' + COMPLAINT.encode() + b'"}', b"{"), start=1):
        refused = RefusedRow("refused.", source=f"in.jsonl#{number}", line=number, raw=line)
        context.intake.set_aside(refused, source="in.jsonl")
    with context.database.reading() as connection:
        first = cases.waiting(connection)[0].number
    quarantine.retry(context.database, context.intake, first, Channel.NOTE)
    return context


def unchecked(context: Context, change: Callable[[Connection], object]) -> None:
    """Change the tables behind the back of their foreign keys and triggers."""
    with context.database._engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.rollback()
            raw = connection.connection.dbapi_connection
            assert raw is not None
            raw.execute("PRAGMA foreign_keys=OFF")
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        with connection.begin() if not connection.in_transaction() else connection.get_transaction() as _:
            change(connection)
        connection.invalidate()


def test_what_came_in_by_every_way_reconciles(filled: Context) -> None:
    with filled.database.reading() as connection:
        assert checks.broken(connection) == []
        assert [row.holds for row in queues.balances(connection)] == [True, True]
    done = heard("reconcile", "--database", filled.settings.database)
    assert (done.returncode, "DOES NOT HOLD" in done.stdout) == (0, False)


def test_every_relation_is_broken_by_a_test_of_its_own() -> None:
    assert BREAKS.keys() == checks.RELATIONS.keys()


@pytest.mark.parametrize("relation", BREAKS)
def test_a_broken_relation_is_found_and_named(filled: Context, relation: str) -> None:
    unchecked(filled, lambda connection: connection.execute(BREAKS[relation]()))
    with filled.database.reading() as connection:
        assert relation in {found.relation for found in checks.broken(connection)}


def test_the_command_says_what_does_not_hold_and_exits_with_1(filled: Context) -> None:
    unchecked(filled, lambda connection: connection.execute(delete(queue_item)))
    done = heard("reconcile", "--database", filled.settings.database)
    assert done.returncode == 1
    assert "DOES NOT HOLD: each decision that an officer must see has an item. Not so: m-1, r-1." in done.stdout
    assert COMPLAINT[:20] not in done.stdout


def test_many_of_what_does_not_hold_are_counted_and_the_first_named(filled: Context) -> None:
    copies = [{**an_arrival(), "source": f"copy-{number}"} for number in range(8)]
    unchecked(filled, lambda connection: connection.execute(insert(arrival), copies))
    with filled.database.reading() as connection:
        (found,) = [one for one in checks.broken(connection) if one.relation == "each accepted arrival has its message"]
    assert (found.count, len(found.which)) == (8, checks.SHOWN)


def an_arrival() -> dict[str, Any]:
    return {"arrived_at": RECEIVED, "day": RECEIVED.date(), "outcome": "accepted", "message_id": message.name}
