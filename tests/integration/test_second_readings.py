"""Second readings from the draw to the page, the tables of agreement and what is learned from them."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from fastapi.testclient import TestClient
from sqlalchemy import Connection, inspect, select

from pipeline.domain import Label
from service import feedback
from service.agreement import Agreement
from service.app import create_app
from service.monitor import Compared, report
from service.monitor_report import print_report
from service.queue import QueueItem, QueueStatus
from service.refusals import ActionRefused, NoSuchItem, NotPossible, TooLate
from service.roles import Role
from service.sampling import SecondDraw
from service.store import audit, items, person, second_readings, tables
from service.store.database import Database
from service.store.retention_tables import tombstone
from service.store.review_tables import second_reading
from service.store.samples import Period
from service.store.second_readings import Drawn, SecondVerdict
from service.turns import Asking
from tests.desk import START, Desk, a_review
from tests.house import House, browser
from tests.site import KHAN, PATEL, Site, a_noticed_decision, a_site_without_a_port

EVER = Period(since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime(2030, 1, 1, tzinfo=UTC))
MOSS = "J. Moss"
COMPLAINT, REQUEST, OTHER = Label.COMPLAINT, Label.SERVICE_REQUEST, Label.OTHER


@pytest.fixture
def desk(used_desk: Desk) -> Desk:
    """Every verdict is drawn."""
    used_desk.clear()
    used_desk.draws(1)
    return used_desk


@pytest.fixture(scope="module")
def used_site(used_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEARD_AUDIT_KEY", "the audit key of tests and nothing else")
        with a_site_without_a_port(used_database_url, tmp_path_factory.mktemp("site"), second_share=1) as made:
            yield made


def next_for(desk: Desk, officer: str, **given: Any) -> Drawn | None:
    with desk.database.reading() as connection:
        return second_readings.next_for(connection, officer, **given)


def read(desk: Desk, item: QueueItem, verdict: Label, by: str = PATEL) -> None:
    """Read the one that waits for the item."""
    with desk.database.reading() as connection:
        event = connection.scalars(
            select(second_reading.c.event_id)
            .where(second_reading.c.item_id == item.id)
            .order_by(second_reading.c.event_id.desc())
        ).first()
    assert event is not None
    desk.second_reading.read(event, Asking(by=by), SecondVerdict(verdict=verdict))


def differing(desk: Desk) -> list[int]:
    with desk.database.reading() as connection:
        return [each.item_id for each in second_readings.differing(connection, 20)]


def read_pairs(desk: Desk, *pairs: tuple[Label, Label]) -> None:
    for first, second in pairs:
        item = desk.put()
        desk.review(item.id, first)
        read(desk, item, second)


def test_verdicts_are_drawn_by_their_message_alone_one_by_one_or_from_a_list(desk: Desk) -> None:
    desk.draws(0.5)
    names = [f"m-{number}" for number in range(30)]
    for number, name in enumerate(names):
        item = desk.put(message_id=name)
        if number % 2:
            desk.review(item.id)
        else:
            desk.reviewing.review_as_listed(item.id, Asking(by=KHAN), a_review(verdict=OTHER))
    with desk.database.reading() as connection:
        joined = second_reading.join(tables.queue_item, tables.queue_item.c.id == second_reading.c.item_id)
        rows = connection.execute(
            select(tables.queue_item.c.message_id, second_reading.c.share, second_reading.c.drawn_at)
            .select_from(joined)
            .order_by(second_reading.c.event_id)
        ).all()
    assert rows == [(name, 0.5, START) for name in names if SecondDraw(share=0.5).draws(name)]
    assert 5 < len(rows) < 25


def test_with_a_share_of_nothing_nothing_is_drawn(desk: Desk) -> None:
    desk.draws(0)
    desk.review(desk.put().id)
    assert next_for(desk, PATEL) is None


def test_nobody_reads_again_what_they_have_decided_themselves_even_once(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    assert next_for(desk, KHAN) is None
    with pytest.raises(NotPossible, match=r"decided item \d+ yourself"):
        read(desk, item, OTHER, by=KHAN)
    desk.reviewing.undo(item.id, Asking(by=KHAN))
    desk.review(item.id, by=PATEL)
    assert next_for(desk, KHAN) is None
    assert next_for(desk, PATEL) is None
    assert next_for(desk, MOSS) is not None


def test_a_verdict_taken_back_is_not_read_again_and_a_new_one_is(desk: Desk) -> None:
    undone, reopened = desk.put(), desk.put()
    for item in (undone, reopened):
        desk.review(item.id, OTHER)
    desk.reviewing.undo(undone.id, Asking(by=KHAN))
    desk.reviewing.reopen(reopened.id, Asking(by=KHAN), "New evidence")
    assert next_for(desk, MOSS) is None
    with pytest.raises(TooLate, match="taken back meanwhile"):
        read(desk, undone, COMPLAINT)
    desk.review(reopened.id, by=PATEL)
    found = next_for(desk, MOSS)
    assert found is not None
    assert (found.item_id, found.first, found.first_by) == (reopened.id, COMPLAINT, PATEL)


def test_a_reopening_that_is_undone_makes_the_verdict_wait_as_before(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id, OTHER)
    desk.reviewing.reopen(item.id, Asking(by=KHAN), "By mistake")
    desk.reviewing.undo(item.id, Asking(by=KHAN))
    assert next_for(desk, PATEL) is not None


def test_a_message_whose_words_were_removed_is_not_read_again(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    with desk.database.writing() as connection:
        row = {"message_id": item.message_id, "removed_at": START, "why": "erasure"}
        connection.execute(tombstone.insert().values(row))
    assert next_for(desk, PATEL) is None
    with pytest.raises(NoSuchItem, match="no longer here"):
        read(desk, item, OTHER)


def test_a_resident_is_told_of_a_second_reading_of_their_message(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id, OTHER)
    read(desk, item, COMPLAINT)
    with desk.database.reading() as connection:
        (kept,) = person.about(connection, item.message_id)["second_readings"]
    assert (kept["verdict"], kept["read_by"]) == ("complaint", PATEL)


def test_of_two_who_read_at_once_one_is_kept_and_the_other_is_told(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)

    def one(by: str) -> str:
        try:
            read(desk, item, OTHER, by=by)
        except ActionRefused as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(one, (PATEL, MOSS)))
    assert sorted(told)[0] == ""
    assert re.fullmatch(r"(S\. Patel|J\. Moss) has read item \d+ meanwhile\.", sorted(told)[1])


def test_a_reading_changes_nothing_about_the_item_and_stands_in_the_record(desk: Desk) -> None:
    item = desk.put()
    before = desk.review(item.id, OTHER)
    read(desk, item, COMPLAINT)
    assert desk.item(item.id) == before
    with desk.database.reading() as connection:
        *_, row = audit.rows(connection)
    assert (row.kind, row.actor, row.about) == ("item.read_again", PATEL, f"item:{item.id}")


def test_where_two_differ_it_is_listed_until_decided_again_perhaps_missed_complaints_first(desk: Desk) -> None:
    missed, same, newer = desk.put(), desk.put(), desk.put()
    for item, first, second in ((missed, OTHER, COMPLAINT), (same, OTHER, OTHER), (newer, REQUEST, OTHER)):
        desk.review(item.id, first)
        desk.now += timedelta(minutes=1)
        read(desk, item, second)
    assert differing(desk) == [missed.id, newer.id]
    desk.reviewing.reopen(missed.id, Asking(by=KHAN), "S. Patel is right")
    assert differing(desk) == [newer.id]
    desk.review(missed.id, COMPLAINT)
    assert differing(desk) == [newer.id]
    assert next_for(desk, MOSS) is None  # it was read twice: another reading would not be independent
    with desk.database.reading() as connection:
        counted = second_readings.pairs(connection, EVER)
    assert counted == {(OTHER, COMPLAINT): 1, (OTHER, OTHER): 1, (REQUEST, OTHER): 1}


def test_a_verdict_in_dispute_teaches_nothing_until_somebody_decides_again(desk: Desk) -> None:
    disputed, agreed = desk.put(), desk.put()
    for item, second in ((disputed, COMPLAINT), (agreed, OTHER)):
        desk.review(item.id, OTHER)
        read(desk, item, second)

    def export(connection: Connection) -> feedback.Export:
        return feedback.export(connection, EVER.since, EVER.until, str)

    with desk.database.reading() as connection:
        first = export(connection)
    assert ([row["id"] for row in first.rows], first.differing) == ([agreed.message_id], 1)
    desk.reviewing.reopen(disputed.id, Asking(by=KHAN), "Look again")
    desk.review(disputed.id, COMPLAINT)
    with desk.database.reading() as connection:
        second = export(connection)
    assert ({row["id"]: row["label"] for row in second.rows}[disputed.message_id], second.differing) == ("complaint", 0)


def test_a_difference_is_settled_by_anybody_but_who_decided_first(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id, OTHER)
    (waiting,) = (next_for(desk, PATEL),)
    assert waiting is not None
    with pytest.raises(NotPossible, match="no second reading that differs"):
        desk.second_reading.settle(waiting.event_id, Asking(by=PATEL))
    read(desk, item, COMPLAINT)
    with pytest.raises(NotPossible, match="is your own"):
        desk.second_reading.settle(waiting.event_id, Asking(by=KHAN))
    assert differing(desk) == [item.id]
    desk.second_reading.settle(waiting.event_id, Asking(by=MOSS))
    assert differing(desk) == []
    with pytest.raises(TooLate, match=MOSS):
        desk.second_reading.settle(waiting.event_id, Asking(by=PATEL))
    with desk.database.reading() as connection:
        *_, row = audit.rows(connection)
        learned = feedback.export(connection, EVER.since, EVER.until, str)
        counted = second_readings.pairs(connection, EVER)
    assert (row.kind, row.actor) == ("item.difference_settled", MOSS)
    assert ([each["label"] for each in learned.rows], learned.differing) == (["other"], 0)
    assert counted == {(OTHER, COMPLAINT): 1}
    with pytest.raises(NoSuchItem):
        desk.second_reading.settle(4711, Asking(by=PATEL))


def monitored(desk: Desk) -> Any:
    with desk.database.reading() as connection:
        return report(connection, EVER, Compared(), alpha=0.05, delta=0.1, words=False)


def test_the_monitor_says_how_well_two_agree_once_there_are_enough(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    read_pairs(desk, *[(OTHER, OTHER)] * 10, *[(COMPLAINT, COMPLAINT)] * 9)
    print_report(monitored(desk))
    assert "Two officers agreed" not in capsys.readouterr().out
    read_pairs(desk, (OTHER, COMPLAINT))
    print_report(monitored(desk))
    assert "Two officers agreed on 0.950 [0.751, 0.999] n=20 of what both read; Cohen's kappa 0.900" in (
        capsys.readouterr().out
    )


def test_where_all_readings_say_the_same_the_monitor_says_that_there_is_no_kappa(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    read_pairs(desk, *[(OTHER, OTHER)] * 20)
    print_report(monitored(desk))
    assert "no kappa, for all" in capsys.readouterr().out


def test_a_database_of_before_gets_the_table_and_keeps_what_it_has(bare_database_url: str) -> None:
    database = Database(bare_database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0020")
        assert "second_reading" not in inspect(connection).get_table_names()
    desk = Desk(database)
    item = desk.put()
    desk.review(item.id, OTHER)
    database.migrate()
    desk.draws(1)
    assert desk.item(item.id).status is QueueStatus.OTHER
    assert next_for(desk, PATEL) is None  # decided before anything was drawn
    other = desk.put()
    desk.review(other.id, OTHER)
    assert next_for(desk, PATEL) is not None
    database.close()


# The page.


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
