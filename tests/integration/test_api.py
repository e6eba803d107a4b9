import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import Mock

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError

from service.api.context import Context
from service.app import build_context, create_app
from service.settings import Settings
from tests.builders import COMPLAINT, REQUEST, THANKS, a_row

QUIET = "Chap laughed down the phone, at how I talk. The van was red."


@pytest.fixture
def client(context: Context) -> Iterator[TestClient]:
    with TestClient(create_app(context), raise_server_exceptions=False) as client:
        yield client


def test_scoring_answers_in_the_shape_of_the_contract_and_stores_nothing(client: TestClient) -> None:
    answer = client.post("/v1/score", json=a_row())
    body = answer.json()
    assert answer.status_code == 200
    assert body["label"] == "complaint"
    assert sum(body["probabilities"].values()) == pytest.approx(1)
    assert {cue["provision"] for cue in body["cues"]} <= {"HOS 1.2", "HOS 1.3", "HOS 1.5"}
    assert client.get("/v1/messages/r-1").status_code == 404


def test_a_batch_gives_the_decisions_that_one_by_one_would(client: TestClient) -> None:
    rows = [a_row(id=str(n), text=text) for n, text in enumerate([COMPLAINT, REQUEST, THANKS])]
    together = client.post("/v1/score/batch", json={"messages": rows}).json()["decisions"]
    assert together == [client.post("/v1/score", json=row).json() for row in rows]


def test_a_received_message_is_answered_with_decision_and_item_and_can_be_read_back(client: TestClient) -> None:
    answer = client.post("/v1/messages", json=a_row(received_at="2026-11-02T09:30:00+00:00"))
    body = answer.json()
    assert answer.status_code == 201
    assert body["id"] == "r-1"
    assert body["item"]["acknowledge_by"] == "2026-11-09"
    read = client.get("/v1/messages/r-1").json()
    assert read["decision"] == body["decision"]
    assert [event["kind"] for event in read["events"]] == ["received", "decided", "queued"]
    queue = body["item"]["queue"].replace("_", "-")
    assert [item["message_id"] for item in client.get(f"/v1/queue/{queue}").json()["items"]] == ["r-1"]


def test_a_message_that_needs_no_officer_has_no_item(client: TestClient) -> None:
    body = client.post("/v1/messages", json=a_row(text="Where do I pay my rent please?")).json()
    assert (body["item"] is None) == (body["decision"]["route"] in {"service_request", "no_action"})


def test_redelivery_answers_200_and_adds_nothing(client: TestClient) -> None:
    first = client.post("/v1/messages", json=a_row())
    again = client.post("/v1/messages", json=a_row())
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()


def test_the_same_key_and_body_get_the_same_answer_and_another_body_409(client: TestClient) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = client.post("/v1/messages", json=a_row(), headers=headers)
    again = client.post("/v1/messages", json=a_row(), headers=headers)
    other = client.post("/v1/messages", json=a_row(id="r-2"), headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert first.json() == again.json()
    assert other.json()["type"] == "/problems/key-in-use"


def test_an_id_with_other_words_is_a_409_that_does_not_repeat_them(client: TestClient) -> None:
    client.post("/v1/messages", json=a_row())
    answer = client.post("/v1/messages", json=a_row(text=REQUEST))
    assert answer.status_code == 409
    assert "tap" not in answer.text


def test_fifty_at_once_with_one_key_make_one_message(client: TestClient) -> None:
    answers: list[int] = []
    headers = {"Idempotency-Key": "k-race"}
    threads = [
        threading.Thread(
            target=lambda: answers.append(client.post("/v1/messages", json=a_row(), headers=headers).status_code)
        )
        for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 50
    assert len(client.get("/v1/messages/r-1").json()["events"]) <= 3


def test_many_at_once_are_each_told_of_their_own(client: TestClient) -> None:
    texts = (COMPLAINT, REQUEST, THANKS)
    rows = [a_row(id=f"m-{n}", text=f"{texts[n % 3]} {n}", sender=f"r{n % 7}@example.org") for n in range(60)]
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda row: client.post("/v1/messages", json=row), rows))
    assert [answer.status_code for answer in answers] == [201] * 60
    for row, answer in zip(rows, answers, strict=True):
        read = client.get(f"/v1/messages/{row['id']}").json()
        assert (answer.json()["id"], answer.json()["decision"]) == (row["id"], read["decision"])
        assert read["text"] == row["text"]


def test_where_a_decision_cannot_be_read_back_a_conflict_is_still_told(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.post("/v1/messages", json=a_row())
    monkeypatch.setattr("service.api.receiving.decided", Mock(side_effect=OperationalError("SELECT", {}, OSError())))
    conflict = client.post("/v1/messages", json=a_row(text="Other words"))
    untold = client.post("/v1/messages", json=a_row(id="r-2"))
    monkeypatch.undo()
    again = client.post("/v1/messages", json=a_row(id="r-2"))
    assert (conflict.status_code, untold.status_code, again.status_code) == (409, 503, 200)


def test_paging_by_cursor_gives_each_item_once(client: TestClient) -> None:
    for number in range(7):
        client.post("/v1/messages", json=a_row(id=f"r-{number}"))
    queue = client.get("/v1/messages/r-0").json()["item"]["queue"].replace("_", "-")
    seen, cursor = [], None
    for _ in range(9):
        page = client.get(f"/v1/queue/{queue}", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["message_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert sorted(seen) == [f"r-{number}" for number in range(7)]


@pytest.mark.parametrize(
    "cursor", ["zzz", "MjAyNi0xMS0wOSAx", "MjAyNi0xMS0wOSA5OTk5OTk5OTk5OTk5OTk5OTk5OQ==", "\u00e9"]
)
def test_a_made_up_cursor_is_a_400(client: TestClient, cursor: str) -> None:
    answer = client.get("/v1/queue/review", params={"cursor": cursor})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"id": "1", "text": "secret words", "channel": "fax"}',
        b'{"id": "1", "text": "secret words", "channel": "note", "decision": "no_action"}',
        b'{"id": 1, "text": "secret words", "channel": "note"}',
        b'{"id": "1", "text": "", "channel": "note"}',
        b'{"id": "1", "text": "secret\\u0000words", "channel": "note"}',
        b'{"id": "1", "text": "secret \\ud83d words", "channel": "note"}',
        b'{"id": "1", "text": "secret words", "channel": "note", "prior_contacts": ' + b"9" * 5000 + b"}",
        b'{"id": "1", "text": "secret words", "channel": "note", "prior_contacts": NaN}',
        b'{"id": "1", "text": "secret words", "channel": "note", "received_at": "2026-11-02T09:30:00"}',
        b'{"id": "1", "text": "secret words", "channel": "note", "received_at": 5}',
        b"[" * 50_000,
    ],
)
@pytest.mark.parametrize("path", ["/v1/score", "/v1/messages"])
def test_a_body_that_does_not_fit_is_refused_without_repeating_it(client: TestClient, path: str, body: bytes) -> None:
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text


@pytest.mark.parametrize("announced", [True, False])
def test_a_body_over_the_limit_is_refused_however_it_is_sent(context: Context, *, announced: bool) -> None:
    small = Context(**{**vars(context), "settings": Settings(body_limit=1000)})
    data = json.dumps(a_row(text="x" * 5000)).encode()

    def chunks() -> Iterator[bytes]:
        yield from (data[n : n + 500] for n in range(0, len(data), 500))

    with TestClient(create_app(small), raise_server_exceptions=False) as client:
        content: Any = data if announced else chunks()
        answer = client.post("/v1/score", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["type"] == "/problems/content-too-large"


@pytest.mark.parametrize("path", ["/nowhere", "/v1/messages/nobody", "/v1/queue/stage-0", "/v1/queue/review?limit=0"])
def test_what_is_not_there_is_a_problem_in_the_agreed_form(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code in {404, 422}
    assert set(answer.json()) >= {"type", "title", "status", "detail"}


def test_ready_says_what_serves_and_why_not(client: TestClient, context: Context) -> None:
    assert client.get("/health/live").json()["status"] == "ok"
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["model_version"] == context.classifier.model_version
    with context.database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'old'")
    not_ready = client.get("/health/ready")
    assert not_ready.status_code == 503
    assert "another version" in not_ready.json()["problems"][0]


def test_every_operation_is_described_with_its_problems(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["schemas"]["MessageIn"]["examples"][0]["channel"] == "web_form"
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            problems = [code for code, answer in operation["responses"].items() if code >= "400" and code != "503"]
            assert problems or path.startswith("/health"), path
    assert "HTTPValidationError" not in json.dumps(document)


def test_every_answer_carries_the_headers_that_keep_a_browser_safe(client: TestClient) -> None:
    for path in ("/", "/nowhere", "/static/heard.css", "/v1/queue/review", "/health/live"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_a_page_asked_for_under_another_host_name_is_refused(client: TestClient) -> None:
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_the_queue_page_shows_words_cues_and_dates_and_escapes_them(client: TestClient) -> None:
    script = "<script>alert(1)</script>"
    client.post(
        "/v1/messages", json=a_row(subject=script, text=f"{COMPLAINT} {script}", received_at="2026-11-02T09:30:00Z")
    )
    item = client.get("/v1/messages/r-1").json()["item"]
    page = client.get("/", params={"queue": item["queue"]})
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "Mon 9 Nov 2026" in page.text
    assert "Overdue" in page.text
    assert "third time" in page.text
    assert "HOS 1.5" in client.get(f"/items/{item['id']}").text


def test_a_flagged_message_without_a_cue_shows_the_words_that_weighed_most(client: TestClient) -> None:
    decision = client.post("/v1/messages", json=a_row(text=QUIET)).json()["decision"]
    assert decision["cues"] == []
    assert decision["words"]
    assert all(QUIET[span["start"] : span["end"]] == span["text"] for span in decision["words"])
    assert client.get("/v1/messages/r-1").json()["decision"] == decision
    page = client.get("/", params={"queue": decision["route"]})
    assert f"The words that weighed most: “{decision['words'][0]['text']}”" in page.text


def test_where_a_cue_says_why_no_words_are_added(client: TestClient) -> None:
    body = client.post("/v1/messages", json=a_row()).json()
    assert body["decision"]["cues"]
    assert body["decision"]["words"] == []
    assert "The words that weighed most" not in client.get("/", params={"queue": body["decision"]["route"]}).text


def test_scoring_answers_without_words(client: TestClient) -> None:
    assert "words" not in client.post("/v1/score", json=a_row(text=QUIET)).json()


def test_an_empty_queue_says_so(client: TestClient) -> None:
    assert "No complaints are waiting." in client.get("/").text


def test_if_the_database_is_gone_the_answer_is_503_and_says_nothing_was_stored(model: Any, tmp_path: Any) -> None:
    context = build_context(Settings(database=f"sqlite:///{tmp_path / 'a.db'}", model=model))
    with TestClient(create_app(context), raise_server_exceptions=False) as client:
        with context.database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE idempotency RENAME TO gone")
        answer = client.post("/v1/messages", json=a_row(), headers={"Idempotency-Key": "k"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.json()["detail"].endswith("nothing was stored.")


def test_an_id_may_hold_a_slash(client: TestClient) -> None:
    client.post("/v1/messages", json=a_row(id="2026/11/4711"))
    assert client.get("/v1/messages/2026/11/4711").json()["id"] == "2026/11/4711"
