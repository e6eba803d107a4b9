"""What the officers' pages promise, seen without a browser; `tests/acceptance` has them in one."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from importlib.metadata import metadata
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from pipeline.domain import Category, Channel, Flag
from service import assets, swagger
from service.npm import AssetsNotFetched, Package
from service.pages.layout import FOLDER
from service.queue import QueueName, QueueStatus
from service.roles import Role
from service.store import items, queues, reviews
from service.turns import Asking
from tests.house import House, browser
from tests.site import KHAN, PATEL, Site, a_noticed_decision

BROWSER = {"Accept": "text/html"}


def form_of(page: str) -> dict[str, str]:
    """The hidden fields of an item's form, as a browser would send them back."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', unescape(page)))


def opened(client: TestClient, number: int) -> dict[str, str]:
    assert client.post(f"/items/{number}/open").status_code == 303
    return form_of(client.get(f"/items/{number}").text)


def item(site: Site, number: int) -> items.QueueItem:
    with site.parts.database.reading() as connection:
        found = items.item(connection, number)
    assert found is not None
    return found


def test_looking_at_an_item_changes_nothing(site: Site, client: TestClient) -> None:
    put = site.put()
    for path in ("/", f"/items/{put.id}", f"/items/{put.id}/message", "/offers", "/help", "/choices"):
        assert client.get(path).status_code == 200
    assert item(site, put.id).version == put.version


def test_an_item_of_the_blind_sample_shows_nothing_of_what_heard_thinks_until_it_is_decided(
    site: Site, client: TestClient
) -> None:
    put = site.put(blind=True, complaint=0.123, decision=a_noticed_decision(), days=1)
    form = opened(client, put.id)
    for page in (client.get("/?queue=review").text, client.get(f"/items/{put.id}?suggestion=shown").text):
        for told in (
            "12%",
            "HOS 1.5",
            "has been in touch before",
            "not sure enough",
            "<mark",
            "Perhaps",
            "Danger to life",
        ):
            assert told not in page
    client.post(f"/items/{put.id}/decide", data={**form, "verdict": "complaint"})
    with site.parts.database.reading() as connection:
        made = next(iter(reviews.reviews(connection, put.id).values()))
    assert made.saw_suggestion is False
    assert "HOS 1.5" in client.get(f"/items/{put.id}").text


def test_a_mark_in_the_message_says_by_itself_what_was_noticed(site: Site, client: TestClient) -> None:
    page = client.get(f"/items/{site.put(decision=a_noticed_decision()).id}").text
    says = "has been in touch before"
    assert f'title="{says}">third time<sup><a href="#noticed-1"' in page
    assert f'aria-label="Why: {says}, note 1">1</a>' in page


def test_who_hides_the_suggestion_sees_it_when_they_ask_and_the_review_says_which(
    site: Site, client: TestClient
) -> None:
    first, second = (site.put(days=days, decision=a_noticed_decision()).id for days in (9, 2))
    client.post("/choices", data={"keys": "on"})
    for number, asked in ((first, ""), (second, "?suggestion=shown")):
        opened(client, number)
        page = client.get(f"/items/{number}{asked}").text
        assert ("HOS 1.5" in page) is bool(asked)
        client.post(f"/items/{number}/decide", data={**form_of(page), "verdict": "other"})
        with site.parts.database.reading() as connection:
            made = next(iter(reviews.reviews(connection, number).values()))
        assert made.saw_suggestion is bool(asked)


def test_the_list_tells_how_many_others_work_on_and_why_it_is_empty(site: Site, client: TestClient) -> None:
    assert "Nothing is waiting for review." in client.get("/?queue=review").text
    site.claim(site.put(), by=PATEL)
    page = client.get("/?queue=review").text
    assert "1 is being worked on by others." in page
    assert "S. Patel is working on it until" in page
    went_to = client.post("/next", data={"queue": "review"}).headers["location"]
    assert "1 item is being worked on by others." in client.get(went_to).text
    assert "The queue has 1 open items without them." in client.get("/?queue=review&q=lift").text


def test_a_very_long_queue_is_counted_no_further_and_says_so(
    site: Site, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "MOST_COUNTED", 2)
    site.put()
    assert "Review, 1 open" in client.get("/?queue=review").text
    site.put()
    assert "Review, 2 open" in client.get("/?queue=review").text
    for _ in range(2):
        site.put()
    assert "Review, over 2 open" in client.get("/?queue=review").text
    assert "The queue has over 2 open items without them." in client.get("/?queue=review&q=lift").text
    assert "Stage 1, 0 open" in client.get("/?queue=stage_1").text


def test_a_complaint_that_somebody_works_on_again_is_not_listed_as_undecided(site: Site, client: TestClient) -> None:
    number = site.put().id
    client.post(f"/items/{number}/decide", data={**opened(client, number), "verdict": "complaint"})
    opened(client, number)
    assert f"/items/{number}" in client.get("/?queue=stage_1&mine=1").text
    assert f"/items/{number}" not in client.get("/?queue=stage_1&status=claimed").text


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ("channel=note", {1}),
        ("flag=hazard", {2}),
        ("category=Charges", {3}),
        ("model=other-model", {4}),
        ("age=5", {5}),
        ("due=overdue", {5}),
        ("officer=Repairs", {6}),
        ("mine=1", {7}),
        ("q=unlikely+words", {8}),
        ("status=claimed", {7}),
        ("q=100%25", set()),
        ("q=_", set()),
    ],
)
def test_the_list_is_filtered(site: Site, client: TestClient, filters: str, found: set[int]) -> None:
    put = [
        site.put(channel=Channel.NOTE),
        site.put(decision={"flags": (Flag.HAZARD,)}),
        site.put(decision={"category": Category(hos="Charges", lgsco="Housing")}),
        site.put(decision={"model_version": "other-model"}),
        site.put(days=20),
        site.put(),
        site.put(),
        site.put(text="These are unlikely words."),
    ]
    site.parts.reviewing.assign(put[5].id, Asking(by=KHAN), "Repairs")
    site.claim(put[6])
    page = client.get(f"/?queue=review&{filters}").text
    numbers = {str(item.id): place for place, item in enumerate(put, start=1)}
    assert {numbers[number] for number in re.findall(r'href="/items/(\d+)[?"]', page)} == found


def test_every_page_of_the_list_leads_to_the_next_without_losing_or_repeating(site: Site, client: TestClient) -> None:
    for number in range(60):
        site.put(days=number % 7)
    seen, address = [], "/?queue=review"
    while address:
        page = client.get(address).text
        seen += re.findall(r'href="/items/(\d+)">', page)
        following = re.search(r'href="(/\?[^"]*cursor=[^"]*)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 60


@pytest.mark.parametrize(
    "words", ["%", "_", "'", '"', "\\", ".*[", "1; DROP TABLE message", "a AND (b OR", "\u202e", "ź" * 200]
)
def test_a_search_takes_any_words(client: TestClient, words: str) -> None:
    assert client.get("/", params={"queue": "review", "q": words}).status_code == 200


@pytest.mark.parametrize("query", ["q=" + "x" * 10_000, "queue=nonsense", "cursor=nonsense", "q=%00", "after=-1"])
def test_an_address_that_does_not_fit_is_a_page_that_says_what_to_do(client: TestClient, query: str) -> None:
    answer = client.get(f"/?{query}")
    assert answer.status_code in {400, 422}
    assert "Go to the work list" in answer.text


def test_a_note_that_is_too_long_is_refused_and_not_lost(site: Site, client: TestClient) -> None:
    put = site.put()
    form = opened(client, put.id)
    note = "<b>x</b>" * 130_000
    answer = client.post(f"/items/{put.id}/decide", data={**form, "verdict": "complaint", "note": note})
    assert answer.status_code == 422
    assert "Note: use at most 5,000 characters. What you typed is still below." in answer.text
    assert answer.text.count("&lt;b&gt;x&lt;/b&gt;") == 130_000
    assert item(site, put.id).status is QueueStatus.NEW


def test_a_note_is_kept_without_the_characters_that_turn_or_end_it(site: Site, client: TestClient) -> None:
    put = site.put()
    form = opened(client, put.id)
    note = "one\r\ntwo \x00three \u202eruof <i>five</i>"
    assert client.post(f"/items/{put.id}/decide", data={**form, "verdict": "other", "note": note}).status_code == 303
    with site.parts.database.reading() as connection:
        made = next(iter(reviews.reviews(connection, put.id).values()))
    assert made.note == "one\ntwo three ruof <i>five</i>"
    assert "&lt;i&gt;five&lt;/i&gt;" in client.get(f"/items/{put.id}").text


def test_the_same_form_twice_is_one_decision_and_both_answers_go_on(site: Site, client: TestClient) -> None:
    put, following = site.put(days=9), site.put(days=1)
    form = {**opened(client, put.id), "verdict": "complaint"}
    first, second = (client.post(f"/items/{put.id}/decide", data=form) for _ in range(2))
    assert first.headers["location"] == second.headers["location"] == f"/items/{following.id}?after={put.id}#heading"
    with site.parts.database.reading() as connection:
        assert len(reviews.reviews(connection, put.id)) == 1


def test_the_ledger_says_what_became_of_each_offer(site: Site, client: TestClient) -> None:
    put = site.put(QueueName.SIGNPOST)
    client.post(f"/items/{put.id}/offer", data={**opened(client, put.id), "wording": "Mine"})
    assert "None yet" in client.get("/offers").text
    client.post(f"/items/{put.id}/answer", data={**opened(client, put.id), "step": "declined"})
    assert "Does not want to" in client.get("/offers").text
    client.post(f"/items/{put.id}/reopen", data={"why": "rang back"})
    client.post(f"/items/{put.id}/offer", data={**opened(client, put.id), "wording_id": "survey-1", "wording": "x"})
    client.post(f"/items/{put.id}/answer", data={**opened(client, put.id), "step": "accepted"})
    page = client.get("/offers").text
    assert page.index("Wants to complain") < page.index("Does not want to")
    assert item(site, put.id).queue is QueueName.STAGE_1


def test_an_item_that_is_not_there_is_a_page_for_a_person_and_a_problem_for_a_program(client: TestClient) -> None:
    page = client.get("/items/4711")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "There is no item 4711" in page.text
    for path, accept in (("/items/4711", "application/json"), ("/v1/items/4711", "text/html")):
        answer = client.get(path, headers={"Accept": accept})
        assert answer.headers["content-type"] == "application/problem+json"


def test_what_another_site_sends_is_refused_as_a_page_too(site: Site, client: TestClient) -> None:
    put = site.put()
    answer = client.post(
        f"/items/{put.id}/open", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert "You may not do that" in answer.text
    assert item(site, put.id).claim is None


def test_no_address_leads_to_another_site(client: TestClient) -> None:
    for where in (
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "/%09/evil.example",
        "javascript:alert(1)",
    ):
        answer = client.post("/name", data={"name": "A. Khan", "next": where})
        assert answer.headers["location"] in {"/", "/%09/evil.example"}
    for query in ("queue=review&next=//evil.example", "//evil.example"):
        assert "evil" not in client.post("/views", data={"name": "x", "query": query}).headers["location"]


def test_without_a_name_nothing_is_done_and_nothing_typed_is_lost(site: Site, client: TestClient) -> None:
    put = site.put()
    form = opened(client, put.id)
    client.cookies.clear()
    answer = client.post(f"/items/{put.id}/decide", data={**form, "verdict": "other", "note": "Not <lost>"})
    assert answer.status_code == 401
    assert "Not &lt;lost&gt;" in answer.text
    assert f"/name?next=%2Fitems%2F{put.id}" in answer.text
    assert item(site, put.id).status is QueueStatus.NEW


def test_a_session_that_ended_while_typing_loses_nothing_typed(site: Site) -> None:
    house, put = House(site.parts), site.put()
    cookies = house.session(Role.OFFICER)
    client = browser(house.app(), cookies=cookies)
    client.headers["Accept"] = "text/html"
    assert client.post(f"/items/{put.id}/open").status_code == 303
    house.now += timedelta(hours=1)
    data = {"fence": "1", "verdict": "complaint", "note": "An hour's thought"}
    answer = client.post(f"/items/{put.id}/decide", data=data)
    assert answer.status_code == 401
    assert "An hour&#39;s thought" in answer.text
    assert f"/sign-in?next=%2Fitems%2F{put.id}" in answer.text
    assert item(site, put.id).status is QueueStatus.NEW


def test_a_viewer_reads_and_is_offered_nothing_to_press(site: Site) -> None:
    house, put = House(site.parts), site.put()
    cookies = house.session(Role.VIEWER)
    client = browser(house.app(), cookies=cookies)
    client.headers["Accept"] = "text/html"
    for path in ("/?queue=review", f"/items/{put.id}"):
        page = client.get(path)
        assert page.status_code == 200
        assert "Open and work on it" not in page.text
        assert "Start with" not in page.text
    refused = client.post(f"/items/{put.id}/open")
    assert refused.status_code == 403
    assert "You may not do that" in refused.text


def test_words_that_are_never_shown_to_an_officer_stand_on_no_page() -> None:
    for template in (FOLDER / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8").lower()
        for word in (
            "triage",
            "informal",
            "formal complaint",
            "stage 0",
            "|safe",
            "| safe",
            "markup",
            "<script>",
            "style=",
            " onclick",
        ):
            assert word not in text, f"{word} in {template.name}"


def test_our_own_script_is_short() -> None:
    lines = [len(path.read_text(encoding="utf-8").splitlines()) for path in (FOLDER / "static").glob("*.js")]
    assert sum(lines) <= 150


@pytest.mark.parametrize("package", [assets.PACKAGE, swagger.PACKAGE], ids=lambda one: one.name)
def test_what_comes_as_the_design_system_is_checked_before_it_is_used(tmp_path: Path, package: Package) -> None:
    package = replace(package, folder=tmp_path / "design")
    with pytest.raises(AssetsNotFetched, match="another SHA-512"):
        package.unpack(b"something else", lambda _archive: None)
    assert not package.is_here()


def test_the_stylesheet_is_of_the_version_the_macros_are_written_for() -> None:
    told = str(metadata("govuk-frontend-jinja").get_payload()) or str(metadata("govuk-frontend-jinja")["Description"])
    installed = metadata("govuk-frontend-jinja")["Version"]
    match = re.search(rf"\[{re.escape(installed)}\]\([^)]*\)\s*\|\s*\[([\d.]+)\]", told)
    assert match is not None
    assert match[1] == assets.PACKAGE.version


def test_the_fetched_files_ask_for_no_font_and_are_of_that_version() -> None:
    if not assets.PACKAGE.is_here():
        pytest.skip("the Design System's files were not fetched here (make setup)")
    css = (assets.PACKAGE.folder / assets.CSS).read_text(encoding="utf-8")
    assert f'--govuk-frontend-version:"{assets.PACKAGE.version}"' in css.replace(" ", "")
    assert "@font-face" not in css
    assert json.loads((assets.PACKAGE.folder / "package.json").read_text(encoding="utf-8"))["license"] == "MIT"


def test_without_the_design_system_the_pages_work_and_say_so(
    client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "PACKAGE", replace(assets.PACKAGE, folder=tmp_path / "nothing-here"))
    page = client.get("/").text
    assert "/static/plain.css" in page
    assert "make setup" in page
    assert "/static/design/" not in page
