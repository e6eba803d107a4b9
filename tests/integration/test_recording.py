"""What several senders bring at the same moment is written together, and each hears only of their own."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from pipeline.domain import Message
from service.accepting import Accepting
from service.api.context import Context
from service.deadlines import Calendar
from service.received import IdInUse, KeyInUse, Received
from service.recording import LARGEST, Asked, Recorder
from service.settings import Nation
from service.store import checks, tables
from tests.builders import RECEIVED, a_message


class Held:
    """A recorder whose first transaction waits until it is let go: what is asked meanwhile waits in line."""

    def __init__(self, context: Context) -> None:
        self._writing, self._go = threading.Event(), threading.Event()
        accepting = Accepting(context.classifier, Calendar(Nation.ENGLAND))
        self._recorder = Recorder(context.database, accepting, self._now)
        self._pool = ThreadPoolExecutor(3 * LARGEST)

    def _now(self) -> Any:
        self._writing.set()
        assert self._go.wait(30)
        return RECEIVED

    @contextmanager
    def holding(self) -> Iterator["Held"]:
        """The first one is being written until the block ends."""
        self._submit(a_message(id="first", sender=""))
        assert self._writing.wait(30)
        yield self
        self._go.set()
        self._pool.shutdown()

    def ask(self, message: Message, key: str | None = None, body: str = "") -> "Future[Received]":
        """Answers when it is in line."""
        waiting = len(self._recorder._line) + 1
        future = self._submit(message, key, body)
        until = time.monotonic() + 30
        while len(self._recorder._line) < waiting:
            assert time.monotonic() < until
            time.sleep(0.001)
        return future

    def _submit(self, message: Message, key: str | None = None, body: str = "") -> "Future[Received]":
        asked = Asked(message=message, made={}, source="http", arrived_at=RECEIVED, key=key, body_sha256=body)
        return self._pool.submit(self._recorder.record, asked)


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages were in each transaction, in order."""
    sizes: list[int] = []
    write = Recorder._write

    def noted(recorder: Recorder, batch: Any) -> None:
        sizes.append(len(batch))
        write(recorder, batch)

    monkeypatch.setattr(Recorder, "_write", noted)
    return sizes


def kept(context: Context) -> set[str]:
    with context.database.reading() as connection:
        assert checks.broken(connection) == []
        return set(connection.scalars(select(tables.message.c.id)))


def test_what_waits_while_another_is_written_is_written_together(context: Context, transactions: list[int]) -> None:
    with Held(context).holding() as held:
        asked = [held.ask(a_message(id=f"m-{n}", sender="")) for n in range(LARGEST + 3)]
    assert [one.result() for one in asked] == [Received(message_id=f"m-{n}", new=True) for n in range(LARGEST + 3)]
    assert transactions == [1, LARGEST, 3]
    assert len(kept(context)) == LARGEST + 4


def test_two_of_one_resident_or_id_or_key_are_written_one_after_the_other(
    context: Context, transactions: list[int]
) -> None:
    with Held(context).holding() as held:
        held.ask(a_message(id="a", sender="r@example.org", received_at=RECEIVED - timedelta(minutes=1)))
        later = held.ask(a_message(id="b", sender="r@example.org"))
        again = held.ask(a_message(id="b", sender="r@example.org"))
        keyed = held.ask(a_message(id="c", sender=""), "k", "x")
        repeated = held.ask(a_message(id="c", sender=""), "k", "x")
        other_body = held.ask(a_message(id="d", sender=""), "k", "y")
    assert transactions == [1, 1, 1, 2, 1, 1]
    with context.database.reading() as connection:
        prior = connection.scalar(select(tables.message.c.prior_ids).where(tables.message.c.id == "b"))
    assert prior == ["a"]
    assert (later.result().new, again.result().new, keyed.result().again) == (True, False, False)
    assert repeated.result() == Received(message_id="c", new=True, again=True)
    with pytest.raises(KeyInUse):
        other_body.result()
    assert kept(context) == {"first", "a", "b", "c"}


def test_one_that_conflicts_is_told_so_and_those_beside_it_are_taken(context: Context, transactions: list[int]) -> None:
    context.intake.receive(a_message(id="old"), source="http")
    transactions.clear()
    with Held(context).holding() as held:
        asked = [held.ask(a_message(id=name, sender="", text=f"Words of {name}")) for name in ("x", "old", "y")]
    assert transactions == [1, 3]
    assert (asked[0].result().new, asked[2].result().new) == (True, True)
    with pytest.raises(IdInUse, match="old was received before"):
        asked[1].result()
    assert kept(context) == {"old", "first", "x", "y"}


def test_one_that_cannot_be_written_does_not_spoil_those_beside_it(
    context: Context, monkeypatch: pytest.MonkeyPatch, transactions: list[int]
) -> None:
    values = tables_rows(monkeypatch, lambda message: message.id == "bad")
    with Held(context).holding() as held:
        asked = [held.ask(a_message(id=name, sender="")) for name in ("x", "bad", "y")]
    assert (asked[0].result().new, asked[2].result().new) == (True, True)
    with pytest.raises(ZeroDivisionError):
        asked[1].result()
    assert (transactions, values) == ([1, 3, 1, 1, 1], ["bad", "bad"])
    assert kept(context) == {"first", "x", "y"}


def tables_rows(monkeypatch: pytest.MonkeyPatch, spoils: Callable[[Message], bool]) -> list[str]:
    """Making the row of some messages fails; answers of which it did."""
    failed: list[str] = []
    from service.store import messages  # noqa: PLC0415  # patched where it is looked up

    made = messages.message_values

    def values(received: Message, *others: Any) -> dict[str, Any]:
        if spoils(received):
            failed.append(received.id)
            raise ZeroDivisionError
        return made(received, *others)

    monkeypatch.setattr(messages, "message_values", values)
    return failed


def test_a_database_that_cannot_be_written_is_asked_once_for_all_who_wait(
    context: Context, monkeypatch: pytest.MonkeyPatch, transactions: list[int]
) -> None:
    with Held(context).holding() as held:
        asked = [held.ask(a_message(id=name, sender="")) for name in ("x", "y", "z")]
        first = len(transactions)

        def down(*_: object) -> None:
            raise OperationalError("INSERT", {}, Exception("the disk is full"))

        monkeypatch.setattr(Recorder, "_received", down)
    for one in asked:
        with pytest.raises(OperationalError):
            one.result()
    assert (first, transactions[1:]) == (1, [3])
    assert "x" not in kept(context)
