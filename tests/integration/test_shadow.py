"""A challenger in the shadow: it says what it would have done, and nothing it does is felt."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from pipeline.domain import Decision, Flag, Message, MessageKind, Route
from service import shadow
from service.models import Models
from service.queue import QueueName
from service.shadow import NoShadow, Report, Worker
from service.shadow_process import Pauses
from service.shadow_report import print_report
from service.store import messages
from service.store.database import Database
from service.store.model_tables import Outcome, shadow_run
from service.store.tables import decision
from tests.builders import a_decision
from tests.desk import Desk
from tests.model_folders import a_model_folder

SERVES, OTHER = "20261126-serves", "20261127-other"
BY = "R. Osei"


@pytest.fixture
def models(tmp_path: Path) -> Models:
    a_model_folder(tmp_path / "models", OTHER)
    a_model_folder(tmp_path / "models", SERVES)
    return Models(tmp_path / "models")


@pytest.fixture
def database(desk: Desk, models: Models) -> Database:
    shadow.start(desk.database, models, OTHER, by=BY)
    return desk.database


def put(desk: Desk, count: int, **given: Any) -> list[str]:
    """Messages decided now, as intake leaves them."""
    return [
        desk.put(QueueName.REVIEW, received=datetime.now(UTC) + timedelta(seconds=number), **given).message_id
        for number in range(count)
    ]


def says(route: Route = Route.STAGE_1, complaint: float = 0.9) -> Callable[[Sequence[Message]], list[Decision]]:
    return lambda messages: [a_decision(complaint, route, message_id=one.id, channel=one.channel) for one in messages]


def reported(database: Database) -> Report:
    with database.reading() as connection:
        found = shadow.report(connection)
    assert found is not None
    return found


def work(database: Database, challenger: Callable[[Sequence[Message]], Sequence[Decision]], **given: Any) -> None:
    worker = Worker(database, lambda _run: challenger, **given)
    while worker.look():
        pass


def decisions(database: Database) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(select(decision).order_by(decision.c.message_id)))


def test_differences_are_kept_by_channel_as_ids_and_numbers_and_no_decision_changes(
    desk: Desk, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    names = put(desk, 20)
    before = decisions(database)
    work(database, says())
    found = reported(database)
    assert decisions(database) == before
    assert (found.scored, found.waiting, found.elsewhere) == (20, 0, 20)
    assert found.changes() == [("review", "stage_1", 20)]
    [(channel, messages, elsewhere, shift, distance)] = found.by_channel()
    assert (channel, messages, elsewhere) == ("web_form", 20, 20)
    assert shift == pytest.approx(0.4)
    assert distance == pytest.approx(0.4)
    assert {row[0] for row in found.moved} == set(names)
    print_report(found)
    told = capsys.readouterr().out
    assert "20 scored, 0 failed, 0 dropped" in told
    assert "boiler" not in told


def test_the_challenger_is_asked_with_the_history_and_kind_that_the_decision_was_made_with(
    desk: Desk, database: Database
) -> None:
    put(desk, 1, prior_contacts=3, decision={"flags": (Flag.UNREADABLE,)})
    asked: list[Message] = []

    def notes(messages: Sequence[Message]) -> list[Decision]:
        asked.extend(messages)
        return says()(messages)

    work(database, notes)
    assert [(one.prior_contacts, one.kind) for one in asked] == [(3, MessageKind.UNREADABLE)]


def test_of_the_blind_sample_no_message_is_named_before_an_officer_has_decided(desk: Desk, database: Database) -> None:
    [drawn] = put(desk, 1, blind=True)
    [seen] = put(desk, 1)
    work(database, says())
    assert (reported(database).scored, [row[0] for row in reported(database).moved]) == (2, [seen])
    with database.reading() as connection:
        number = messages.item_row(connection, drawn)
    assert number is not None
    desk.review(number["id"])
    assert {row[0] for row in reported(database).moved} == {drawn, seen}


def test_what_fails_is_counted_alone_and_those_beside_it_are_scored(desk: Desk, database: Database) -> None:
    bad, *_ = put(desk, 5)

    def breaks(messages: Sequence[Message]) -> list[Decision]:
        if any(one.id == bad for one in messages):
            raise ValueError
        return says()(messages)

    work(database, breaks)
    assert reported(database).outcomes == {Outcome.SCORED: 4, Outcome.FAILED: 1, Outcome.DROPPED: 0}


def test_what_killed_the_worker_is_not_tried_again(desk: Desk, database: Database) -> None:
    put(desk, 3)

    def dies(_messages: Sequence[Message]) -> list[Decision]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(database, dies)
    assert reported(database).outcomes[Outcome.FAILED] == 3
    assert Worker(database, lambda _run: dies).look() == 0


def test_of_too_many_waiting_the_oldest_are_dropped_and_counted(desk: Desk, database: Database) -> None:
    names = put(desk, 12)
    work(database, says(), most=5)
    found = reported(database)
    assert found.outcomes == {Outcome.SCORED: 5, Outcome.FAILED: 0, Outcome.DROPPED: 7}
    assert {row[0] for row in found.moved} == set(names[-5:])


def test_two_workers_never_ask_about_the_same_message(desk: Desk, database: Database) -> None:
    put(desk, 3)
    first, second = (Worker(database, lambda _run: says()) for _ in range(2))
    assert first.look() == 3
    put(desk, 2)
    assert (second.look(), first.look()) == (0, 2)


def test_a_challenger_that_cannot_be_loaded_says_so_and_scores_nothing(desk: Desk, database: Database) -> None:
    put(desk, 1)

    def spoilt(_run: object) -> Any:
        raise IndexError

    worker = Worker(database, spoilt)
    with capture_logs() as logs:
        for _ in range(2):
            with pytest.raises(NoShadow, match="cannot be loaded"):
                worker.look()
    found = reported(database)
    assert (found.run.fault, found.waiting) == ("It cannot be loaded (IndexError).", 1)
    assert [one["event"] for one in logs] == ["shadow_not_loaded"]


def test_a_challenger_is_loaded_only_by_the_worker_that_holds_the_run(desk: Desk, database: Database) -> None:
    put(desk, 1)
    assert Worker(database, lambda _run: says()).look() == 1
    put(desk, 1)

    def never(_run: object) -> Any:
        raise AssertionError

    assert Worker(database, never).look() == 0


def test_a_challenger_that_ends_while_it_is_loaded_is_told_of(desk: Desk, database: Database) -> None:
    put(desk, 1)

    def dies(_run: object) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Worker(database, dies).look()
    assert "being loaded" in reported(database).run.fault


def test_what_ends_again_and_again_is_started_ever_more_seldom_until_one_has_lived_an_hour() -> None:
    pauses = Pauses()
    assert [pauses.after(70) for _ in range(9)] == [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600]
    assert [pauses.after(4_000), pauses.after(70)] == [30, 60]


def test_two_starts_at_once_leave_one_run_open(desk: Desk, models: Models) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: shadow.start(desk.database, models, OTHER, by=BY), range(12)))
    with desk.database.reading() as connection:
        still = select(func.count()).select_from(shadow_run).where(shadow_run.c.ended_at.is_(None))
        assert connection.scalar(still) == 1


def test_only_what_is_decided_after_the_start_counts_and_nothing_after_the_stop(desk: Desk, models: Models) -> None:
    desk.put(QueueName.REVIEW)
    shadow.start(desk.database, models, OTHER, by=BY)
    assert reported(desk.database).waiting == 0
    put(desk, 1)
    assert reported(desk.database).waiting == 1
    assert shadow.stop(desk.database, by=BY).version == OTHER
    work(desk.database, says())
    assert reported(desk.database).scored == 0
    with pytest.raises(NoShadow, match="No model is in the shadow"):
        shadow.stop(desk.database, by=BY)


def test_the_model_that_serves_or_is_spoilt_cannot_stand_in_the_shadow(desk: Desk, models: Models) -> None:
    with pytest.raises(NoShadow, match="serves"):
        shadow.start(desk.database, models, SERVES, by=BY)
    (models.whole(OTHER).folder / "model.joblib").write_bytes(b"x")
    with pytest.raises(NoShadow, match="differs from its manifest"):
        shadow.start(desk.database, models, OTHER, by=BY)
