"""F2, F4: the process ends at a named point; run again, everything is there once."""

import json
import os
import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path

import pytest
import uvicorn

from pipeline.classify import MessageClassifier
from pipeline.domain import Channel
from pipeline.errors import RefusedRow, SettingsError
from service import audit, quarantine
from service.api.context import Context
from service.app import build_context, create_app
from service.crashpoints import KILLED, POINTS, VARIABLE, crashpoint
from service.later import Later
from service.settings import Settings
from service.store import messages
from service.store import quarantine as store
from service.store import undetermined as undetermined_rows
from service.store.database import Database
from tests.builders import COMPLAINT
from tests.failing_model import Fails
from tests.faults import harness

PASSAGES = (1, 3)


def points(prefix: str) -> list[str]:
    return sorted(f"{point}:{passage}" for point in POINTS if point.startswith(prefix) for passage in PASSAGES)


@pytest.fixture
def url(database_url: str) -> str:
    database = Database(database_url)
    database.migrate()
    database.close()
    return database_url


def crash(point: str, work: Callable[[], None]) -> None:
    """Do the work in a process that must end at this point."""

    def armed() -> None:
        os.environ[VARIABLE] = point
        work()

    assert harness.exit_status(harness.in_child(armed)) == KILLED, f"{point} was not reached"


@pytest.mark.parametrize("point", points("intake_"))
def test_a_crash_in_the_intake_of_a_message_loses_nothing(
    url: str, classifier: MessageClassifier, tmp_path: Path, point: str
) -> None:
    messages, ledger = harness.canaries(8), tmp_path / "told"
    crash(point, lambda: harness.hand_over(url, classifier, messages, ledger))
    assert harness.exit_status(harness.in_child(lambda: harness.hand_over(url, classifier, messages, ledger))) == 0
    assert harness.faults(url, messages, ledger) == []


def set_aside(url: str, classifier: MessageClassifier, count: int) -> None:
    database = Database(url)
    intake = harness.an_intake(database, classifier)
    for number in range(count):
        raw = json.dumps({"id": f"r-{number}", "text": f"{COMPLAINT} canary-{number}"}).encode()
        intake.set_aside(RefusedRow("no channel given.", source="in.jsonl", line=number, raw=raw), source="in.jsonl")
    database.close()


def waiting(url: str) -> list[int]:
    database = Database(url)
    with database.reading() as connection:
        numbers = [case.number for case in store.waiting(connection)]
    database.close()
    return numbers


@pytest.mark.parametrize("point", points("quarantine_"))
def test_a_crash_while_something_is_set_aside_keeps_it_once(
    url: str, classifier: MessageClassifier, point: str
) -> None:
    crash(point, lambda: set_aside(url, classifier, 4))
    set_aside(url, classifier, 4)
    assert len(waiting(url)) == 4
    assert harness.faults(url, []) == []


@pytest.mark.parametrize("point", points("settle_"))
def test_a_crash_while_a_case_is_settled_settles_it_once(url: str, classifier: MessageClassifier, point: str) -> None:
    set_aside(url, classifier, 4)

    def settle() -> None:
        database = Database(url)
        list(quarantine.retry_all(database, harness.an_intake(database, classifier), Channel.NOTE))
        database.close()

    crash(point, settle)
    settle()
    assert waiting(url) == []
    found = harness.faults(url, [])
    assert len([fault for fault in found if "too many" in fault]) == 4, "each is there once, and nobody else sent it"
    assert len(found) == 4


@pytest.mark.parametrize("point", points("decide_"))
def test_a_crash_while_a_late_decision_is_written_makes_it_once(
    url: str, classifier: MessageClassifier, point: str
) -> None:
    given = harness.canaries(4)
    database = Database(url)
    intake = harness.an_intake(database, Fails())
    for message in given:
        intake.receive(message, source="inbox")
    database.close()

    def decide() -> None:
        database = Database(url)
        Later(database, classifier).run()
        database.close()

    crash(point, decide)
    decide()
    database = Database(url)
    with database.reading() as connection:
        assert undetermined_rows.count(connection) == 0
        for message in given:
            kinds = [row["kind"] for row in messages.event_rows(connection, message.id)]
            assert kinds.count("decided") == 2, "by nobody when it came, and once by the model"
    assert audit.verify(database).holds
    database.close()
    assert harness.faults(url, given) == []


def serve(context: Context, listening: socket.socket) -> None:
    config = uvicorn.Config(create_app(context), log_level="critical", access_log=False)
    uvicorn.Server(config).run(sockets=[listening])


def post(port: int, body: str) -> int | None:
    """The status of the answer; None where there was none."""
    for _ in range(100):
        connection = HTTPConnection("127.0.0.1", port, timeout=20)
        try:
            connection.request("POST", "/v1/messages", body, {"Content-Type": "application/json"})
            return connection.getresponse().status
        except ConnectionRefusedError:
            time.sleep(0.05)
        except OSError:
            return None
        finally:
            connection.close()
    return None


@pytest.mark.parametrize("point", points("http_"))
def test_a_client_that_got_no_answer_sends_again_and_is_heard_once(url: str, model: Path, point: str) -> None:
    messages = harness.canaries(4)
    bodies = [json.dumps({"id": m.id, "text": m.text, "channel": m.channel, "sender": m.sender}) for m in messages]
    statuses, answers = {200, 201}, list[int | None]()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def run(armed: str) -> int:
            def work() -> None:
                os.environ[VARIABLE] = armed
                serve(build_context(Settings(database=url, model=model)), listening)

            return harness.in_child(work)

        child = run(point)
        for body in bodies:
            answers.append(post(port, body))
            if answers[-1] is None:
                assert harness.exit_status(child) == KILLED
                child = run("")
                answers[-1] = post(port, body)
        os.kill(child, 15)
        harness.exit_status(child)
    assert set(answers) <= statuses
    assert harness.faults(url, messages) == []


def test_a_crash_point_is_refused_in_production(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLE, "intake_before_commit")
    monkeypatch.setenv("HEARD_ENV", "production")
    with pytest.raises(SettingsError, match="HEARD_CRASHPOINT is for tests"):
        build_context(Settings(database=f"sqlite:///{tmp_path / 'a.db'}"))


def test_a_crash_point_that_is_not_named_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    crashpoint("intake_before_commit")
    monkeypatch.setenv(VARIABLE, "another")
    crashpoint("intake_before_commit")
