import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from pipeline.domain import Category, Channel, Flag
from service.api.context import Context
from service.app import create_app
from service.queue import QueueItem, QueueName
from service.store import work_list
from tests.desk import clear, put

KHAN, PATEL = {"X-Heard-Officer": "A. Khan"}, {"X-Heard-Officer": "S. Patel"}
NOW = datetime.now(UTC)
HERE = ("127.0.0.1", 50_000)


@pytest.fixture
def context(used_context: Context) -> Context:
    clear(used_context.database)
    return used_context


@pytest.fixture
def client(context: Context) -> Iterator[TestClient]:
    with TestClient(create_app(context), raise_server_exceptions=False, client=HERE, headers=KHAN) as client:
        yield client


@pytest.fixture
def item(context: Context) -> QueueItem:
    return an_item(context)


def an_item(
    context: Context, message_id: str = "m-1", queue: QueueName = QueueName.REVIEW, days: int = 1, **given: Any
) -> QueueItem:
    """Received so many days ago."""
    with context.database.writing() as connection:
        return put(connection, context.calendar, message_id, queue, NOW - timedelta(days=days), **given)


def do(client: TestClient, item: QueueItem, action: str, body: Any = None, **headers: str) -> Any:
    return client.post(f"/v1/items/{item.id}/{action}", json=body, headers=headers)


def claimed(client: TestClient, item: QueueItem, officer: str = "A. Khan") -> int:
    return int(do(client, item, "claim", **{"X-Heard-Officer": officer}).json()["claim"]["fence"])


def decided(client: TestClient, item: QueueItem, verdict: str = "complaint") -> Any:
    body = {"fence": claimed(client, item), "verdict": verdict, "saw_suggestion": True}
    return do(client, item, "review", body)


def test_an_officer_takes_an_item_all_the_way_and_its_history_says_so(client: TestClient, context: Context) -> None:
    item = an_item(context, queue=QueueName.SIGNPOST)
    made = do(client, item, "offer", {"fence": claimed(client, item), "step": "made", "wording_id": "survey-1"})
    assert made.json()["status"] == "offered"
    accepted = do(client, item, "offer", {"fence": claimed(client, item), "step": "accepted"})
    assert (accepted.json()["queue"], accepted.json()["status"]) == ("stage_1", "complaint")
    assert do(client, item, "acknowledge", {"fence": claimed(client, item)}).json()["status"] == "acknowledged"
    assert do(client, item, "extend", {"reason": "surveyor"}).json()["extended_on"]
    done = do(client, item, "hand-over", {"fence": claimed(client, item), "reference": "CASE-9"})
    assert (done.status_code, done.json()["status"], done.json()["due_by"]) == (200, "handed_over", None)
    events = [event["kind"] for event in client.get("/v1/messages/m-1").json()["events"]]
    assert [kind for kind in events if kind != "claimed"] == [
        "offered",
        "offer_accepted",
        "acknowledged",
        "extended",
        "handed_over",
    ]
    read = client.get(f"/v1/items/{item.id}").json()
    assert read["offers"][0]["wording_id"] == "survey-1"
    assert read["allowed"] == ["reopened", "linked", "unlinked"]
    assert read["history"][-1]["detail"] == "Case CASE-9"


def test_a_review_is_read_back_with_the_item(client: TestClient, item: QueueItem) -> None:
    body = {
        "fence": claimed(client, item),
        "verdict": "service_request",
        "contested": True,
        "note": "Rang \u202eon\u2066 the 3rd.",
        "asks_for": "mend the tap",
        "saw_suggestion": False,
        "seconds": 38,
    }
    assert do(client, item, "review", body).json()["status"] == "service_request"
    read = client.get(f"/v1/items/{item.id}").json()
    assert read["reviews"][0]["note"] == "Rang on the 3rd."
    assert (read["reviews"][0]["contested"], read["reviews"][0]["saw_suggestion"]) == (True, False)
    assert read["requests"][0]["asks_for"] == "mend the tap"
    assert do(client, item, "undo").json()["status"] == "new"
    read = client.get(f"/v1/items/{item.id}").json()
    assert read["requests"][0]["withdrawn_at"]
    assert read["history"][-1]["undoes"] == read["reviews"][0]["step"]


def test_who_comes_second_gets_a_409_that_names_who_was_first_and_shows_the_item(
    client: TestClient, item: QueueItem
) -> None:
    claimed(client, item)
    second = do(client, item, "claim", **PATEL)
    assert second.status_code == 409
    assert second.headers["content-type"] == "application/problem+json"
    assert second.json()["type"] == "/problems/too-late"
    assert second.json()["detail"].startswith(f"A. Khan holds item {item.id} until")
    assert second.json()["item"]["claim"]["by"] == "A. Khan"
    assert second.json()["message_id"] == "m-1"
    taken = do(client, item, "claim", {"take_over": "gone home ill"}, **PATEL)
    assert (taken.status_code, taken.json()["claim"]["by"]) == (200, "S. Patel")


def test_an_etag_that_is_no_longer_true_is_a_412(client: TestClient, item: QueueItem) -> None:
    read = client.get(f"/v1/items/{item.id}")
    assert read.headers["etag"] == '"0"'
    assert read.json()["item"]["version"] == 0
    first = do(client, item, "assign", {"to": "Repairs"}, **{"If-Match": '"0"'})
    assert (first.status_code, first.headers["etag"]) == (200, '"1"')
    second = do(client, item, "assign", {"to": "Lettings"}, **{"If-Match": '"0"'})
    assert (second.status_code, second.json()["type"]) == (412, "/problems/changed")
    assert second.json()["item"]["assigned_to"] == "Repairs"
    assert do(client, item, "assign", {"to": None}, **{"If-Match": "*"}).json()["assigned_to"] is None


def test_an_action_sent_twice_with_one_key_is_done_once(client: TestClient, item: QueueItem) -> None:
    decided(client, item)
    sent = [do(client, item, "extend", {"reason": "surveyor"}, **{"Idempotency-Key": "k-1"}) for _ in range(3)]
    assert [answer.status_code for answer in sent] == [200] * 3
    assert sent[0].json() == sent[1].json() == sent[2].json()
    other = do(client, item, "extend", {"reason": "another"}, **{"Idempotency-Key": "k-1"})
    assert (other.status_code, other.json()["type"]) == (409, "/problems/key-in-use")
    same_key_of_another = do(client, item, "extend", {"reason": "surveyor"}, **{"Idempotency-Key": "k-1", **PATEL})
    assert same_key_of_another.status_code == 409


def test_the_next_item_is_claimed_or_it_is_said_how_many_others_hold(client: TestClient, item: QueueItem) -> None:
    first = client.post("/v1/queue/review/claim-next").json()
    assert (first["item"]["id"], first["claimed_by_others"]) == (item.id, 0)
    second = client.post("/v1/queue/review/claim-next", json={"team": "Repairs"}, headers=PATEL).json()
    assert (second["item"], second["claimed_by_others"]) == (None, 1)


def test_without_an_officers_name_nothing_is_done(context: Context, item: QueueItem) -> None:
    with TestClient(create_app(context), client=HERE) as nobody:
        answer = nobody.post(f"/v1/items/{item.id}/claim")
    assert answer.status_code == 422
    assert "X-Heard-Officer" in answer.json()["detail"]


def test_an_officers_name_is_believed_from_this_machine_only(context: Context, item: QueueItem) -> None:
    with TestClient(create_app(context), client=("192.0.2.7", 1), headers=KHAN) as away:
        assert away.post(f"/v1/items/{item.id}/claim").status_code == 403


def test_an_officers_name_may_have_any_letters(client: TestClient, item: QueueItem) -> None:
    name = "Zoë Łuczak".encode()
    answer = client.post(f"/v1/items/{item.id}/claim", headers={b"X-Heard-Officer": name})
    assert answer.json()["claim"]["by"] == "Zoë Łuczak"
    assert client.post(f"/v1/items/{item.id}/claim", headers={b"X-Heard-Officer": b"x" * 101}).status_code == 422


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("review", None),
        ("review", []),
        ("review", {"fence": 1, "verdict": "complaint"}),
        ("review", {"fence": "1", "verdict": "complaint", "saw_suggestion": True}),
        ("review", {"fence": True, "verdict": "complaint", "saw_suggestion": True}),
        ("review", {"fence": 0, "verdict": "complaint", "saw_suggestion": True}),
        ("review", {"fence": 2**70, "verdict": "complaint", "saw_suggestion": True}),
        ("review", {"fence": 1, "verdict": "refused", "saw_suggestion": True}),
        ("review", {"fence": 1, "verdict": "complaint", "saw_suggestion": 1}),
        ("review", {"fence": 1, "verdict": "complaint", "saw_suggestion": True, "note": "secret\0words"}),
        ("review", {"fence": 1, "verdict": "complaint", "saw_suggestion": True, "note": "secret words" * 100_000}),
        ("review", {"fence": 1, "verdict": "complaint", "saw_suggestion": True, "status": "acknowledged"}),
        ("offer", {"fence": 1, "step": "accepted", "wording_id": "secret words"}),
        ("offer", {"fence": 1, "step": "made", "is_admin": True}),
        ("acknowledge", {"fence": 1, "on": 20261102}),
        ("acknowledge", {"fence": 1, "on": "2026-02-29"}),
        ("acknowledge", {"fence": 1, "on": "2026-11-02T24:00"}),
        ("acknowledge", {"fence": 1, "on": "20261102"}),
        ("hand-over", {"fence": 1, "reference": "  "}),
        ("hand-over", {"fence": 1, "reference": "x" * 101}),
        ("extend", {"reason": ""}),
        ("extend", {"reason": " \t "}),
        ("extend", {}),
        ("reopen", {"reason": None}),
        ("assign", {}),
        ("assign", {"to": ""}),
        ("link", {"message_id": "secret words\n"}),
        ("claim", {"take_over": None}),
        ("claim", {"force": True}),
    ],
)
def test_a_body_that_does_not_fit_changes_nothing_and_is_not_repeated(
    client: TestClient, item: QueueItem, action: str, body: Any
) -> None:
    answer = do(client, item, action, body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert client.get(f"/v1/items/{item.id}").json()["history"] == []


@pytest.mark.parametrize("name", ["0", "-1", "1.5", "x", "9" * 30, "%00", "..%2f..", "1%20OR%201"])
def test_an_item_that_is_no_number_is_refused(client: TestClient, name: str) -> None:
    assert client.get(f"/v1/items/{name}").status_code in {404, 422}
    assert client.post(f"/v1/items/{name}/undo").status_code in {404, 405, 422}


def test_an_item_that_is_not_there_is_a_404(client: TestClient) -> None:
    assert client.get("/v1/items/404").status_code == 404
    assert client.post("/v1/items/404/claim").json()["type"] == "/problems/not-found"


@pytest.mark.parametrize("header", ["", "0", 'W/"0"', '"x"', '"0", "1"', '"' + "9" * 40 + '"'])
def test_an_if_match_that_is_no_etag_of_ours_is_refused(client: TestClient, item: QueueItem, header: str) -> None:
    assert do(client, item, "claim", **{"If-Match": header}).status_code == 422


@pytest.mark.parametrize("key", ["", "k" * 201, "a b"])
def test_a_key_that_is_none_is_refused(client: TestClient, item: QueueItem, key: str) -> None:
    assert do(client, item, "claim", **{"Idempotency-Key": key}).status_code == 422


def listed(client: TestClient, queue: str = "review", **params: Any) -> list[str]:
    answer = client.get(f"/v1/queue/{queue}", params=params)
    assert answer.status_code == 200, answer.text
    return [item["message_id"] for item in answer.json()["items"]]


def test_a_queue_is_listed_by_date_then_risk_and_without_what_is_done(client: TestClient, context: Context) -> None:
    done = an_item(context, "done", days=9)
    an_item(context, "low", complaint=0.2, days=2)
    an_item(context, "high", complaint=0.7, days=2)
    an_item(context, "old", complaint=0.1, days=12)
    decided(client, done, "other")
    assert listed(client) == ["old", "high", "low"]
    assert listed(client, status="other") == ["done"]


def test_a_queue_is_filtered(client: TestClient, context: Context) -> None:
    asb = Category(hos="Anti-Social Behaviour", lgsco="Housing")
    by_mail = an_item(context, "mail", channel=Channel.EMAIL, subject="A 100% rise", sender="jo@example.org", days=3)
    held = an_item(context, "gas", days=2, decision={"flags": (Flag.HAZARD, Flag.LEGAL), "category": asb})
    an_item(context, "late", days=40, text="A_B isn't answered, 1000 rises")
    client.post(f"/v1/items/{held.id}/claim", headers=PATEL)
    do(client, by_mail, "assign", {"to": "Repairs"})
    everything = ["late", "mail", "gas"]
    assert sorted(listed(client)) == sorted(everything)
    for wanted, params in {
        ("mail",): {"channel": "email"},
        ("gas",): {"flag": "hazard"},
        (): {"flag": "member"},
        ("late",): {"overdue": True},
        ("late", "mail"): {"category": "Property Condition"},
        ("mail", "late"): {"status": "new"},
    }.items():
        assert sorted(listed(client, **params)) == sorted(wanted), params
    assert listed(client, flag="legal", category="Anti-Social Behaviour", status="claimed") == ["gas"]
    assert listed(client, claimed_by="S. Patel") == ["gas"]
    assert listed(client, assigned_to="Repairs") == ["mail"]
    assert listed(client, q="100%") == ["mail"]
    assert listed(client, q="a_b") == ["late"]
    assert listed(client, q="JO@EXAMPLE") == ["mail"]
    assert listed(client, q="isn't") == ["late"]


def test_due_soon_is_today_and_the_next_working_day(client: TestClient, context: Context) -> None:
    today = context.today()
    for days in range(12):
        an_item(context, f"d-{days}", days=days)
    answer = client.get("/v1/queue/review", params={"limit": 200}).json()["items"]
    soon = [one["message_id"] for one in answer if today.day.isoformat() <= one["due_by"] <= today.soon.isoformat()]
    late = [one["message_id"] for one in answer if one["due_by"] < today.day.isoformat()]
    assert listed(client, due_soon=True) == soon
    assert listed(client, overdue=True) == late
    assert {one["message_id"] for one in answer if one["urgency"] == "due_soon"} == set(soon)
    assert {one["message_id"] for one in answer if one["urgency"] == "overdue"} == set(late)
    assert soon
    assert late


def walk(client: TestClient, **params: Any) -> Iterator[str]:
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/v1/queue/review", params={**params, **cursor}).json()
        yield from (item["message_id"] for item in page["items"])
        if page["next"] is None:
            return
        cursor = {"cursor": page["next"]}


def test_pages_miss_nothing_and_repeat_nothing_while_others_work(client: TestClient, context: Context) -> None:
    items = [an_item(context, f"m-{n}", days=1 + n % 3, complaint=0.1 * (n % 4)) for n in range(12)]
    seen = []
    for number, message_id in enumerate(walk(client, limit=2)):
        seen.append(message_id)
        if number == 4:  # one that was shown is decided, and one arrives at the front
            gone = next(item for item in items if item.message_id == seen[0])
            decided(client, gone, "other")
            an_item(context, "front", days=30)
    assert sorted(seen) == sorted(item.message_id for item in items)


def test_a_search_looks_through_a_window_at_a_time_and_misses_nothing(
    client: TestClient, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_list, "WINDOW", 4)
    for number in range(13):
        an_item(context, f"m-{number}", text="the lift" if number in {3, 11, 12} else "the boiler")
    assert sorted(walk(client, q="lift", limit=1)) == ["m-11", "m-12", "m-3"]
    assert list(walk(client, q="roof")) == []
    first = client.get("/v1/queue/review", params={"q": "roof"}).json()
    assert first["items"] == []
    assert first["next"] is not None


@pytest.mark.parametrize("q", ["%", "_", "'", '"', "\\", "/", "[a", "' OR 1=1 --", "NEAR(", "\U0001f600", "x" * 200])
def test_a_search_takes_its_words_as_they_stand(client: TestClient, item: QueueItem, q: str) -> None:
    assert listed(client, q=q) == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=1&limit=2",
        "q=lift&q=lift",
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=1e3",
        "limit=" + "9" * 40,
        "cursor=zzz",
        "cursor=MjAyNi0xMS0wOSBuYW4gMQ==",
        "cursor=MjAyNi0xMS0wOSAwLjUgLTE=",
        "cursor=" + "A" * 201,
        "status=stage_0",
        "channel=fax",
        "flag=x",
        "sort=risk",
        "q=",
        "q=%00",
        "q=" + "x" * 10_000,
        "overdue=perhaps",
        "assigned_to=a%00b",
    ],
)
def test_a_list_asked_for_wrongly_is_a_problem(client: TestClient, query: str) -> None:
    answer = client.get(f"/v1/queue/review?{query}")
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_request_has_an_id_in_its_answer_the_callers_where_it_is_safe(client: TestClient) -> None:
    assert client.get("/health/live", headers={"X-Request-ID": "abc-123"}).headers["x-request-id"] == "abc-123"
    made = client.get("/nowhere", headers={"X-Request-ID": "a b\tc"}).headers["x-request-id"]
    assert len(made) == 32
    assert client.get("/health/live").headers["x-request-id"] != made


def test_an_answer_to_what_nobody_expected_has_the_id_that_is_in_the_log(context: Context, item: QueueItem) -> None:
    broken = Context(**{**vars(context), "reviewing": None})
    with TestClient(create_app(broken), raise_server_exceptions=False, client=HERE, headers=KHAN) as client:
        answer = client.post(f"/v1/items/{item.id}/undo", headers={"X-Request-ID": "abc-123"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "abc-123")
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_action_is_described_with_an_example(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for operation in operations.values():
            if not path.startswith("/v1/items") or "requestBody" not in operation:
                continue
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            names = [schema, *schema.get("anyOf", [])]
            name = next(one["$ref"] for one in names if "$ref" in one).rsplit("/", 1)[1]
            assert document["components"]["schemas"][name]["examples"], name
            assert {"403", "404", "409", "412", "422"} <= set(operation["responses"]), path
    assert "$defs" not in json.dumps(document)
    assert "ItemOut" in document["components"]["schemas"]["Problem"]["properties"]["item"]["anyOf"][0]["$ref"]
