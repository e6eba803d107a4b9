"""The page of second readings, and what the insight page says of them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from pipeline.domain import Label
from service.agreement import Agreement
from service.app import create_app
from service.queue import QueueItem, QueueStatus
from service.roles import Role
from service.store import audit, items
from service.store.review_tables import second_reading
from service.store.samples import Period
from service.store.second_readings import SecondVerdict
from service.turns import Asking
from tests.house import House, browser
from tests.site import KHAN, PATEL, Site, a_noticed_decision, a_site_without_a_port

EVER = Period(since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime(2030, 1, 1, tzinfo=UTC))
MOSS = "J. Moss"
COMPLAINT, REQUEST, OTHER = Label.COMPLAINT, Label.SERVICE_REQUEST, Label.OTHER


@pytest.fixture(scope="module")
def used_site(used_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEARD_AUDIT_KEY", "the audit key of tests and nothing else")
        with a_site_without_a_port(used_database_url, tmp_path_factory.mktemp("site"), second_share=1) as made:
            yield made


def page_of(client: TestClient, **query: Any) -> str:
    answer = client.get("/second", params=query)
    assert answer.status_code == 200
    return answer.text


def form_of(page: str) -> tuple[str, dict[str, str]]:
    """Where the form goes, and what stands in it hidden, as a browser would send it back."""
    fields = re.findall(r'<input type="hidden" name="(key|skipped)" value="([^"]*)">', page)
    (address,) = re.findall(r'action="(/second/\d+)"', page)
    return address, dict(fields)


def stored(site: Site, item: QueueItem) -> list[Any]:
    with site.parts.database.reading() as connection:
        query = select(second_reading).where(second_reading.c.item_id == item.id)
        return list(connection.execute(query.order_by(second_reading.c.event_id)).all())


def test_the_reader_sees_the_message_and_nothing_that_anybody_thinks_of_it(site: Site, client: TestClient) -> None:
    item = site.put(subject="Pigeons", sender="jo@example.org", decision=a_noticed_decision())
    site.review(item, OTHER, by=PATEL, note="Only praise", reason="Thanks")
    page = page_of(client)
    for told in ("Pigeons", "jo@example.org", "third time", "Web form, received", "Service request"):
        assert told in page
    for told in (PATEL, "Only praise", "HOS 1.5", "Hazard", "<mark", "50%", "suggestion", f'href="/items/{item.id}"'):
        assert told not in page
    with site.parts.database.reading() as connection:
        *_, row = audit.rows(connection)
    assert (row.kind, row.actor, row.about) == ("case.viewed", KHAN, f"item:{item.id}")


def test_agreement_is_told_and_a_difference_with_the_way_to_the_item(site: Site, client: TestClient) -> None:
    same, other = site.put(), site.put(subject="Lift <again>")
    site.review(same, OTHER, by=PATEL)
    site.review(other, OTHER, by=PATEL)
    address, form = form_of(page_of(client))
    after = client.post(address, data={**form, "verdict": "other"}).headers["location"]
    page = client.get(after).text
    assert "you both say other" in page
    address, form = form_of(page)
    data = {**form, "verdict": "complaint", "note": "She <b>asked</b> twice", "contested": "1"}
    page = client.get(client.post(address, data=data).headers["location"]).text
    assert f"Item {other.id}: you say complaint, S. Patel said other." in page
    assert f'href="/items/{other.id}"' in page
    assert "Perhaps a missed complaint" in page
    assert "She &lt;b&gt;asked&lt;/b&gt; twice" in page
    (row,) = stored(site, other)
    assert (row.verdict, row.contested, row.note, row.read_by) == ("complaint", True, "She <b>asked</b> twice", KHAN)
    with site.parts.database.reading() as connection:
        assert items.item(connection, other.id).status is QueueStatus.OTHER


def test_a_difference_is_settled_on_the_page_and_stands_in_the_history_of_its_item(
    site: Site, client: TestClient
) -> None:
    theirs, mine = site.put(), site.put()
    site.review(theirs, OTHER, by=PATEL)
    site.review(mine, OTHER, by=KHAN)
    address, form = form_of(page_of(client))
    page = client.get(client.post(address, data={**form, "verdict": "complaint"}).headers["location"]).text
    (settle,) = re.findall(r'action="(/second/\d+/settle)"', page)
    after = client.get(client.post(settle).headers["location"]).text
    assert f"Item {theirs.id}: the first decision stands." in after
    assert "Where two readers differ" not in after
    assert "has settled item" in client.post(settle).text
    history = client.get(f"/items/{theirs.id}").text
    assert "said complaint where S. Patel had said other." in history
    assert "A. Khan found that the first decision stands." in history
    (drawn,) = stored(site, mine)
    site.parts.second_reading.read(drawn.event_id, Asking(by=PATEL), SecondVerdict(verdict=COMPLAINT))
    page = page_of(client)
    assert "Perhaps a missed complaint" in page
    assert "/settle" not in page
    site.parts.second_reading.settle(drawn.event_id, Asking(by=PATEL))
    assert "the first decision stands." not in page_of(client, settled=drawn.event_id)


def test_who_did_not_make_a_reading_is_not_told_of_it_by_its_number(site: Site, client: TestClient) -> None:
    item = site.put()
    site.review(item, OTHER, by=PATEL)
    (row,) = stored(site, item)
    site.parts.second_reading.read(row.event_id, Asking(by=MOSS), SecondVerdict(verdict=OTHER))
    assert "you both say" not in page_of(client, read=row.event_id)


def test_a_form_sent_twice_counts_once_and_tells_the_same(site: Site, client: TestClient) -> None:
    site.review(item := site.put(), OTHER, by=PATEL)
    address, form = form_of(page_of(client))
    answers = [client.post(address, data={**form, "verdict": "other"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert len(stored(site, item)) == 1


def test_who_comes_second_is_told_keeps_the_note_and_is_shown_the_next(site: Site, client: TestClient) -> None:
    first, following = site.put(subject="First"), site.put(subject="Following")
    for item in (first, following):
        site.review(item, OTHER, by=PATEL)
    address, form = form_of(page_of(client))
    (row,) = stored(site, first)
    site.parts.second_reading.read(row.event_id, Asking(by=MOSS), SecondVerdict(verdict=OTHER))
    refused = client.post(address, data={**form, "verdict": "complaint", "note": "Long <thought>"})
    assert refused.status_code == 409
    assert f"J. Moss has read item {first.id} meanwhile." in refused.text
    assert "Following" in refused.text
    fields = dict(re.findall(r'<textarea[^>]*id="(left|note)"[^>]*>(.*?)</textarea>', refused.text, re.DOTALL))
    assert fields == {"left": "Long &lt;thought&gt;", "note": ""}  # it is not about the message shown now
    assert [row.verdict for row in stored(site, first)] == ["other"]


def test_a_reading_in_a_second_tab_is_refused_and_one_that_never_was_too(site: Site, client: TestClient) -> None:
    site.review(site.put(), OTHER, by=PATEL)
    (address, form), (_, other_tab) = form_of(page_of(client)), form_of(page_of(client))
    client.post(address, data={**form, "verdict": "other"})
    refused = client.post(address, data={**other_tab, "verdict": "complaint"})
    assert refused.status_code == 409
    assert re.search(r"You have read item \d+ again already", refused.text)
    assert client.post("/second/999999", data={**other_tab, "verdict": "other"}).status_code == 404


def test_where_the_first_decision_was_taken_back_the_reader_is_told(site: Site, client: TestClient) -> None:
    item = site.put()
    site.review(item, OTHER, by=PATEL)
    address, form = form_of(page_of(client))
    site.parts.reviewing.undo(item.id, Asking(by=PATEL))
    refused = client.post(address, data={**form, "verdict": "complaint"})
    assert refused.status_code == 409
    assert "was taken back meanwhile" in refused.text
    assert [row.verdict for row in stored(site, item)] == [None]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"verdict": "other", "note": "x" * 5_001}, "at most 5,000 characters"),
        ({"note": "x"}, "Press one of the three"),
    ],
)
def test_what_does_not_fit_is_told_with_what_was_typed_on_the_same_message(
    site: Site, client: TestClient, given: dict[str, str], why: str
) -> None:
    earlier, item = site.put(), site.put(subject="This one")
    for each in (earlier, item):
        site.review(each, OTHER, by=PATEL)
    page = page_of(client, skipped=stored(site, earlier)[0].event_id)
    address, form = form_of(page)
    refused = client.post(address, data={**form, "contested": "1", **given})
    assert refused.status_code == 422
    assert why in refused.text
    assert "This one" in refused.text
    assert given["note"] in refused.text
    assert re.search(r'name="contested"[^>]*checked', refused.text)
    assert [row.verdict for row in stored(site, item)] == [None]


def test_an_empty_page_says_why(site: Site, client: TestClient) -> None:
    assert "Nothing has been drawn yet. 100.0% of decisions are, by lot." in page_of(client)
    site.review(mine := site.put(), OTHER)
    assert "1 reading waits for somebody else" in page_of(client)
    site.review(item := site.put(), OTHER, by=PATEL)
    skipped = page_of(client, skipped=stored(site, item)[0].event_id)
    assert "You left 1 for later." in skipped
    (row,) = stored(site, item)
    site.parts.second_reading.read(row.event_id, Asking(by=KHAN), SecondVerdict(verdict=OTHER))
    (row,) = stored(site, mine)
    site.parts.second_reading.read(row.event_id, Asking(by=PATEL), SecondVerdict(verdict=OTHER))
    assert "All that was drawn has been read again" in page_of(client)


def test_where_nothing_is_drawn_the_page_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARD_AUDIT_KEY", "the audit key of tests and nothing else")
    with a_site_without_a_port(f"sqlite:///{tmp_path / 'heard.db'}", tmp_path, second_share=0) as site:
        site.review(site.put(), OTHER, by=PATEL)
        client = TestClient(create_app(site.parts), headers={"Accept": "text/html"})
        client.cookies.set("heard-name", "A.%20Khan")
        assert "its share is set to 0" in client.get("/second").text


def test_who_may_not_decide_neither_reads_again_nor_is_shown_the_way(site: Site) -> None:
    house = House(site.parts)
    for role, status in ((Role.VIEWER, 403), (Role.OFFICER, 200)):
        cookies = house.session(role)
        client = browser(house.app(), cookies=cookies)
        assert client.get("/second").status_code == status
        assert ('href="/second"' in client.get("/").text) == (status == 200)
        if status == 403:
            assert client.post("/second/1", data={"verdict": "other"}).status_code == 403


def test_the_insight_page_shows_the_agreement_of_all_and_of_nobody(site: Site, client: TestClient) -> None:
    def pair(first: Label, second: Label) -> None:
        site.review(item := site.put(), first, by=PATEL)
        (row,) = stored(site, item)
        site.parts.second_reading.read(row.event_id, Asking(by=KHAN), SecondVerdict(verdict=second))

    for _ in range(10):
        pair(OTHER, OTHER)
    assert "Not shown: 10 read twice in this period" in client.get("/insight").text
    for _ in range(9):
        pair(COMPLAINT, COMPLAINT)
    pair(REQUEST, COMPLAINT)
    page = client.get("/insight").text
    seen = Agreement(counts={(OTHER, OTHER): 10, (COMPLAINT, COMPLAINT): 9, (REQUEST, COMPLAINT): 1}).kappa
    assert seen is not None
    table = page.split('id="agreement"')[1].split("</section>")[0]
    for figure in ("20", "95.0%", "75.1%", "99.9%", f"{seen.value:.2f}", f"{seen.low:.2f}", f"{seen.high:.2f}"):
        assert f">{figure}<" in table
    assert PATEL not in page
    file = client.post(
        "/insight/download", data={"from": "", "to": "", "table": "first-against-second", "purpose": "board"}
    )
    assert file.text.splitlines()[1:] == ["Complaint,9,0,0", "Service request,1,0,0", "Other,0,0,10"]
