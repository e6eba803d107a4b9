"""Whatever becomes of the model, messages come in and reach a person."""

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from pipeline.domain import Decision, Message, MessageKind
from service.api.context import Context
from service.app import build_context, create_app
from service.batching import Batcher, Closed, NoAnswer
from service.models import Models
from service.serving import Serving
from service.settings import Settings
from service.store import messages, queues
from tests.builders import COMPLAINT, REQUEST, THANKS, a_decision, a_message, a_row
from tests.failing_model import PATIENCE, WORDS, Broken, raises


@pytest.fixture
def client(served: Context) -> Iterator[TestClient]:
    with TestClient(create_app(served), raise_server_exceptions=False) as client:
        yield client


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


def test_of_messages_received_together_only_the_one_that_breaks_the_model_is_undetermined(
    served: Context, spoil: Callable[[Broken], None]
) -> None:
    def one_is_bad(batch: Sequence[Message], _explain: bool) -> list[Decision]:
        if any(message.id == "bad" for message in batch):
            raise ValueError
        return [replace(a_decision(), message_id=message.id) for message in batch]

    spoil(one_is_bad)
    asked = [served.intake.asked(a_message(id=name, sender=""), source="http") for name in ("x", "bad", "y")]
    served.intake.receive_each(asked)
    with served.database.reading() as connection:
        by = {one.message.id: messages.decision_row(connection, one.message.id) for one in asked}
    assert [one.answer().new for one in asked] == [True] * 3
    assert {name: row and row["model_version"] for name, row in by.items()} == {"x": "x", "bad": "none", "y": "x"}


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
    shutil.copytree(model, copy)
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


def test_who_waits_without_a_thread_is_answered_alike_and_waits_no_longer() -> None:
    gate = threading.Event()

    def work(messages: Sequence[Message], _explain: bool) -> list[str]:
        if messages[0].id == "slow":
            gate.wait()
        if messages[0].id == "bad":
            raise ValueError
        return [message.id for message in messages]

    batcher = Batcher[str](work, patience=0.5)

    async def asked(name: str) -> str:
        return (await batcher.wait_for([a_message(id=name)], explain=False))[0]

    assert asyncio.run(asked("a")) == "a"
    with pytest.raises(NoAnswer, match="ValueError"):
        asyncio.run(asked("bad"))
    with pytest.raises(NoAnswer, match="within"):
        asyncio.run(asked("slow"))
    gate.set()
    batcher.close()
    with pytest.raises(Closed):
        asyncio.run(asked("b"))


def test_the_decisions_of_a_batch_are_those_one_by_one_to_the_last_digit(served: Context) -> None:
    loaded = served.classifier._loaded
    assert loaded is not None
    rows = [a_message(id=str(n), text=f"{text} {n}") for n, text in enumerate([COMPLAINT, REQUEST, THANKS] * 5)]
    together = loaded.classifier.classify(rows, explain=True)
    assert together == [loaded.classifier.classify([row], explain=True)[0] for row in rows]


def test_everything_taken_in_while_the_model_failed_adds_up(served: Context) -> None:
    with served.database.reading() as connection:
        assert all(balance.holds for balance in queues.balances(connection))
