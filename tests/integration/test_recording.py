"""What comes at the same moment is written together, and each hears only of its own."""

from datetime import timedelta
from typing import Any

import pytest
from psycopg.errors import DeadlockDetected
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from pipeline.domain import Message
from service.api.context import Context
from service.received import IdInUse, KeyInUse, Received
from service.recording import Asked, Recorder
from service.store import checks, messages, tables
from tests.builders import RECEIVED, a_message


@pytest.fixture
def transactions(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many messages were in each transaction, in order."""
    sizes: list[int] = []
    write = Recorder._write

    def noted(recorder: Recorder, batch: Any, *others: Any) -> None:
        sizes.append(len(batch))
        write(recorder, batch, *others)

    monkeypatch.setattr(Recorder, "_write", noted)
    return sizes


def asked(name: str, key: str | None = None, body: str = "", **given: Any) -> Asked:
    message = a_message(id=name, **{"sender": "", **given})
    return Asked(message=message, source="http", arrived_at=RECEIVED, key=key, body_sha256=body)


def kept(context: Context) -> set[str]:
    with context.database.reading() as connection:
        assert checks.broken(connection) == []
        return set(connection.scalars(select(tables.message.c.id)))


def test_what_comes_together_is_written_in_one_transaction(context: Context, transactions: list[int]) -> None:
    several = [asked(f"m-{n}", f"k-{n}", "x") for n in range(9)]
    context.intake.receive_each(several)
    assert [one.answer() for one in several] == [Received(message_id=f"m-{n}", new=True) for n in range(9)]
    assert transactions == [9]
    assert kept(context) == {f"m-{n}" for n in range(9)}


def test_two_of_one_resident_or_id_or_key_are_written_one_after_the_other(
    context: Context, transactions: list[int]
) -> None:
    first = asked("a", sender="r@example.org", received_at=RECEIVED - timedelta(minutes=1))
    later, again = asked("b", sender="r@example.org"), asked("b", sender="r@example.org")
    keyed, repeated, other_body = asked("c", "k", "x"), asked("c", "k", "x"), asked("d", "k", "y")
    context.intake.receive_each([first, later, again, keyed, repeated, other_body])
    assert transactions == [1, 1, 2, 1, 1]
    with context.database.reading() as connection:
        prior = connection.scalar(select(tables.message.c.prior_ids).where(tables.message.c.id == "b"))
    assert prior == ["a"]
    assert (later.answer().new, again.answer().new, keyed.answer().again) == (True, False, False)
    assert repeated.answer() == Received(message_id="c", new=True, again=True)
    with pytest.raises(KeyInUse):
        other_body.answer()
    assert kept(context) == {"a", "b", "c"}


def test_one_that_conflicts_is_told_so_and_those_beside_it_are_taken(context: Context, transactions: list[int]) -> None:
    context.intake.receive(a_message(id="old"), source="http")
    transactions.clear()
    x, old, y = (asked(name, text=f"Words of {name}") for name in ("x", "old", "y"))
    context.intake.receive_each([x, old, y])
    assert transactions == [3]
    assert (x.answer().new, y.answer().new) == (True, True)
    with pytest.raises(IdInUse, match="old was received before"):
        old.answer()
    assert kept(context) == {"old", "x", "y"}


def test_one_that_cannot_be_written_does_not_spoil_those_beside_it(
    context: Context, monkeypatch: pytest.MonkeyPatch, transactions: list[int]
) -> None:
    made = messages.message_values

    def values(received: Message, *others: Any) -> dict[str, Any]:
        if received.id == "bad":
            raise ZeroDivisionError
        return made(received, *others)

    monkeypatch.setattr(messages, "message_values", values)
    x, bad, y = asked("x"), asked("bad"), asked("y")
    context.intake.receive_each([x, bad, y])
    assert (x.answer().new, y.answer().new) == (True, True)
    with pytest.raises(ZeroDivisionError):
        bad.answer()
    assert transactions == [3, 1, 1, 1]
    assert kept(context) == {"x", "y"}


def test_where_another_process_was_first_it_is_written_again(
    context: Context, monkeypatch: pytest.MonkeyPatch, transactions: list[int]
) -> None:
    known, blind = messages.known_contents, [True, True]  # the look before the decision, and the one in the transaction
    context.intake.receive(a_message(id="old", sender=""), source="http")
    transactions.clear()
    monkeypatch.setattr(messages, "known_contents", lambda *given: {} if blind and blind.pop() else known(*given))
    x, old = asked("x"), asked("old")
    context.intake.receive_each([x, old])
    assert (x.answer().new, old.answer().new, transactions) == (True, False, [2, 2])
    with context.database.reading() as connection:
        outcomes = connection.scalars(select(tables.arrival.c.outcome).order_by(tables.arrival.c.id)).all()
    assert outcomes == ["accepted", "accepted", "duplicate"]


def test_a_database_that_cannot_be_written_is_asked_once_for_all(
    context: Context, monkeypatch: pytest.MonkeyPatch, transactions: list[int]
) -> None:
    def down(*_: object) -> None:
        raise OperationalError("INSERT", {}, Exception("the disk is full"))

    monkeypatch.setattr(Recorder, "_received", down)
    several = [asked(name, sender="r@example.org") for name in ("x", "y", "z")]  # of whom none may share a transaction
    context.intake.receive_each([*several, asked("w")])
    for one in several:
        with pytest.raises(OperationalError):
            one.answer()
    assert transactions == [1]
    assert kept(context) == set()


def test_a_deadlock_is_no_reason_to_refuse_all(
    context: Context, monkeypatch: pytest.MonkeyPatch, transactions: list[int]
) -> None:
    received, once = Recorder._received, [OperationalError("INSERT", {}, DeadlockDetected())]

    def first_deadlocked(recorder: Recorder, *given: Any) -> Any:
        if once:
            raise once.pop()
        return received(recorder, *given)

    monkeypatch.setattr(Recorder, "_received", first_deadlocked)
    x, y = asked("x"), asked("y")
    context.intake.receive_each([x, y])
    assert (x.answer().new, y.answer().new, transactions) == (True, True, [2, 1, 1])


def test_a_sender_of_nested_brackets_is_received_as_any_other(context: Context, transactions: list[int]) -> None:
    strange, beside = asked("x", sender="r@x.org " + "(" * 1_900), asked("y")
    context.intake.receive_each([strange, beside])
    assert (strange.answer().new, beside.answer().new, transactions) == (True, True, [2])
