"""Messages that came in while the model failed are decided once there is one."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from pipeline.domain import Decision, Flag, Message, Route
from pipeline.policy import load_profile
from pipeline.preprocess import prepare
from pipeline.undetermined import undetermined
from service import audit
from service.accepting import Arrived, Made
from service.intake import Intake
from service.later import Decided, Later
from service.queue import ItemEventKind, QueueName, QueueStatus
from service.sampling import Sampling, place_of
from service.store import checks, messages, queues
from service.store.contacts import Earlier
from service.turns import Asking
from tests.builders import REQUEST, a_decision, a_message
from tests.conftest import heard
from tests.desk import START, Desk, a_review
from tests.failing_model import Fails

PROFILE = load_profile("hos-2024")
ARRIVED = Arrived(source="inbox", at=START, now=START)
CHANCES = {
    Route.STAGE_1: 0.9,
    Route.REVIEW: 0.4,
    Route.SIGNPOST: 0.8,
    Route.SERVICE_REQUEST: 0.02,
    Route.NO_ACTION: 0.01,
}


class Works:
    """Decides as it is told."""

    profile = PROFILE

    def __init__(self, route: Route) -> None:
        self.route = route
        self.asked: list[Message] = []

    def classify(self, given: Sequence[Message], *, explain: bool = False) -> Sequence[Decision]:  # noqa: ARG002  # as intake asks
        self.asked += given
        return [a_decision(CHANCES[self.route], self.route, message_id=message.id) for message in given]


def stored(desk: Desk, *names: str) -> dict[str, int]:
    """Messages received while there was no model, and their items."""
    intake = Intake(desk.database, Fails(), desk.calendar, now=lambda: START)
    for name in names:
        intake.receive(a_message(id=name, text=f"{REQUEST} {name}", sender=f"{name}@example.org"), source="inbox")
    with desk.database.reading() as connection:
        rows = {name: messages.item_row(connection, name) for name in names}
    return {name: int(row["id"]) for name, row in rows.items() if row}


def decided(desk: Desk, model: Any, **given: Any) -> Decided:
    return Later(desk.database, model, now=lambda _connection: desk.now, **given).run()


def decision_of(desk: Desk, name: str) -> Any:
    with desk.database.reading() as connection:
        return messages.decision_row(connection, name)


@pytest.mark.parametrize(
    ("route", "queue", "status"),
    [
        (Route.STAGE_1, QueueName.STAGE_1, QueueStatus.NEW),
        (Route.REVIEW, QueueName.REVIEW, QueueStatus.NEW),
        (Route.SIGNPOST, QueueName.SIGNPOST, QueueStatus.NEW),
        (Route.SERVICE_REQUEST, QueueName.REVIEW, QueueStatus.SERVICE_REQUEST),
        (Route.NO_ACTION, QueueName.REVIEW, QueueStatus.OTHER),
    ],
)
def test_the_item_goes_where_the_decision_leads_and_its_dates_stay(
    desk: Desk, route: Route, queue: QueueName, status: QueueStatus
) -> None:
    number = stored(desk, "m-1")["m-1"]
    before, desk.now = desk.item(number), START + timedelta(days=2)
    done = decided(desk, model := Works(route))
    after = desk.item(number)
    assert (done.routes, done.whole) == ({route: 1}, True)
    assert (after.queue, after.status, after.risk) == (queue, status, pytest.approx(CHANCES[route]))
    assert (after.acknowledge_by, after.received_at) == (before.acknowledge_by, before.received_at)
    assert model.asked[0].prior_contacts == 0
    assert (decision_of(desk, "m-1")["route"], decision_of(desk, "m-1")["model_version"]) == (route.value, "x")
    with desk.database.reading() as connection:
        assert [row["kind"] for row in messages.event_rows(connection, "m-1")][-1] == "decided"
        assert all(balance.holds for balance in queues.balances(connection))
        assert checks.broken(connection) == []
    assert audit.verify(desk.database).holds


def test_a_second_run_changes_nothing(desk: Desk) -> None:
    number = stored(desk, "m-1")["m-1"]
    decided(desk, Works(Route.STAGE_1))
    version = desk.item(number).version
    assert decided(desk, again := Works(Route.REVIEW)).routes == {}
    assert (again.asked, desk.item(number).version) == ([], version)


def test_two_runs_at_once_decide_a_message_once(desk: Desk) -> None:
    number = stored(desk, "m-1")["m-1"]

    class Overtaken(Works):
        def classify(self, given: Sequence[Message], *, explain: bool = False) -> Sequence[Decision]:
            decided(desk, Works(Route.STAGE_1))
            return super().classify(given, explain=explain)

    assert decided(desk, Overtaken(Route.NO_ACTION)).routes == {}
    assert desk.item(number).queue is QueueName.STAGE_1


def test_what_an_officer_decided_or_works_on_is_left_to_them(desk: Desk) -> None:
    numbers = stored(desk, "done", "held", "free")
    desk.review(numbers["done"])
    desk.claiming.claim(numbers["held"], Asking(by="S. Patel"))
    done = decided(desk, Works(Route.NO_ACTION))
    assert (done.routes, done.held, done.whole) == ({Route.NO_ACTION: 1}, 1, False)
    assert desk.item(numbers["done"]).status is QueueStatus.COMPLAINT
    assert decision_of(desk, "held")["model_version"] == "none"
    desk.now += timedelta(hours=1)
    assert decided(desk, Works(Route.NO_ACTION)).whole


def test_what_is_filed_late_is_drawn_for_the_blind_sample_like_the_rest(desk: Desk) -> None:
    number = stored(desk, "m-1")["m-1"]
    decided(desk, Works(Route.NO_ACTION), sampling=Sampling(share=1))
    item = desk.item(number)
    assert (item.is_hidden, item.status, item.risk) == (True, QueueStatus.NEW, pytest.approx(place_of("m-1")))
    assert decision_of(desk, "m-1")["blind"]


def test_while_the_model_still_fails_all_wait_on(desk: Desk) -> None:
    stored(desk, "m-1", "m-2")
    done = decided(desk, Fails())
    assert (done.waiting, done.routes, done.whole) == (2, {}, False)


def test_a_message_that_the_model_fails_on_keeps_no_other_waiting(desk: Desk) -> None:
    stored(desk, "m-1", "m-2", "m-3")

    class FailsOnOne(Works):
        def classify(self, given: Sequence[Message], *, explain: bool = False) -> Sequence[Decision]:
            whole = all(message.id != "m-1" for message in given)
            return super().classify(given, explain=explain) if whole else Fails().classify(given)

    done = decided(desk, FailsOnOne(Route.REVIEW))
    assert (done.routes, done.waiting, done.whole) == ({Route.REVIEW: 2}, 1, False)
    assert decision_of(desk, "m-1")["model_version"] == "none"


def test_that_a_mail_hides_words_is_still_known_when_it_is_decided_late(desk: Desk) -> None:
    intake = Intake(desk.database, Fails(), desk.calendar, now=lambda: START)
    mail = a_message(hidden="grant it", differing=("a", "b"))
    with desk.database.writing() as connection:
        made = undetermined(mail, "the model failed.", PROFILE, prepare(mail))
        intake._accepting.accept(connection, [mail], {"m-1": Made(decision=made, before=Earlier())}, ARRIVED)
    decided(desk, model := Works(Route.REVIEW))
    assert set(prepare(model.asked[0]).flags) == {Flag.HIDDEN, Flag.PARTS_DIFFER}


def test_an_officer_can_reopen_what_was_filed_late(desk: Desk) -> None:
    number = stored(desk, "m-1")["m-1"]
    decided(desk, Works(Route.SERVICE_REQUEST))
    assert ItemEventKind.FILED_SERVICE_REQUEST.value in desk.history(number)
    desk.reviewing.reopen(number, Asking(by="A. Khan"), "It is a complaint.")
    made = a_review()
    assert desk.reviewing.review(number, Asking(by="A. Khan"), desk.fence(number), made).queue is QueueName.STAGE_1


def test_the_command_says_what_it_did_and_whether_something_waits_on(desk: Desk, model: Any, tmp_path: Any) -> None:
    stored(desk, "m-1")
    url = desk.database._engine.url.render_as_string(hide_password=False)
    empty = tmp_path / "models"
    empty.mkdir()
    waits = heard("decide", "--undetermined", HEARD_DATABASE=url, HEARD_MODELS=str(empty))
    assert (waits.returncode, "1 wait on: No model is released" in waits.stdout) == (1, True), (
        waits.stdout + waits.stderr
    )
    done = heard("decide", "--undetermined", HEARD_DATABASE=url, HEARD_MODEL=str(model))
    assert (done.returncode, " 1 decided" in done.stdout) == (0, True), done.stdout + done.stderr
    again = heard("decide", "--undetermined", HEARD_DATABASE=url, HEARD_MODEL=str(model))
    assert (again.returncode, again.stdout) == (0, "Nothing waits for a model.\n")
