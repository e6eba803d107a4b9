"""A row set aside is read again with the map that its import was read with."""

from pathlib import Path

import pytest

from pipeline.domain import Channel
from pipeline.read.columns import parse_map
from pipeline.read.opened import Choice
from service import quarantine
from service.api.context import Context
from service.import_runs import Job, import_file
from service.quarantine import Retried
from service.store import messages, tables
from service.store import quarantine as store
from service.store.quarantine import Case

MAP = ("text=What happened?", "id=Ref", "received=Day", "sender=Who")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def imported(
    context: Context, rows: str, *pairs: str, name: str = "calls.csv", channel: Channel = Channel.NOTE
) -> None:
    Path(name).write_text(rows, encoding="utf-8")
    choice = Choice(columns=parse_map(pairs), channel=channel)
    import_file(Job(file=Path(name), source="calls", choice=choice), context.database, context.intake)


def waiting(context: Context) -> list[Case]:
    with context.database.reading() as connection:
        return store.waiting(connection)


def corrected(context: Context, old: bytes, new: bytes) -> Retried:
    """As if a later version of the readers could read what this one refused."""
    (case,) = waiting(context)
    with context.database.writing() as connection:
        raw = store.raw_of(connection, case.number).replace(old, new)
        query = tables.quarantine.update().where(tables.quarantine.c.arrival_id == case.number)
        connection.execute(query.values(raw=raw))
    return quarantine.retry(context.database, context.intake, case.number, None)


@pytest.mark.parametrize("name", ["calls.csv", "calls #2, week 3#1.csv"])
def test_a_row_under_column_names_of_its_own_can_be_read_again(context: Context, folder: Path, name: str) -> None:
    rows = "Ref,Day,Who,What happened?\n1,2026-11-02,jo@example.org,No heat\n2,some day,bo@example.org,Lift out\n"
    imported(context, rows, *MAP, name=name)
    imported(context, "Words\nDamp\n", "text=Words", name="calls ")  # the source's map is another one now
    done = corrected(context, b"some day", b"2026-11-03")
    assert done.received is not None, done.reason
    assert done.received.message_id == "2"
    with context.database.reading() as connection:
        row = messages.message_row(connection, "2")
    assert row is not None
    assert (row["text"], row["sender"], row["channel"]) == ("Lift out", "bo@example.org", "note")
    assert waiting(context) == []


def test_of_a_row_of_several_answers_the_one_set_aside_is_read_again(context: Context, folder: Path) -> None:
    columns = ("text=What went wrong?", "text=Anything else?", "id=Ref")
    imported(context, "Ref,What went wrong?,Anything else?\n7,No heat,\n", *columns)
    imported(context, "Ref,What went wrong?,Anything else?\n7,Other words,Damp\n", *columns, name="b.csv")
    (case,) = waiting(context)
    assert case.place == "b.csv#1/What went wrong?"
    done = corrected(context, b"Other words", b"No heat")
    assert done.received is not None, done.reason
    assert (done.received.message_id, done.received.new) == ("7/What went wrong?", False)


def test_a_row_that_turns_out_to_hold_several_answers_is_left_to_a_person(context: Context, folder: Path) -> None:
    columns = ("text=What went wrong?", "text=Anything else?", "id=Ref", "received=Day")
    imported(context, "Ref,Day,What went wrong?,Anything else?\n7,never,No heat,Damp\n", *columns)
    done = corrected(context, b"never", b"2026-11-03")
    assert done.received is None
    assert "several answers" in done.reason
