"""How officers work through a queue, or through the list they filtered: what comes next, and what they left."""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient

from pipeline.domain import Channel
from service.pages import next_item
from service.queue import QueueItem, QueueName
from service.store import insight_work, work_list
from service.turns import Asking
from tests.integration.test_pages import form_of, item, opened
from tests.site import KHAN, PATEL, Site

SURVEYS = "queue=review&channel=survey"
WITHIN = quote(SURVEYS, safe="")


def three(site: Site) -> Sequence[QueueItem]:
    """Two surveys, the older first, and a note that is older than both."""
    return (
        site.put(days=4, channel=Channel.SURVEY),
        site.put(days=3, channel=Channel.SURVEY),
        site.put(days=9, channel=Channel.NOTE),
    )


def test_what_is_skipped_comes_again_only_after_the_rest_by_way_of_the_list_too(site: Site, client: TestClient) -> None:
    hard, easy = site.put(days=9), site.put(days=1)
    went_to = client.post(f"/items/{hard.id}/skip", data=opened(client, hard.id)).headers["location"]
    assert went_to == f"/items/{easy.id}#heading"
    client.post(f"/items/{easy.id}/release", data=form_of(client.get(went_to).text))
    between = site.put(days=2)
    start = {"queue": "review"}
    assert client.post("/next", data=start).headers["location"] == f"/items/{between.id}#heading"
    form = form_of(client.get(f"/items/{between.id}").text)
    went_to = client.post(f"/items/{between.id}/decide", data={**form, "verdict": "other"}).headers["location"]
    assert went_to == f"/?queue=review&note=later&after={between.id}#heading"
    assert "Only what you left for later is free here now" in client.get(went_to).text
    assert client.post("/next", data=start).headers["location"] == f"/items/{hard.id}#heading"


def test_what_one_left_comes_first_for_a_colleague_and_again_the_next_day(
    site: Site, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    hard, easy = site.put(days=9), site.put(days=1)
    client.post(f"/items/{hard.id}/skip", data=opened(client, hard.id))
    client.post(f"/items/{easy.id}/release", data=form_of(client.get(f"/items/{easy.id}").text))
    assert site.parts.claiming.claim_next(QueueName.REVIEW, PATEL).item == item(site, hard.id)
    fence = item(site, hard.id).fence
    site.parts.claiming.release(hard.id, Asking(by=PATEL), fence)
    monkeypatch.setattr(next_item, "_LATER", timedelta(0))
    assert client.post("/next", data={"queue": "review"}).headers["location"] == f"/items/{hard.id}#heading"


def test_a_filtered_list_is_worked_through_to_its_end(site: Site, client: TestClient) -> None:
    first, second, _ = three(site)
    assert "most urgent of these" in client.get(f"/?{SURVEYS}").text
    start = form_of(client.get(f"/?{SURVEYS}").text)
    went_to = client.post("/next", data={**start, "status": "new"}).headers["location"]
    assert went_to == f"/items/{first.id}?within={WITHIN}#heading"
    page = client.get(went_to).text
    assert 'href="/?queue=review&amp;channel=survey">Review, filtered</a>' in page
    form = {**form_of(page), "verdict": "other"}
    went_to = client.post(f"/items/{first.id}/decide", data=form).headers["location"]
    assert went_to == f"/items/{second.id}?after={first.id}&within={WITHIN}#heading"
    form = {**form_of(client.get(went_to).text), "verdict": "other"}
    went_to = client.post(f"/items/{second.id}/decide", data=form).headers["location"]
    assert went_to == f"/?{SURVEYS}&note=none&after={second.id}#heading"
    assert "Nothing is free here now." in client.get(went_to).text


def test_an_undo_keeps_the_list_that_is_worked_through(site: Site, client: TestClient) -> None:
    first, second, _ = three(site)
    client.post(f"/items/{first.id}/open", data={"within": SURVEYS})
    form = form_of(client.get(f"/items/{first.id}?within={WITHIN}").text)
    went_to = client.post(f"/items/{first.id}/decide", data={**form, "verdict": "other"}).headers["location"]
    undo = form_of(client.get(went_to).text)
    went_to = client.post(f"/items/{first.id}/undo", data={"within": undo["within"]}).headers["location"]
    assert went_to == f"/items/{first.id}?within={WITHIN}&told=undone"
    form = form_of(client.get(went_to).text)
    went_to = client.post(f"/items/{first.id}/skip", data=form).headers["location"]
    assert went_to == f"/items/{second.id}?within={WITHIN}#heading"


def test_in_a_filtered_list_what_is_held_or_assigned_to_others_is_left_to_them(site: Site, client: TestClient) -> None:
    first, second, _ = three(site)
    site.claim(first, PATEL)
    site.parts.reviewing.assign(second.id, Asking(by=KHAN), PATEL)
    start = {"queue": "review", "within": SURVEYS}
    assert "note=none" in client.post("/next", data=start).headers["location"]
    asked = f"{SURVEYS}&officer={quote(PATEL)}"
    went_to = client.post("/next", data={"queue": "review", "within": asked}).headers["location"]
    assert went_to.startswith(f"/items/{second.id}?within=")


def test_a_filtered_list_is_searched_further_than_its_first_page(
    site: Site, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work_list, "WINDOW", 2)
    for _ in range(5):
        site.put(days=9, channel=Channel.NOTE)
    last = site.put(days=1, channel=Channel.SURVEY)
    start = {"queue": "review", "within": SURVEYS}
    assert client.post("/next", data=start).headers["location"].startswith(f"/items/{last.id}?")


@pytest.mark.parametrize("within", ["queue=review&channel=pigeon", "queue=stage_1&channel=survey", "%00=%00", "&&=="])
def test_an_address_that_is_no_list_of_this_queue_is_the_whole_queue(
    site: Site, client: TestClient, within: str
) -> None:
    put = site.put(channel=Channel.NOTE)
    start = {"queue": "review", "within": within}
    assert client.post("/next", data=start).headers["location"] == f"/items/{put.id}#heading"


@pytest.mark.parametrize(("status", "starts"), [("complaint", True), ("other", False), ("handed_over", False)])
def test_a_list_with_nothing_left_to_do_has_no_start(client: TestClient, status: str, *, starts: bool) -> None:
    assert ("Start with the most urgent" in client.get(f"/?queue=stage_1&status={status}").text) is starts
    assert "Start with the most urgent" not in client.get("/?queue=review&mine=1").text


def test_the_list_is_filtered_by_how_sure_the_model_is_and_tells_nothing_of_the_blind_sample(
    site: Site, client: TestClient
) -> None:
    bounds = (0.0, *insight_work.BANDS)
    by_band = [site.put(complaint=low + 0.01) for low in bounds]
    on_the_bound = site.put(complaint=insight_work.BANDS[1])
    site.put(complaint=0.95, blind=True)
    for band, put in enumerate(by_band):
        page = client.get(f"/?queue=review&sure={band}").text
        found = {each.id for each in (*by_band, on_the_bound) if f'href="/items/{each.id}?' in page}
        assert found == {put.id} | ({on_the_bound.id} if band == 2 else set())
        assert page.count('class="heard-row"') == len(found)
