"""The service while something is wrong with it: the model, the disk, the database, too many requests, the log."""

import io
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy import create_engine

from pipeline.domain import Decision, Message, MessageKind
from pipeline.errors import SettingsError
from service import logs, readiness
from service.api.context import Context
from service.app import build_context, create_app
from service.batching import Batcher, NoAnswer
from service.models import Models
from service.serving import Serving
from service.settings import Settings
from service.store import database as database_module
from service.store import queues
from tests.builders import COMPLAINT, REQUEST, THANKS, a_decision, a_message, a_row

NAME, PHONE, WORDS = "Quillon Zabrisk", "07700 900461", "the purple cistern howls"
CANARY = f"{NAME} here, {PHONE}: {WORDS}. Nobody came, twice."
PATIENCE = 2

Broken = Callable[[Sequence[Message], bool], Sequence[Decision]]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Context]:
    url = f"sqlite:///{tmp_path_factory.mktemp('operations') / 'heard.db'}"
    parts = build_context(Settings(database=url, model=model, longest_line=4, model_seconds=60))
    yield parts
    parts.database.close()


@pytest.fixture
def client(served: Context) -> Iterator[TestClient]:
    with TestClient(create_app(served), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def spoil(served: Context) -> Iterator[Callable[[Broken], None]]:
    """Put something else in the model's place."""
    serving = served.classifier
    whole = serving._loaded
    assert whole is not None

    def put(work: Broken) -> None:
        serving._loaded = replace(whole, batcher=Batcher(work, patience=PATIENCE))

    yield put
    serving._loaded, serving._said = whole, ""


def raises(_messages: Sequence[Message], _explain: bool) -> Sequence[Decision]:
    raise ZeroDivisionError(WORDS)


def hangs(_messages: Sequence[Message], _explain: bool) -> Sequence[Decision]:
    time.sleep(PATIENCE * 3)
    return []


def answers_for_nobody(_messages: Sequence[Message], _explain: bool) -> Sequence[Decision]:
    return []


def test_the_model_failing_sends_messages_to_a_person_with_their_dates(
    client: TestClient, served: Context, spoil: Callable[[Broken], None]
) -> None:
    for number, fault in enumerate((raises, hangs, answers_for_nobody)):
        spoil(fault)
        answer = client.post("/v1/messages", json=a_row(id=f"f-{number}", received_at="2026-11-02T09:30:00+00:00"))
        body = answer.json()
        assert answer.status_code == 201, fault
        assert (body["decision"]["route"], body["decision"]["model_version"]) == ("review", "none")
        assert body["decision"]["reasons"][0].startswith("Undetermined: the model")
        assert "undetermined" in body["decision"]["flags"]
        assert body["decision"]["cues"], "what the words alone show is kept"
        assert body["item"]["acknowledge_by"] == date(2026, 11, 9).isoformat()
        ready = client.get("/health/ready").json()
        assert (ready["status"], "model" in ready["problems"][0].lower()) == ("degraded", True)
        assert "The model does not work as it should" in client.get("/", params={"queue": "review"}).text
        assert WORDS not in answer.text
        scored = client.post("/v1/score", json=a_row())
        assert (scored.status_code, scored.json()["type"]) == (503, "/problems/no-model")
        assert scored.headers["retry-after"]


def test_once_the_model_is_back_new_messages_are_decided_and_the_banner_is_gone(
    client: TestClient, served: Context, spoil: Callable[[Broken], None]
) -> None:
    spoil(raises)
    client.post("/v1/messages", json=a_row(id="b-1"))
    spoil(lambda messages, _: [replace(a_decision(), message_id=message.id) for message in messages])
    assert client.post("/v1/messages", json=a_row(id="b-2")).json()["decision"]["model_version"] == "x"
    assert client.get("/health/ready").json()["status"] == "ok"
    assert "does not work as it should" not in client.get("/").text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.2])
def test_numbers_that_are_no_probabilities_never_file_a_message_away(
    served: Context, monkeypatch: pytest.MonkeyPatch, value: float
) -> None:
    loaded = served.classifier._loaded
    assert loaded is not None
    honest = loaded.classifier.predict

    def spoilt(prepared: Any) -> list[Any]:
        return [replace(made, complaint=value) for made in honest(prepared)]

    monkeypatch.setattr(loaded.classifier, "predict", spoilt)
    made = served.classifier.classify([a_message(text=THANKS)])[0]
    assert (made.route, made.model_version) == ("review", "none")


def test_mail_about_mail_needs_no_model(tmp_path: Path) -> None:
    serving = Serving(Models(tmp_path), profile="hos-2024")
    machine, person = serving.classify([a_message(kind=MessageKind.MACHINE), a_message(text=THANKS)])
    assert (machine.route, person.route) == ("no_action", "review")


def test_a_service_whose_model_file_is_empty_starts_and_takes_messages(
    workplace: Path, tmp_path: Path, model: Path
) -> None:
    copy = tmp_path / "models" / model.name
    copy.mkdir(parents=True)
    for name in ("manifest.json", "model_card.md"):
        (copy / name).write_bytes((model / name).read_bytes())
    (copy / "model.joblib").write_bytes(b"")
    (copy.parent / "promoted.json").write_bytes((model.parent / "promoted.json").read_bytes())
    parts = build_context(Settings(database=f"sqlite:///{tmp_path / 'a.db'}", models=copy.parent))
    with TestClient(create_app(parts)) as client:
        assert client.post("/v1/messages", json=a_row()).json()["decision"]["route"] == "review"
        assert "differs from its manifest" in client.get("/health/ready").json()["problems"][0]
        (copy / "model.joblib").write_bytes((model / "model.joblib").read_bytes())
        parts.classifier.refresh()
        assert client.post("/v1/messages", json=a_row(id="r-2")).json()["decision"]["model_version"] == model.name
        assert client.get("/health/ready").json()["status"] == "ok"


def test_one_message_that_breaks_the_model_does_not_spoil_those_beside_it() -> None:
    gate = threading.Event()

    def work(messages: Sequence[Message], _explain: bool) -> list[str]:
        gate.wait(60)
        if any(message.id == "bad" for message in messages):
            raise ValueError
        return [message.id for message in messages]

    batcher = Batcher[str](work, patience=60)
    answers: dict[str, Any] = {}

    def ask(name: str) -> None:
        try:
            answers[name] = batcher.ask([a_message(id=name)], explain=False)[0]
        except NoAnswer as error:
            answers[name] = str(error)

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("a", "bad", "b", "c")]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert answers == {"a": "a", "b": "b", "c": "c", "bad": "failed (ValueError)."}


def test_what_waits_is_worked_on_together_and_answered_apart() -> None:
    sizes: list[int] = []
    begun, gate = threading.Event(), threading.Event()

    def work(messages: Sequence[Message], _explain: bool) -> list[str]:
        begun.set()
        gate.wait(60)
        sizes.append(len(messages))
        return [message.id for message in messages]

    batcher = Batcher[str](work, patience=60)
    answers: dict[str, str] = {}
    threads = [
        threading.Thread(
            target=lambda name=str(n): answers.update({name: batcher.ask([a_message(id=name)], explain=False)[0]})
        )
        for n in range(12)
    ]
    threads[0].start()
    begun.wait(60)
    for thread in threads[1:]:
        thread.start()
    while len(batcher._line) < 11:
        time.sleep(0.01)
    gate.set()
    for thread in threads:
        thread.join()
    assert answers == {str(n): str(n) for n in range(12)}
    assert sizes == [1, 11]


def test_a_hanging_model_is_waited_for_three_times_and_then_nobody_waits_until_it_is_back() -> None:
    gate = threading.Event()

    def work(messages: Sequence[Message], _explain: bool) -> list[str]:
        gate.wait()
        return ["done"] * len(messages)

    batcher = Batcher[str](work, patience=0.2)
    for _ in range(3):
        with pytest.raises(NoAnswer, match="within"):
            batcher.ask([a_message()], explain=False)
    with pytest.raises(NoAnswer, match="does not answer"):
        batcher.ask([a_message()], explain=False)
    assert batcher.hangs
    gate.set()
    while batcher.hangs:
        time.sleep(0.01)
    assert batcher.ask([a_message()], explain=False) == ["done"]


def test_the_decisions_of_a_batch_are_those_one_by_one_to_the_last_digit(served: Context) -> None:
    loaded = served.classifier._loaded
    assert loaded is not None
    rows = [a_message(id=str(n), text=f"{text} {n}") for n, text in enumerate([COMPLAINT, REQUEST, THANKS] * 5)]
    together = loaded.classifier.classify(rows, explain=True)
    assert together == [loaded.classifier.classify([row], explain=True)[0] for row in rows]


def test_more_than_may_wait_are_told_to_come_again_and_nothing_accepted_is_lost(
    client: TestClient, served: Context, spoil: Callable[[Broken], None]
) -> None:
    gate = threading.Event()

    def slow(messages: Sequence[Message], _explain: bool) -> Sequence[Decision]:
        gate.wait(0.1)
        return [replace(a_decision(), message_id=message.id) for message in messages]

    spoil(slow)
    answers: list[tuple[str, int, str | None]] = []

    def send(number: int) -> None:
        answer = client.post("/v1/messages", json=a_row(id=f"o-{number}"))
        answers.append((f"o-{number}", answer.status_code, answer.headers.get("retry-after")))

    threads = [threading.Thread(target=send, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for _, status, _ in answers} == {201, 503}
    assert all(again == "1" for _, status, again in answers if status == 503)
    there = {name for name, _, _ in answers if client.get(f"/v1/messages/{name}").status_code == 200}
    assert there == {name for name, status, _ in answers if status == 201}
    assert client.get("/health/ready").status_code == 200, "health is not in the line"


def test_no_connection_free_is_a_503_that_says_when_to_come_again(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(database_module._POOL, "pool_size", 1)
    monkeypatch.setitem(database_module._POOL, "max_overflow", 0)
    monkeypatch.setitem(database_module._POOL, "pool_timeout", 0.1)
    parts = build_context(Settings(database=f"sqlite:///{tmp_path / 'a.db'}", model=model))
    with TestClient(create_app(parts), raise_server_exceptions=False) as client:
        with parts.database.reading():
            answer = client.post("/v1/messages", json=a_row())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert client.post("/v1/messages", json=a_row()).status_code == 201


def test_a_full_disk_is_not_ready_and_a_filling_one_is_degraded(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "LOW", 2**62)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    monkeypatch.setattr(readiness, "FULL", 2**61)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert "make room" in answer.json()["problems"][0]


def test_a_database_on_a_network_share_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert readiness.file_system(tmp_path / "heard.db") not in {"", "nfs4"}
    monkeypatch.setattr(readiness, "file_system", lambda _file: "nfs4")
    with pytest.raises(SettingsError, match="network share"):
        build_context(Settings(database=f"sqlite:///{tmp_path / 'heard.db'}"))


def test_the_numbers_say_what_came_in_and_what_waits_without_a_word_of_it(client: TestClient, served: Context) -> None:
    client.post("/v1/messages", json=a_row(id="n-1", text=CANARY, sender=f"{NAME} <q@example.org>"))
    text = client.get("/metrics").text
    version = served.classifier.model_version
    assert f'heard_messages_received_total{{channel="web_form",model="{version}"' in text
    assert 'heard_http_request_seconds_count{method="POST",route="/v1/messages",status="201"}' in text
    for name in ("heard_queue_items", "heard_queue_oldest_seconds", "heard_queue_overdue", "heard_set_aside 0.0"):
        assert name in text
    assert not any(canary in text for canary in (NAME, PHONE, WORDS, "n-1", "q@example.org"))


def test_no_name_number_or_word_of_a_message_ever_reaches_the_log(
    client: TestClient, spoil: Callable[[Broken], None]
) -> None:
    out = io.StringIO()
    before = (logging.getLogger().handlers, logging.getLogger().level)
    listener = logs.to_stream(out)
    try:
        client.post("/v1/messages", json=a_row(id="c-1", text=CANARY, sender=NAME, subject=WORDS))
        client.post("/v1/messages", json=a_row(id="c-1", text=CANARY + " again"))
        client.post("/v1/messages", json={"id": "c-2", "text": CANARY, "channel": WORDS})
        client.post("/v1/messages", content=CANARY.encode(), headers={"Content-Type": "application/json"})
        client.get("/v1/queue/review", params={"q": WORDS})
        client.get(f"/nowhere/{WORDS}")
        spoil(raises)
        client.post("/v1/messages", json=a_row(id="c-3", text=CANARY))
        logging.getLogger("library").error("raised", exc_info=ValueError(CANARY))
    finally:
        listener.stop()
        logging.getLogger().handlers, logging.getLogger().level = before[0], before[1]
        structlog.reset_defaults()
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {line["event"] for line in lines} >= {"request", "undetermined", "raised"}
    assert all("request_id" in line and "timestamp" in line for line in lines if line["event"] == "request")
    assert not any(canary in out.getvalue() for canary in (NAME, PHONE, WORDS, WORDS.replace(" ", "%20")))


def test_nobody_can_write_a_line_of_the_log_that_is_not_theirs() -> None:
    out = io.StringIO()
    before = (logging.getLogger().handlers, logging.getLogger().level)
    listener = logs.to_stream(out)
    try:
        structlog.get_logger().info("said", value='a\r\n{"event": "forged"}\x1b[31m\u2028b')
    finally:
        listener.stop()
        logging.getLogger().handlers, logging.getLogger().level = before[0], before[1]
        structlog.reset_defaults()
    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b" not in out.getvalue()


def start(folder: Path, model: Path, port: int, **options: Any) -> "subprocess.Popen[bytes]":
    command = [str(Path(sys.executable).parent / "heard"), "serve", "--port", str(port), "--model", str(model)]
    server = subprocess.Popen([*command, "--database", f"sqlite:///{folder}/heard.db"], **options)
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return server
    raise AssertionError("not ready")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_told_to_stop_under_load_it_answers_what_it_took_and_ends_and_its_log_may_have_gone(
    tmp_path: Path, model: Path
) -> None:
    port = free_port()
    reader, writer = os.pipe()
    server = start(tmp_path, model, port, stderr=writer)
    os.close(writer)
    os.close(reader)  # whoever read the log is gone (F42)
    taken: list[str] = []
    stopped = threading.Event()

    def send(worker: int) -> None:
        for number in range(10_000):
            row = json.dumps(a_row(id=f"s-{worker}-{number}")).encode()
            asked = urllib.request.Request(
                f"http://127.0.0.1:{port}/v1/messages", row, {"Content-Type": "application/json"}
            )
            try:
                with urllib.request.urlopen(asked, timeout=30) as answer:
                    taken.append(json.load(answer)["id"])
            except OSError:
                if stopped.is_set():
                    return

    threads = [threading.Thread(target=send, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    while len(taken) < 12:
        time.sleep(0.02)
    server.send_signal(signal.SIGTERM)
    server.send_signal(signal.SIGTERM)
    stopped.set()
    assert server.wait(30) in {0, -signal.SIGTERM}
    for thread in threads:
        thread.join()
    engine = create_engine(f"sqlite:///{tmp_path}/heard.db")
    with engine.connect() as connection:
        kept = {row[0] for row in connection.exec_driver_sql("SELECT id FROM message")}
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()
    assert set(taken) <= kept


def test_everything_taken_in_while_the_model_failed_adds_up(served: Context) -> None:
    with served.database.reading() as connection:
        assert all(balance.holds for balance in queues.balances(connection))
