"""The database refuses what no officer could do."""

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from service.queue import TRANSITIONS
from service.store import tables
from service.store.contacts import Earlier
from service.store.database import Database
from service.store.review_tables import transition
from tests.builders import RECEIVED, a_message
from tests.desk import Desk, a_desk
from tests.queue_machine import QueueMachine
from tests.rows import add_message

QUICK = 10
RUNS, STEPS = (int(os.environ.get(name, few)) for name, few in (("SOAK_RUNS", QUICK), ("SOAK_STEPS", 20)))
"""`make soak-queue` does more."""


def test_the_database_lists_the_ways_the_code_knows(desk: Desk) -> None:
    with desk.database.reading() as connection:
        listed = {tuple(row) for row in connection.execute(select(transition))}
    assert listed == {(move.kind.value, move.before.value, move.after.value) for move in TRANSITIONS}


def test_an_item_of_an_older_database_is_there_after_the_change_of_its_table(bare_database_url: str) -> None:
    from alembic import command  # noqa: PLC0415  # only here
    from alembic.config import Config  # noqa: PLC0415  # only here

    database = Database(bare_database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        add_message(connection, a_message(), "inbox", RECEIVED, Earlier())
        connection.execute(
            text(
                "INSERT INTO queue_item (message_id, queue, status, received_at, acknowledge_by, answer_by, calendar,"
                " risk) SELECT id, 'review', 'new', received_at, '2026-11-09', '2026-11-23', 'x', 0.5 FROM message"
            )
        )
    database.close()
    with a_desk(bare_database_url) as desk:
        done = desk.review(1)
    assert (done.received_at, done.acknowledge_by, done.version) == (RECEIVED, date(2026, 11, 9), 2)


ILLEGAL = {
    "a leap to the end": "UPDATE queue_item SET status = 'handed_over', queue = 'stage_1', closed_at = received_at",
    "a step without an event": "UPDATE queue_item SET status = 'acknowledged', version = version + 1",
    "back to new": "UPDATE queue_item SET status = 'new', version = version + 1 WHERE status <> 'new'",
    "another queue": "UPDATE queue_item SET queue = 'review', status = 'new', version = version + 1",
    "an old event used again": "UPDATE queue_item SET status = 'new', queue = 'review', version = version - 1",
    "a later deadline": "UPDATE queue_item SET acknowledge_by = '2027-01-01'",
    "a later answer": "UPDATE queue_item SET answer_by = '2027-01-01', version = version + 1",
    "a later receipt": "UPDATE queue_item SET received_at = '2026-12-01 00:00:00+00:00'",
    "a fence put back": "UPDATE queue_item SET fence = fence - 1",
    "a version put back": "UPDATE queue_item SET version = 0",
    "a status never stored": "UPDATE queue_item SET status = 'claimed', version = version + 1",
    "half a claim": "UPDATE queue_item SET claimed_by = 'x'",
    "closed with work left": "UPDATE queue_item SET closed_at = received_at",
    "an item that starts as a complaint": (
        "INSERT INTO queue_item (message_id, queue, status, received_at, acknowledge_by, answer_by, calendar, risk)"
        " SELECT id, 'stage_1', 'complaint', received_at, '2026-11-09', '2026-11-23', 'x', 0.5"
        " FROM message WHERE id = 'spare'"
    ),
    "an event of a way there is not": (
        "INSERT INTO item_event (item_id, version, kind, from_status, to_status, from_queue, to_queue, from_answer_by,"
        " to_answer_by, at, actor, reason) SELECT id, version + 1, 'acknowledged', 'new', 'acknowledged', queue, queue,"
        " answer_by, answer_by, received_at, 'x', '' FROM queue_item"
    ),
    "two events of one version": (
        "INSERT INTO item_event (item_id, version, kind, from_status, to_status, from_queue, to_queue, from_answer_by,"
        " to_answer_by, at, actor, reason) SELECT item_id, version, kind, from_status, to_status, from_queue, to_queue,"
        " from_answer_by, to_answer_by, at, actor, reason FROM item_event"
    ),
}


@pytest.fixture
def decided(desk: Desk) -> Desk:
    """One complaint, confirmed by an officer, and a message without an item."""
    item = desk.put(message_id="m-1")
    spare = desk.put(message_id="spare")
    with desk.database.writing() as connection:
        connection.execute(text("DELETE FROM queue_item WHERE id = :id"), {"id": spare.id})
    desk.review(item.id)
    return desk


@pytest.mark.parametrize("what", ILLEGAL)
def test_the_database_refuses_whoever_writes(decided: Desk, what: str) -> None:
    with pytest.raises(IntegrityError), decided.database.writing() as connection:
        connection.execute(text(ILLEGAL[what]))


def test_whatever_officers_do_every_move_is_a_way_there_is_and_has_one_event(desk: Desk) -> None:
    run_state_machine_as_test(
        lambda: QueueMachine(desk),
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=RUNS == QUICK,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
