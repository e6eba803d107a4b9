"""Nobody who may decide about an item of the blind sample learns before what heard thinks of it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from pipeline.domain import Channel, Flag, Label, Route
from service import webhook_targets
from service.api.context import Context
from service.app import create_app
from service.outbox import Outbox
from service.queue import QueueName
from service.roles import Permission
from service.sampling import WITHHELD, Sampling, place_of
from service.store import work_list
from service.store.work_list import Filters
from tests.builders import RECEIVED, REQUEST, a_decision
from tests.desk import Desk, put
from tests.integration.test_blind_sample import Files, decide

KNOWN = {"label": Label.SERVICE_REQUEST, "flags": (Flag.VULNERABILITY,)}
BODY = {"id": "m-new", "text": REQUEST, "channel": "web_form"}


@pytest.fixture
def client(context: Context) -> Iterator[TestClient]:
    with TestClient(create_app(context), client=("127.0.0.1", 50_000)) as found:
        yield found


def blind(context: Context, name: str = "m-1", **given: Any) -> int:
    with context.database.writing() as connection:
        return put(
            connection,
            context.calendar,
            name,
            QueueName.REVIEW,
            RECEIVED,
            complaint=0.01,
            decision=KNOWN,
            blind=True,
            **given,
        ).id


def test_the_decision_is_withheld_over_http_until_an_officer_has_decided(context: Context, client: TestClient) -> None:
    number = blind(context)
    seen = client.get("/v1/messages/m-1").json()
    assert (seen["decision"], seen["withheld"], seen["item"]["risk"]) == (None, WITHHELD, None)
    by = {"X-Heard-Officer": "A. Khan"}
    fence = client.post(f"/v1/items/{number}/claim", headers=by).json()["claim"]["fence"]
    assert client.get("/v1/messages/m-1").json()["decision"] is None
    made = {"fence": fence, "verdict": "other", "saw_suggestion": False}
    assert client.post(f"/v1/items/{number}/review", headers=by, json=made).json()["risk"] is None
    seen = client.get("/v1/messages/m-1").json()
    assert (seen["decision"]["label"], seen["withheld"]) == ("service_request", None)


def test_who_sends_a_message_is_told_unless_they_may_decide(context: Context, client: TestClient) -> None:
    context.intake._accepting._classifier = Files()
    context.intake._accepting._sampling = Sampling(share=1)
    keys = context.door.people.keys
    for number, (scopes, told) in enumerate(
        [({Permission.RECEIVE}, True), ({Permission.RECEIVE, Permission.DECIDE}, False)]
    ):
        key = keys.create(f"key {number}", frozenset(scopes), None)
        headers = {"Authorization": f"Bearer {key}"}
        for _ in range(2):
            answer = client.post("/v1/messages", headers=headers, json={**BODY, "id": f"m-{number}"}).json()
            assert ((answer["decision"] is not None), answer["withheld"]) == (told, None if told else WITHHELD)


def test_what_a_case_system_is_told_holds_no_decision(desk: Desk) -> None:
    webhook_targets.add(desk.database, "https://cases.invalid/", "all", resolver=lambda _host, _port: [])
    with desk.database.writing() as connection:
        put(connection, desk.calendar, "m-1", QueueName.REVIEW, RECEIVED, blind=True)
        Outbox().decided(connection, a_decision(0.01, Route.SERVICE_REQUEST), RECEIVED)
    with desk.database.reading() as connection:
        told = json.loads(connection.exec_driver_sql("SELECT data FROM outbox").scalar() or "{}")
    assert (told["decision"], told["withheld"]) == (None, WITHHELD)
    assert "service_request" not in json.dumps(told)


def test_its_place_in_the_queue_is_drawn_and_no_filter_finds_it_by_what_heard_thinks(desk: Desk) -> None:
    items = [desk.put(message_id=f"m-{n}", complaint=0.01, decision=KNOWN, blind=True) for n in range(4)]
    seen = desk.put(message_id="seen", complaint=0.5, decision=KNOWN)
    today = desk.calendar.today(desk.now)

    def listed(**given: Any) -> list[str]:
        with desk.database.reading() as connection:
            page = work_list.page(connection, Filters(queue=QueueName.REVIEW, **given), 10, None, today)
        return [item.message_id for item in page.items]

    places = {item.message_id: place_of(item.message_id) for item in items} | {"seen": 0.5}
    assert listed() == sorted(places, key=lambda name: -places[name])
    assert listed(flag=Flag.VULNERABILITY) == listed(category="Property Condition") == ["seen"]
    assert len(listed(channel=Channel.WEB_FORM)) == 5
    decide(desk, items[0], Label.COMPLAINT)
    assert seen.risk == 0.5
