"""Second readings: what is drawn, who reads it, where two differ, and what is learned from them."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, select

from pipeline.domain import Label
from service import feedback
from service.monitor import Compared, report
from service.monitor_report import print_report
from service.queue import QueueItem, QueueStatus
from service.refusals import ActionRefused, NoSuchItem, NotPossible, TooLate
from service.sampling import SecondDraw
from service.store import audit, person, second_readings, tables
from service.store.database import Database
from service.store.retention_tables import tombstone
from service.store.review_tables import second_reading
from service.store.samples import Period
from service.store.second_readings import Drawn, SecondVerdict
from service.turns import Asking
from tests.desk import START, Desk, a_review
from tests.site import KHAN, PATEL

EVER = Period(since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime(2030, 1, 1, tzinfo=UTC))
MOSS = "J. Moss"
COMPLAINT, REQUEST, OTHER = Label.COMPLAINT, Label.SERVICE_REQUEST, Label.OTHER


@pytest.fixture
def desk(used_desk: Desk) -> Desk:
    """Every verdict is drawn."""
    used_desk.clear()
    used_desk.draws(1)
    return used_desk


def next_for(desk: Desk, officer: str, **given: Any) -> Drawn | None:
    with desk.database.reading() as connection:
        return second_readings.next_for(connection, officer, **given)


def read(desk: Desk, item: QueueItem, verdict: Label, by: str = PATEL) -> None:
    """Read the one that waits for the item."""
    with desk.database.reading() as connection:
        event = connection.scalars(
            select(second_reading.c.event_id)
            .where(second_reading.c.item_id == item.id)
            .order_by(second_reading.c.event_id.desc())
        ).first()
    assert event is not None
    desk.second_reading.read(event, Asking(by=by), SecondVerdict(verdict=verdict))


def differing(desk: Desk) -> list[int]:
    with desk.database.reading() as connection:
        return [each.item_id for each in second_readings.differing(connection, 20)]


def read_pairs(desk: Desk, *pairs: tuple[Label, Label]) -> None:
    for first, second in pairs:
        item = desk.put()
        desk.review(item.id, first)
        read(desk, item, second)


def test_verdicts_are_drawn_by_their_message_alone_one_by_one_or_from_a_list(desk: Desk) -> None:
    desk.draws(0.5)
    names = [f"m-{number}" for number in range(30)]
    for number, name in enumerate(names):
        item = desk.put(message_id=name)
        if number % 2:
            desk.review(item.id)
        else:
            desk.reviewing.review_as_listed(item.id, Asking(by=KHAN), a_review(verdict=OTHER))
    with desk.database.reading() as connection:
        joined = second_reading.join(tables.queue_item, tables.queue_item.c.id == second_reading.c.item_id)
        rows = connection.execute(
            select(tables.queue_item.c.message_id, second_reading.c.share, second_reading.c.drawn_at)
            .select_from(joined)
            .order_by(second_reading.c.event_id)
        ).all()
    assert rows == [(name, 0.5, START) for name in names if SecondDraw(share=0.5).draws(name)]
    assert 5 < len(rows) < 25


def test_with_a_share_of_nothing_nothing_is_drawn(desk: Desk) -> None:
    desk.draws(0)
    desk.review(desk.put().id)
    assert next_for(desk, PATEL) is None


def test_nobody_reads_again_what_they_have_decided_themselves_even_once(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    assert next_for(desk, KHAN) is None
    with pytest.raises(NotPossible, match=r"decided item \d+ yourself"):
        read(desk, item, OTHER, by=KHAN)
    desk.reviewing.undo(item.id, Asking(by=KHAN))
    desk.review(item.id, by=PATEL)
    assert next_for(desk, KHAN) is None
    assert next_for(desk, PATEL) is None
    assert next_for(desk, MOSS) is not None


def test_a_verdict_taken_back_is_not_read_again_and_a_new_one_is(desk: Desk) -> None:
    undone, reopened = desk.put(), desk.put()
    for item in (undone, reopened):
        desk.review(item.id, OTHER)
    desk.reviewing.undo(undone.id, Asking(by=KHAN))
    desk.reviewing.reopen(reopened.id, Asking(by=KHAN), "New evidence")
    assert next_for(desk, MOSS) is None
    with pytest.raises(TooLate, match="taken back meanwhile"):
        read(desk, undone, COMPLAINT)
    desk.review(reopened.id, by=PATEL)
    found = next_for(desk, MOSS)
    assert found is not None
    assert (found.item_id, found.first, found.first_by) == (reopened.id, COMPLAINT, PATEL)


def test_a_reopening_that_is_undone_makes_the_verdict_wait_as_before(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id, OTHER)
    desk.reviewing.reopen(item.id, Asking(by=KHAN), "By mistake")
    desk.reviewing.undo(item.id, Asking(by=KHAN))
    assert next_for(desk, PATEL) is not None


def test_a_message_whose_words_were_removed_is_not_read_again(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    with desk.database.writing() as connection:
        row = {"message_id": item.message_id, "removed_at": START, "why": "erasure"}
        connection.execute(tombstone.insert().values(row))
    assert next_for(desk, PATEL) is None
    with pytest.raises(NoSuchItem, match="no longer here"):
        read(desk, item, OTHER)


def test_a_resident_is_told_of_a_second_reading_of_their_message(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id, OTHER)
    read(desk, item, COMPLAINT)
    with desk.database.reading() as connection:
        (kept,) = person.about(connection, item.message_id)["second_readings"]
    assert (kept["verdict"], kept["read_by"]) == ("complaint", PATEL)


def test_of_two_who_read_at_once_one_is_kept_and_the_other_is_told(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)

    def one(by: str) -> str:
        try:
            read(desk, item, OTHER, by=by)
        except ActionRefused as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(one, (PATEL, MOSS)))
    assert sorted(told)[0] == ""
    assert re.fullmatch(r"(S\. Patel|J\. Moss) has read item \d+ meanwhile\.", sorted(told)[1])


def test_a_reading_changes_nothing_about_the_item_and_stands_in_the_record(desk: Desk) -> None:
    item = desk.put()
    before = desk.review(item.id, OTHER)
    read(desk, item, COMPLAINT)
    assert desk.item(item.id) == before
    with desk.database.reading() as connection:
        *_, row = audit.rows(connection)
    assert (row.kind, row.actor, row.about) == ("item.read_again", PATEL, f"item:{item.id}")


def test_where_two_differ_it_is_listed_until_decided_again_perhaps_missed_complaints_first(desk: Desk) -> None:
    missed, same, newer = desk.put(), desk.put(), desk.put()
    for item, first, second in ((missed, OTHER, COMPLAINT), (same, OTHER, OTHER), (newer, REQUEST, OTHER)):
        desk.review(item.id, first)
        desk.now += timedelta(minutes=1)
        read(desk, item, second)
    assert differing(desk) == [missed.id, newer.id]
    desk.reviewing.reopen(missed.id, Asking(by=KHAN), "S. Patel is right")
    assert differing(desk) == [newer.id]
    desk.review(missed.id, COMPLAINT)
    assert differing(desk) == [newer.id]
    assert next_for(desk, MOSS) is None  # it was read twice: another reading would not be independent
    with desk.database.reading() as connection:
        counted = second_readings.pairs(connection, EVER)
    assert counted == {(OTHER, COMPLAINT): 1, (OTHER, OTHER): 1, (REQUEST, OTHER): 1}


def test_a_verdict_in_dispute_teaches_nothing_until_somebody_decides_again(desk: Desk) -> None:
    disputed, agreed = desk.put(), desk.put()
    for item, second in ((disputed, COMPLAINT), (agreed, OTHER)):
        desk.review(item.id, OTHER)
        read(desk, item, second)

    def export(connection: Connection) -> feedback.Export:
        return feedback.export(connection, EVER.since, EVER.until, str)

    with desk.database.reading() as connection:
        first = export(connection)
    assert ([row["id"] for row in first.rows], first.differing) == ([agreed.message_id], 1)
    desk.reviewing.reopen(disputed.id, Asking(by=KHAN), "Look again")
    desk.review(disputed.id, COMPLAINT)
    with desk.database.reading() as connection:
        second = export(connection)
    assert ({row["id"]: row["label"] for row in second.rows}[disputed.message_id], second.differing) == ("complaint", 0)


def test_a_difference_is_settled_by_anybody_but_who_decided_first(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id, OTHER)
    (waiting,) = (next_for(desk, PATEL),)
    assert waiting is not None
    with pytest.raises(NotPossible, match="no second reading that differs"):
        desk.second_reading.settle(waiting.event_id, Asking(by=PATEL))
    read(desk, item, COMPLAINT)
    with pytest.raises(NotPossible, match="is your own"):
        desk.second_reading.settle(waiting.event_id, Asking(by=KHAN))
    assert differing(desk) == [item.id]
    desk.second_reading.settle(waiting.event_id, Asking(by=MOSS))
    assert differing(desk) == []
    with pytest.raises(TooLate, match=MOSS):
        desk.second_reading.settle(waiting.event_id, Asking(by=PATEL))
    with desk.database.reading() as connection:
        *_, row = audit.rows(connection)
        learned = feedback.export(connection, EVER.since, EVER.until, str)
        counted = second_readings.pairs(connection, EVER)
    assert (row.kind, row.actor) == ("item.difference_settled", MOSS)
    assert ([each["label"] for each in learned.rows], learned.differing) == (["other"], 0)
    assert counted == {(OTHER, COMPLAINT): 1}
    with pytest.raises(NoSuchItem):
        desk.second_reading.settle(4711, Asking(by=PATEL))


def monitored(desk: Desk) -> Any:
    with desk.database.reading() as connection:
        return report(connection, EVER, Compared(), alpha=0.05, delta=0.1, words=False)


def test_the_monitor_says_how_well_two_agree_once_there_are_enough(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    read_pairs(desk, *[(OTHER, OTHER)] * 10, *[(COMPLAINT, COMPLAINT)] * 9)
    print_report(monitored(desk))
    assert "Two officers agreed" not in capsys.readouterr().out
    read_pairs(desk, (OTHER, COMPLAINT))
    print_report(monitored(desk))
    assert "Two officers agreed on 0.950 [0.751, 0.999] n=20 of what both read; Cohen's kappa 0.900" in (
        capsys.readouterr().out
    )


def test_where_all_readings_say_the_same_the_monitor_says_that_there_is_no_kappa(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    read_pairs(desk, *[(OTHER, OTHER)] * 20)
    print_report(monitored(desk))
    assert "no kappa, for all" in capsys.readouterr().out


def test_a_database_of_before_gets_the_table_and_keeps_what_it_has(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0020")
        assert "second_reading" not in inspect(connection).get_table_names()
    desk = Desk(database)
    item = desk.put()
    desk.review(item.id, OTHER)
    database.migrate()
    desk.draws(1)
    assert desk.item(item.id).status is QueueStatus.OTHER
    assert next_for(desk, PATEL) is None  # decided before anything was drawn
    other = desk.put()
    desk.review(other.id, OTHER)
    assert next_for(desk, PATEL) is not None
    database.close()
