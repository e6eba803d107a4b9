import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import column, delete, func, insert, select, table
from sqlalchemy.exc import IntegrityError

from pipeline.domain import Channel, Message, MessageKind
from pipeline.errors import RefusedRow
from service.api.context import Context
from service.app import build_context
from service.deadlines import Calendar
from service.intake import Intake
from service.queue import EventKind, QueueName
from service.received import IdInUse, KeyInUse
from service.settings import Nation, Settings
from service.store import messages, queues, tables, work_list
from service.store.database import Database
from service.store.work_list import Filters
from tests.builders import COMPLAINT, RECEIVED, REQUEST, a_decision, a_message
from tests.conftest import new_database


def count(context: Context, table: str) -> int:
    with context.database.reading() as connection:
        return int(connection.scalar(select(func.count()).select_from(tables.metadata.tables[table])) or 0)


def holds(context: Context) -> bool:
    with context.database.reading() as connection:
        return all(balance.holds for balance in queues.balances(connection))


def test_a_complaint_is_stored_decided_and_queued_with_its_history(context: Context) -> None:
    received = context.intake.receive(a_message(), source="http")
    with context.database.reading() as connection:
        decision = messages.decision_row(connection, received.message_id)
        item = messages.item_row(connection, received.message_id)
        events = [row["kind"] for row in messages.event_rows(connection, received.message_id)]
    assert decision is not None
    assert decision["label"] == "complaint"
    assert decision["cues"][0]["provision"].startswith("HOS")
    assert item is not None
    assert item["acknowledge_by"] == date(2026, 11, 9)
    assert item["answer_by"] == date(2026, 11, 23)
    assert item["received_at"] == datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
    assert events == ["received", "decided", "queued"]


def test_what_needs_no_officer_is_recorded_without_an_item(context: Context) -> None:
    context.intake.receive(a_message(text="I am away until Monday.", kind=MessageKind.MACHINE), source="x")
    assert (count(context, "message"), count(context, "decision"), count(context, "queue_item")) == (1, 1, 0)


def test_the_same_message_again_is_one_message_and_a_recorded_duplicate(context: Context) -> None:
    first = context.intake.receive(a_message(), source="inbox")
    again = context.intake.receive(a_message(), source="inbox")
    assert (first.new, again.new) == (True, False)
    assert (count(context, "message"), count(context, "arrival"), count(context, "decision")) == (1, 2, 1)
    assert holds(context)


def test_an_id_with_other_words_is_set_aside_with_its_words_and_said_so(context: Context) -> None:
    context.intake.receive(a_message(), source="inbox")
    with pytest.raises(IdInUse, match="received before with other words"):
        context.intake.receive(a_message(text=REQUEST), source="inbox")
    with context.database.reading() as connection:
        kept = connection.execute(select(tables.quarantine)).mappings().one()
    assert json.loads(kept["raw"])["text"] == REQUEST
    assert holds(context)


def test_the_same_words_under_another_id_are_another_message(context: Context) -> None:
    context.intake.receive(a_message(), source="inbox")
    assert context.intake.receive(a_message(id="m-2"), source="inbox").new
    assert count(context, "queue_item") == 2


def test_what_cannot_be_read_is_kept_once_for_a_person(context: Context) -> None:
    refused = RefusedRow("3 cells where the header has 2.", source="in.csv#2", line=4, raw=b"a,b,c")
    assert context.intake.set_aside(refused, source="in.csv")
    assert not context.intake.set_aside(refused, source="in.csv")
    assert count(context, "quarantine") == 1
    assert holds(context)


def test_reconcile_notices_a_message_that_vanished(context: Context) -> None:
    context.intake.receive(a_message(text=REQUEST), source="inbox")
    with context.database.writing() as connection:
        connection.execute(delete(tables.event))
        connection.execute(delete(tables.queue_item))
        connection.execute(delete(tables.decision))
    with context.database.reading() as connection:
        assert queues.balances(connection)[0].waiting == 1
    with context.database.writing() as connection:
        connection.execute(tables.arrival.update().values(message_id=None, outcome="quarantined"))
    assert not holds(context)


def test_raw_bytes_come_back_as_they_were(context: Context) -> None:
    raw = bytes(range(256))
    context.intake.receive(a_message(raw=raw), source="inbox")
    with context.database.reading() as connection:
        assert connection.scalar(select(tables.message.c.raw)) == raw


@pytest.mark.parametrize("text", ["nul\x00inside", "half \ud83d pair", "\U0001f600 only", "x" * 200_000])
def test_strange_text_is_stored_alike_in_both_databases(context: Context, text: str) -> None:
    context.intake.receive(a_message(text=text), source="inbox")
    with context.database.reading() as connection:
        row = messages.message_row(connection, "m-1")
    assert row is not None
    assert row["text"] == text.replace("\x00", "").replace("\ud83d", "?")


def test_a_date_in_the_future_does_not_move_the_clock(context: Context) -> None:
    context.intake.receive(a_message(received_at=datetime(2099, 1, 1, tzinfo=UTC)), source="inbox")
    with context.database.reading() as connection:
        row = messages.message_row(connection, "m-1")
    assert row is not None
    assert row["received_at"] < datetime.now(UTC) + timedelta(minutes=1)


def test_one_key_answers_once_and_refuses_another_body(context: Context) -> None:
    first = context.intake.receive(a_message(), source="http", key="k", body_sha256="a")
    again = context.intake.receive(a_message(), source="http", key="k", body_sha256="a")
    assert (first.message_id, first.new, again.message_id, again.new) == ("m-1", True, "m-1", True)
    assert again.again
    assert count(context, "arrival") == 1
    with pytest.raises(KeyInUse):
        context.intake.receive(a_message(id="m-2"), source="http", key="k", body_sha256="b")


def test_a_key_whose_first_answer_was_that_it_came_before_says_so_again(context: Context) -> None:
    context.intake.receive(a_message(), source="http")
    for _ in range(2):
        assert not context.intake.receive(a_message(), source="http", key="k", body_sha256="a").new
    assert count(context, "arrival") == 2


def test_a_conflict_sent_again_is_set_aside_once_and_names_the_message(context: Context) -> None:
    context.intake.receive(a_message(), source="http")
    for _ in range(3):
        with pytest.raises(IdInUse) as refused:
            context.intake.receive(a_message(text="Other words."), source="http")
        assert refused.value.message_id == "m-1"
    assert (count(context, "quarantine"), count(context, "arrival")) == (1, 2)


def test_a_key_is_forgotten_after_seven_days(context: Context) -> None:
    now = datetime(2026, 11, 2, tzinfo=UTC)
    intake = Intake(context.database, context.classifier, Calendar(Nation.ENGLAND), now=lambda: now)
    intake.receive(a_message(), source="http", key="old", body_sha256="a")
    now += timedelta(days=8)
    intake.receive(a_message(id="m-2"), source="http", key="new", body_sha256="b")
    with context.database.reading() as connection:
        assert messages.key_uses(connection, ["old"], now) == {}


def test_many_at_once_with_the_same_id_are_one_message(context: Context) -> None:
    found: list[bool] = []
    threads = [
        threading.Thread(target=lambda: found.append(context.intake.receive(a_message(), source="http").new))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 11 + [True]
    assert (count(context, "message"), count(context, "decision"), count(context, "arrival")) == (1, 1, 12)


def test_if_any_write_of_a_message_fails_nothing_of_it_is_there(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = ["message_values", "arrival_values", "event_values", "decision_values", "item_values"]
    for step in steps:
        with monkeypatch.context() as patch:
            patch.setattr(messages, step, Mock(side_effect=RuntimeError(step)))
            with pytest.raises(RuntimeError):
                context.intake.receive(a_message(), source="inbox")
        assert [count(context, name) for name in ("message", "arrival", "decision", "queue_item", "event")] == [0] * 5
    assert context.intake.receive(a_message(), source="inbox").new


@pytest.mark.parametrize("change", [{"queue": "stage_0"}, {"status": "closed"}])
def test_the_database_itself_refuses_what_is_no_queue(context: Context, change: dict[str, str]) -> None:
    context.intake.receive(a_message(), source="inbox")
    with pytest.raises(IntegrityError), context.database.writing() as connection:
        connection.execute(tables.queue_item.update().values(**change))


def test_pages_of_a_queue_come_in_the_order_of_their_dates_and_miss_nothing(context: Context) -> None:
    for number in range(23):
        day = datetime(2026, 11, 2 + (number * 7) % 9, 9, tzinfo=UTC)
        context.intake.receive(a_message(id=f"m-{number}", received_at=day), source="inbox")
    seen, after = [], None
    with context.database.reading() as connection:
        queue = max(queues.counts(connection), key=lambda name: queues.counts(connection)[name])
        while page := work_list.page(connection, Filters(queue=queue), 5, after, context.today()).items:
            seen += page
            after = work_list.position(page[-1])
    assert len({item.id for item in seen}) == 23
    assert [item.acknowledge_by for item in seen] == sorted(item.acknowledge_by for item in seen)


@pytest.fixture
def two_databases(cluster: str, tmp_path: Path, model: Path) -> Iterator[list[Context]]:
    urls = (f"sqlite:///{tmp_path / 'a.db'}", new_database(cluster))
    parts = [build_context(Settings(database=url, model=model)) for url in urls]
    yield parts
    for part in parts:
        part.database.close()


def test_both_databases_hold_the_same_decisions(two_databases: list[Context]) -> None:
    texts = [COMPLAINT, REQUEST, "Survey says 2/10, a joke", "Thanks!"]
    kept = []
    for context in two_databases:
        for number, text in enumerate(texts):
            message: Message = a_message(id=f"m-{number}", text=text, channel=list(Channel)[number])
            context.intake.receive(message, source="inbox")
        with context.database.reading() as connection:
            columns = [column for column in tables.decision.c if column.name != "decided_at"]
            kept.append([tuple(map(repr, row)) for row in connection.execute(select(*columns).order_by("message_id"))])
            assert set(queues.counts(connection)) == set(QueueName)
    assert kept[0] == kept[1]


def test_migrations_can_run_twice_and_at_the_same_time(bare_database_url: str) -> None:
    databases = [Database(bare_database_url) for _ in range(4)]
    threads = [threading.Thread(target=database.migrate) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(database.is_current() for database in databases)
    databases[0].migrate()
    for database in databases:
        database.close()


def test_the_migrations_make_the_tables_the_code_expects(bare_database_url: str) -> None:
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415  # only here
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415  # only here

    database = Database(bare_database_url)
    database.migrate()
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []
    database.close()


def test_the_history_of_an_older_database_survives_the_change_of_its_table(bare_database_url: str) -> None:
    from alembic import command  # noqa: PLC0415  # only here
    from alembic.config import Config  # noqa: PLC0415  # only here

    database = Database(bare_database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        connection.execute(insert(tables.message).values(**a_kept_message()))
        columns = [column(name, tables.event.c[name].type) for name in ("message_id", "kind", "at", "actor")]
        connection.execute(insert(table("event", *columns)).values(["m-1", "received", RECEIVED, "heard"]))
    database.migrate()
    with database.writing() as connection:
        messages.add_event(connection, "m-1", EventKind.RELEASED, RECEIVED, "R. Moss", detail="why")
        found = [(row["id"], row["kind"], row["detail"]) for row in messages.event_rows(connection, "m-1")]
    assert found == [(1, "received", ""), (2, "released", "why")]
    with pytest.raises(IntegrityError), database.writing() as connection:
        connection.execute(tables.event.update().values(kind="vanished"))
    database.close()


def test_decisions_made_before_words_were_kept_have_none(bare_database_url: str, model: Path) -> None:
    from alembic import command  # noqa: PLC0415  # only here
    from alembic.config import Config  # noqa: PLC0415  # only here

    database = Database(bare_database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(insert(tables.message).values(**a_kept_message()))
        connection.execute(insert(tables.decision).values(**a_kept_decision()))
    database.close()
    parts = build_context(Settings(database=bare_database_url, model=model))
    with parts.database.reading() as connection:
        row = messages.decision_row(connection, "m-1")
    assert row is not None
    assert (row["words"], row["cues"], row["label"]) == ([], [], "complaint")
    parts.database.close()


def a_kept_message() -> dict[str, Any]:
    """A row of the first version of the table."""
    given = a_message(sender="Jo@Example.org")
    columns = {name: getattr(given, name) for name in ("id", "subject", "text", "sender")}
    return {
        **columns,
        "content_sha256": messages.content_sha256(given),
        "channel": given.channel.value,
        "source": "inbox",
        "received_at": RECEIVED,
    }


def a_kept_decision() -> dict[str, Any]:
    """A row of the first version of the table."""
    made = a_decision()
    columns = ("message_id", "label", "route", "profile", "profile_version", "model_version", "jurisdiction")
    return {
        **{name: getattr(made, name) for name in columns},
        **vars(made.prediction),
        **{name: [] for name in ("reasons", "cues", "flags")},
        "decided_at": RECEIVED,
        "category_hos": made.category.hos,
        "category_lgsco": made.category.lgsco,
        "thresholds": vars(made.thresholds),
    }


def test_a_commit_on_sqlite_is_on_disk_before_anyone_is_told(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    with database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    database.close()
