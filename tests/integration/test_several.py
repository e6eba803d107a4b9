"""Several items of the work list at once: decided alike, taken back, taken away; each told apart."""

import csv
import io
import re

from fastapi.testclient import TestClient

from pipeline.domain import Label
from service.queue import QueueItem, QueueName, QueueStatus
from service.store import audit, items, reviews
from service.turns import Asking
from tests.site import KHAN, PATEL, Site, a_noticed_decision


def status(site: Site, item: QueueItem) -> QueueStatus:
    with site.parts.database.reading() as connection:
        found = items.item(connection, item.id)
    assert found is not None
    return found.status


def looked_at(client: TestClient, *chosen: QueueItem) -> dict[str, object]:
    """The form of the preview, as a browser would send it back."""
    page = client.post("/several", data={"item": [str(each.id) for each in chosen]}).text
    fields = re.findall(r'<input type="hidden" name="(key|query)" value="([^"]*)">', page)
    return {**dict(fields), "seen": re.findall(r'name="seen" value="([^"]*)"', page)}


def test_several_are_looked_at_then_decided_alike_each_on_the_record(site: Site, client: TestClient) -> None:
    lifts = [site.put(subject=f"Lift {number}") for number in range(3)]
    form = looked_at(client, *lifts)
    assert {status(site, each) for each in lifts} == {QueueStatus.NEW}
    done = client.post("/several/decide", data={**form, "verdict": "complaint", "reason": "The same broken lift"})
    assert "3 items decided: complaint" in done.text
    with site.parts.database.reading() as connection:
        made = [review for each in lifts for review in reviews.reviews(connection, each.id).values()]
    assert [(each.verdict, each.reason, each.saw_suggestion) for each in made] == [
        (Label.COMPLAINT, "The same broken lift", True)
    ] * 3
    undone = client.post("/several/undo", data={"item": [str(each.id) for each in lifts]})
    assert "3 items as before" in undone.text
    assert {status(site, each) for each in lifts} == {QueueStatus.NEW}


def test_what_others_hold_decided_or_changed_meanwhile_is_told_and_left_alone(site: Site, client: TestClient) -> None:
    free, held, decided, opened = (site.put() for _ in range(4))
    form = looked_at(client, free, held, decided, opened)
    site.claim(held, by=PATEL)
    site.review(decided, Label.OTHER, by=PATEL)
    site.claim(opened, by=PATEL)
    site.parts.claiming.release(opened.id, Asking(by=PATEL), 1)
    told = client.post("/several/decide", data={**form, "verdict": "service_request", "reason": "Bins"}).text
    assert "1 item decided: service request" in told
    assert "S. Patel holds item" in told
    assert told.count("It has changed since you read it") == 3
    assert [status(site, each).value for each in (free, held, decided, opened)] == [
        "service_request",
        "new",
        "other",
        "new",
    ]


def test_an_item_of_the_blind_sample_is_neither_shown_nor_decided_with_others(site: Site, client: TestClient) -> None:
    blind, free = site.put(blind=True, decision=a_noticed_decision()), site.put()
    page = client.post("/several", data={"item": [str(blind.id), str(free.id)]}).text
    assert "Decide 1 item together" in page
    assert "It is of the blind sample" in page
    assert "HOS 1.5" not in page
    forged = {"seen": [f"{blind.id}.{blind.version}"], "verdict": "other", "reason": "x"}
    assert "It is of the blind sample" in client.post("/several/decide", data=forged).text
    assert status(site, blind) is QueueStatus.NEW


def test_without_a_verdict_or_a_reason_nothing_is_decided_and_what_was_typed_stays(
    site: Site, client: TestClient
) -> None:
    item = site.put()
    form = looked_at(client, item)
    refused = client.post("/several/decide", data={**form, "reason": "Kept <words>"})
    assert refused.status_code == 422
    assert "Choose a decision." in refused.text
    assert "Kept &lt;words&gt;" in refused.text
    assert client.post("/several/decide", data={**form, "verdict": "other", "reason": " "}).status_code == 422
    assert status(site, item) is QueueStatus.NEW
    assert client.post("/several", data={"query": "queue=review"}).headers["location"] == "/?queue=review&note=chosen"


def test_a_page_sent_twice_decides_once_and_tells_the_same(site: Site, client: TestClient) -> None:
    item = site.put()
    data = {**looked_at(client, item), "verdict": "other", "reason": "Thanks"}
    for _ in range(2):
        assert "1 item decided: other" in client.post("/several/decide", data=data).text
    with site.parts.database.reading() as connection:
        assert len(reviews.reviews(connection, item.id)) == 1


def test_chosen_items_are_taken_away_safe_from_formulas_for_a_purpose_on_the_record(
    site: Site, client: TestClient
) -> None:
    item = site.put(QueueName.STAGE_1, subject="=HYPERLINK(1)", decision=a_noticed_decision())
    blind = site.put(blind=True, decision=a_noticed_decision())
    chosen = {"item": [str(item.id), str(blind.id)], "query": "queue=review"}
    assert client.post("/several/file", data=chosen).headers["location"] == "/?queue=review&note=purpose"
    file = client.post("/several/file", data={**chosen, "purpose": "regulator", "with_words": "1"})
    first, second = csv.DictReader(io.StringIO(file.text))
    assert (first["subject"], first["flags"].split("; ")[0], second["flags"]) == ("'=HYPERLINK(1)", "hazard", "")
    with site.parts.database.reading() as connection:
        *_, row = [row for row in audit.rows(connection) if row.kind == "items.exported"]
    assert (row.actor, f'"items":"{item.id} {blind.id}"' in row.detail.replace(": ", ":")) == (KHAN, True)
    assert "subject" not in client.post("/several/file", data={**chosen, "purpose": "model"}).text.splitlines()[0]
