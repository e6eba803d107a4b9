"""The service under load and in trouble: it says so, keeps quiet about residents, and stops in order."""

import io
import json
import logging
import os
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy import create_engine

from pipeline.domain import Decision, Message
from pipeline.errors import SettingsError
from service import logs, readiness
from service.api.context import Context
from service.app import build_context, create_app
from service.settings import Settings
from service.store import database as database_module
from tests.builders import a_decision, a_row
from tests.failing_model import NAME, PHONE, WORDS, Broken, raises, start

CANARY = f"{NAME} here, {PHONE}: {WORDS}. Nobody came, twice."


@pytest.fixture
def client(served: Context) -> Iterator[TestClient]:
    with TestClient(create_app(served), raise_server_exceptions=False) as client:
        yield client


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
