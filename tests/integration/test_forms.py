"""What an officer types into the forms of an item, and what is told where it cannot be taken."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from pipeline.domain import Category, Channel
from service.queue import QueueName, QueueStatus
from service.store import reviews
from service.turns import Asking
from tests.integration.test_pages import item, opened
from tests.site import PATEL, Site


def test_an_offer_without_words_is_refused_and_says_at_which_field(site: Site, client: TestClient) -> None:
    put = site.put(QueueName.SIGNPOST)
    answer = client.post(f"/items/{put.id}/offer", data={**opened(client, put.id), "wording": " ", "note": "Rang her"})
    assert answer.status_code == 422
    assert '<a href="#wording">Write what you sent' in answer.text
    assert "Rang her" in answer.text
    assert item(site, put.id).status is QueueStatus.NEW


def test_the_wording_offered_first_is_that_of_the_channel(site: Site, client: TestClient) -> None:
    for channel, words in (
        (Channel.SURVEY, "Thank you for answering our survey"),
        (Channel.EMAIL, "Thank you for your"),
    ):
        put = site.put(QueueName.SIGNPOST, channel=channel)
        opened(client, put.id)
        assert words in client.get(f"/items/{put.id}").text


def test_the_answer_to_an_offer_opens_no_other_item(site: Site, client: TestClient) -> None:
    put, other = site.put(QueueName.SIGNPOST), site.put(QueueName.SIGNPOST)
    for each in (put, other):
        client.post(f"/items/{each.id}/offer", data={**opened(client, each.id), "wording": "Mine"})
    answer = client.post(f"/items/{put.id}/answer", data={**opened(client, put.id), "step": "declined"})
    assert "The answer is kept. It is closed." in answer.text
    assert item(site, other.id).claim is None


def test_an_undo_says_so_and_keeps_what_was_typed(site: Site, client: TestClient) -> None:
    put = site.put()
    typed = {"note": "Rang <her>", "asks_for": "Mend the lift", "reason": "third time", "contested": "1"}
    client.post(f"/items/{put.id}/decide", data={**opened(client, put.id), "verdict": "complaint", **typed})
    went_to = client.post(f"/items/{put.id}/undo").headers["location"]
    page = client.get(went_to).text
    assert "Undone: the item is as it was before." in page
    assert item(site, put.id).status is QueueStatus.NEW
    for words in ("Rang &lt;her&gt;</textarea>", "Mend the lift</textarea>", 'value="third time"'):
        assert words in page
    assert re.search(r'name="contested"[^>]* checked', page)
    assert "Rang" not in client.get(f"/items/{site.put().id}?told=undone").text


def test_a_category_is_kept_only_where_the_officer_chooses_it(site: Site, client: TestClient) -> None:
    kept = []
    for chosen in ({}, {"category": "Charges"}):
        put = site.put(decision={"category": Category(hos="Property Condition", lgsco="Housing")})
        form = opened(client, put.id)
        page = client.get(f"/items/{put.id}").text
        assert "heard&#39;s guess: Property Condition. Kept only if you choose it." in page
        assert '<option value="Property Condition" selected>' not in page
        client.post(f"/items/{put.id}/decide", data={**form, "verdict": "complaint", **chosen})
        with site.parts.database.reading() as connection:
            kept += [made.category for made in reviews.reviews(connection, put.id).values()]
    assert kept == ["", "Charges"]


@pytest.mark.parametrize(
    "form", ["{0.day}/{0.month}/{0.year}", "{:%d.%m.%Y}", "{:%d %B %Y}", "{:%d %b %Y}", "{:%Y-%m-%d}"]
)
def test_a_day_is_taken_as_it_is_written_here(site: Site, client: TestClient, form: str) -> None:
    put, day = site.put(QueueName.STAGE_1, days=9), site.parts.today().day - timedelta(days=3)
    client.post(f"/items/{put.id}/decide", data={**opened(client, put.id), "verdict": "complaint"})
    client.post(f"/items/{put.id}/acknowledge", data={**opened(client, put.id), "on": form.format(day)})
    assert item(site, put.id).acknowledged_on == day


def test_a_day_that_is_none_is_told_at_its_field_in_plain_words(site: Site, client: TestClient) -> None:
    put = site.put(QueueName.STAGE_1)
    client.post(f"/items/{put.id}/decide", data={**opened(client, put.id), "verdict": "complaint"})
    answer = client.post(f"/items/{put.id}/acknowledge", data={**opened(client, put.id), "on": "31/11/2026"})
    assert answer.status_code == 422
    assert '<a href="#on">Acknowledged on: write the day like 27/11/2026.</a>' in answer.text
    assert 'value="31/11/2026"' in answer.text


def test_a_reason_that_is_missing_is_told_where_it_is_written(site: Site, client: TestClient) -> None:
    put = site.put(QueueName.STAGE_1)
    client.post(f"/items/{put.id}/decide", data={**opened(client, put.id), "verdict": "complaint"})
    page = client.post(f"/items/{put.id}/extend", data={**opened(client, put.id), "why": ""}).text
    assert '<a href="#why">Reason: write something.</a>' in page
    assert re.search(r'<details class="govuk-details" open>\s*<summary[^>]*><span[^>]*>Assign', page)


def test_messages_are_linked_by_the_number_of_an_item_and_shown_by_their_subject(
    site: Site, client: TestClient
) -> None:
    put, other = site.put(subject="Lift"), site.put(subject="Lift out <again>")
    page = client.post(f"/items/{put.id}/link", data={**opened(client, put.id), "link": f"item {other.id}"}).text
    assert f'<a class="govuk-link" href="/items/{other.id}">Lift out &lt;again&gt;</a> (item {other.id})' in page
    assert client.post(f"/items/{put.id}/link", data={**opened(client, put.id), "link": "4711"}).status_code == 404


def test_an_officer_is_handed_what_is_assigned_to_their_team(site: Site, client: TestClient) -> None:
    put = site.put(days=9)
    site.parts.reviewing.assign(put.id, Asking(by=PATEL), "Repairs")
    assert "note=none" in client.post("/next", data={"queue": "review"}).headers["location"]
    client.post("/choices", data={"keys": "on", "first": "on", "team": "Repairs"})
    assert 'value="Repairs"' in client.get("/choices").text
    assert client.post("/next", data={"queue": "review"}).headers["location"] == f"/items/{put.id}#heading"


def test_the_complaint_to_acknowledge_first_is_opened_from_the_list(site: Site, client: TestClient) -> None:
    early, late = site.put(QueueName.STAGE_1, days=9), site.put(QueueName.STAGE_1, days=2)
    for each in (late, early):
        client.post(f"/items/{each.id}/decide", data={**opened(client, each.id), "verdict": "complaint"})
    went_to = client.post("/next", data={"queue": "stage_1", "status": "complaint"}).headers["location"]
    assert went_to == f"/items/{early.id}#heading"
