"""P25: retention takes what is past its time, all of it, nothing else, wherever it is interrupted."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, update

from pipeline.domain import Label, Route
from service import audit, holding
from service.crashpoints import KILLED
from service.periods import Periods, Removal
from service.queue import EventKind, QueueName
from service.retention import Retention
from service.retention_settings import Keep
from service.store import checks, messages, tables
from service.store.columns import metadata
from service.store.contacts import Earlier
from service.store.retention_tables import tombstone
from service.store.review_tables import review
from service.store.tables import arrival, event, idempotency, message, quarantine, queue_item
from tests.builders import a_decision, a_message
from tests.conftest import CHECKOUT, heard
from tests.desk import Desk, a_desk
from tests.rows import add_decision, add_item, add_message

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PERIODS = Periods(no_action=365 * DAY, service_request=730 * DAY, closed=2_191 * DAY, settled=90 * DAY)


@pytest.fixture(scope="module")
def module_desk(used_database_url: str) -> Iterator[Desk]:
    with a_desk(used_database_url) as found:
        yield found


@pytest.fixture
def desk(module_desk: Desk) -> Desk:
    with module_desk.database.writing() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name not in {"transition", "audit"}:
                connection.execute(table.delete())
    return module_desk


def put(desk: Desk, name: str, route: Route, age: timedelta, **given: str) -> str:
    """A message received `age` ago, as the intake writes it; with an item where an officer must see it."""
    at = NOW - age
    with desk.database.writing() as connection:
        add_message(connection, a_message(id=name, sender="jo@example.org", **given), "in", at, Earlier())
        messages.add_arrival(connection, "in", at, "accepted", name)
        made = a_decision(route=route, message_id=name)
        add_decision(connection, made, at)
        for kind in (EventKind.RECEIVED, EventKind.DECIDED):
            messages.add_event(connection, name, kind, at, "heard")
        if route in {Route.STAGE_1, Route.REVIEW}:
            add_item(connection, made, QueueName(route.value), at, desk.calendar.deadlines(at, 5, 10))
    return name


def close(desk: Desk, name: str, age: timedelta) -> None:
    with desk.database.reading() as connection:
        item = connection.scalar(select(queue_item.c.id).where(queue_item.c.message_id == name))
    assert item is not None
    desk.now = NOW - age
    desk.review(item, Label.OTHER)


def run(desk: Desk, *, dry: bool = False, batch: int = 500) -> Counter[Removal]:
    url = str(desk.database._engine.url.render_as_string(hide_password=False))
    return Retention(desk.database, url, PERIODS, now=lambda: NOW, batch=batch).run(dry=dry).messages


def empty(desk: Desk) -> set[str]:
    with desk.database.reading() as connection:
        assert checks.broken(connection) == []
        return set(connection.scalars(select(message.c.id).where(message.c.text == "")))


def test_each_class_goes_after_its_own_time_and_not_a_moment_before(desk: Desk) -> None:
    moment = timedelta(seconds=1)
    for route, period in ((Route.NO_ACTION, PERIODS.no_action), (Route.SERVICE_REQUEST, PERIODS.service_request)):
        put(desk, f"{route} old", route, period + moment)
        put(desk, f"{route} young", route, period - moment)
    for name, age in (("closed old", PERIODS.closed + moment), ("closed young", PERIODS.closed - moment)):
        close(desk, put(desk, name, Route.REVIEW, PERIODS.closed + 9 * DAY), age)
    put(desk, "open", Route.STAGE_1, 9_000 * DAY)
    gone = {"no_action old", "service_request old", "closed old"}
    assert run(desk, dry=True).total() == 3
    assert empty(desk) == set()
    assert run(desk) == {Removal.NO_ACTION: 1, Removal.SERVICE_REQUEST: 1, Removal.CLOSED: 1}
    assert empty(desk) == gone
    assert run(desk).total() == 0
    with desk.database.reading() as connection:
        kept = connection.execute(select(tombstone.c.message_id, tombstone.c.why)).all()
    assert {row.message_id: row.why for row in kept} == {
        "no_action old": "no_action",
        "service_request old": "service_request",
        "closed old": "closed",
    }
    assert audit.verify(desk.database).holds


def test_what_officers_wrote_goes_with_the_message_and_the_verdict_stays(desk: Desk) -> None:
    close(desk, put(desk, "m", Route.REVIEW, 3_000 * DAY), 2_500 * DAY)
    with desk.database.writing() as connection:
        connection.execute(update(review).values(note="She rang.", reason="Praise."))
    run(desk)
    with desk.database.reading() as connection:
        kept = connection.execute(select(review)).one()
    assert (kept.verdict, kept.note, kept.reason) == ("other", "", "")


@pytest.mark.parametrize("of", ["sender", "message", "case"])
def test_a_hold_keeps_what_it_covers_until_it_is_lifted(desk: Desk, of: str) -> None:
    put(desk, "m", Route.NO_ACTION, 400 * DAY, case_reference="C-1")
    value = {"sender": "Jo Tarn <JO@example.org>", "message": "m", "case": "C-1"}[of]
    number = holding.add(desk.database, by="A. Khan", reason="Ombudsman", **{of: value})
    assert run(desk).total() == 0
    holding.lift(desk.database, number, by="A. Khan")
    assert run(desk).total() == 1


def test_a_settled_case_loses_its_bytes_and_one_that_waits_keeps_them(desk: Desk) -> None:
    put(desk, "m", Route.STAGE_1, 500 * DAY)
    with desk.database.writing() as connection:
        for settled in (True, False):
            number = messages.add_arrival(connection, "in", NOW - 400 * DAY, "quarantined", None)
            messages.add_quarantine(connection, number, "why", "in.csv, line 2", b"words")
            if settled:
                connection.execute(
                    update(arrival).where(arrival.c.id == number).values(outcome="duplicate", message_id="m")
                )
                connection.execute(
                    update(quarantine).where(quarantine.c.arrival_id == number).values(settled_at=NOW - 91 * DAY)
                )
    url = desk.database._engine.url.render_as_string(hide_password=False)
    removed = Retention(desk.database, url, PERIODS, now=lambda: NOW).run()
    assert (removed.settled, removed.waiting) == (1, 1)
    with desk.database.reading() as connection:
        rows = connection.execute(select(quarantine.c.raw).order_by(quarantine.c.arrival_id)).all()
        assert [bytes(row.raw) for row in rows] == [b"", b"words"]
        assert checks.broken(connection) == []


def test_old_idempotency_keys_go(desk: Desk) -> None:
    put(desk, "m", Route.STAGE_1, DAY)
    rows = [
        {"key": name, "body_sha256": "", "message_id": "m", "used_at": NOW - age}
        for name, age in (("old", 8 * DAY), ("young", 6 * DAY))
    ]
    with desk.database.writing() as connection:
        connection.execute(insert(idempotency), rows)
    run(desk)
    with desk.database.reading() as connection:
        assert list(connection.scalars(select(idempotency.c.key))) == ["young"]


def test_a_run_that_is_killed_again_and_again_takes_everything_in_the_end_and_nothing_else(desk: Desk) -> None:
    for number in range(60):
        put(desk, f"old-{number:02}", Route.NO_ACTION, 400 * DAY)
        put(desk, f"young-{number:02}", Route.NO_ACTION, 300 * DAY)
    with desk.database.writing() as connection:  # the command's clock is the real one
        age = datetime.now(UTC) - NOW
        for name in connection.scalars(select(message.c.id)).all():
            old = name.startswith("old")
            connection.execute(
                update(message).where(message.c.id == name).values(received_at=NOW + age - (400 if old else 300) * DAY)
            )
    url = desk.database._engine.url.render_as_string(hide_password=False)
    for point in ("retention_in_batch", "retention_after_batch"):
        cut = heard("retention", "run", "--database", url, HEARD_CRASHPOINT=point)
        assert cut.returncode == KILLED, cut.stderr
    done = heard("retention", "run", "--database", url)
    assert done.returncode == 0, done.stderr
    assert empty(desk) == {f"old-{number:02}" for number in range(60)}


def test_many_batches_take_the_same_as_one(desk: Desk) -> None:
    for number in range(25):
        put(desk, f"m-{number:02}", Route.NO_ACTION, (355 + number) * DAY)
    assert run(desk, batch=3).total() == 14
    with desk.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(tombstone)) == 14
        assert connection.scalar(select(func.count()).select_from(event)) == 50


def test_an_unknown_folder_of_copies_is_refused() -> None:
    with pytest.raises(ValueError, match="which is no folder"):
        Keep(copies="/nowhere/to/be/found")


def test_the_data_inventory_names_each_column_that_there_is() -> None:
    """ASVS 14.2.4: a column nobody has thought about fails this."""
    page = (CHECKOUT / "docs" / "reference" / "data-inventory.md").read_text()
    named = {
        tuple(line.split("|")[1].strip().split(".", 1))
        for line in page.splitlines()
        if line.startswith("| ") and "." in line.split("|")[1]
    }
    there = {(table.name, column.name) for table in metadata.sorted_tables for column in table.columns}
    assert {tuple(part.strip("`") for part in pair) for pair in named} == there
    assert tables.message.name in {table for table, _ in there}
