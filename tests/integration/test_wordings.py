"""Wordings: changed by an administrator, version by version, and which one an offer was made in."""

import html
import re

import pytest
from fastapi.testclient import TestClient

from service.queue import QueueName
from service.roles import Role
from service.store import audit, reviews
from service.wording_rules import filled, problems
from tests.house import House, browser
from tests.integration.test_pages import form_of, opened
from tests.site import Site

WORDS = "You can complain about it, {officer} says. Quote {item}."


def save(client: TestClient, name: str = "survey-1", text: str = WORDS, base: int = 1, do: str = "save") -> int:
    data = {"do": do, "name": "Survey", "wording": text, "base": str(base)}
    return client.post(f"/wordings/{name}", data=data).status_code


def worded(client: TestClient, number: int) -> str:
    """The page of an item with the wording for surveys chosen."""
    data = {**form_of(client.get(f"/items/{number}").text), "another": "survey-1"}
    return client.post(f"/items/{number}/wording", data=data).text


def shown(page: str) -> str:
    """The wording as it stands in its field."""
    found = re.search(r'<textarea[^>]* name="wording"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return html.unescape(found[1]).strip()


def test_a_preview_saves_nothing_and_a_saved_version_is_offered_filled_and_on_the_record(
    site: Site, client: TestClient
) -> None:
    item = site.put(QueueName.SIGNPOST)
    preview = client.post("/wordings/survey-1", data={"name": "Survey", "wording": WORDS, "base": "1"})
    assert "A. Khan says. Quote 417." in preview.text
    assert "Version 1, as heard ships it" in client.get("/wordings").text
    assert save(client) == 303
    assert "Version 2, by A. Khan" in client.get("/wordings").text
    opened(client, item.id)
    assert f"A. Khan says. Quote {item.id}." in worded(client, item.id)
    with site.parts.database.reading() as connection:
        *_, row = [row for row in audit.rows(connection) if row.kind == "wording.changed"]
    assert row.about == "wording:hos-2024/survey-1"
    assert "complain" not in row.detail


def test_an_offer_says_for_good_which_version_was_sent(site: Site, client: TestClient) -> None:
    first, second, own = (site.put(QueueName.SIGNPOST) for _ in range(3))
    form = {**opened(client, first.id), **form_of(worded(client, first.id)), "wording": shown(worded(client, first.id))}
    assert save(client) == 303
    client.post(f"/items/{first.id}/offer", data=form)
    opened(client, second.id)
    form = form_of(worded(client, second.id))
    sent = WORDS.replace("{officer}", "A. Khan").replace("{item}", str(second.id))
    client.post(f"/items/{second.id}/offer", data={**form, "wording": sent})
    form = {**opened(client, own.id), "wording_version": "", "wording_id": "", "wording": "You may complain."}
    client.post(f"/items/{own.id}/offer", data=form)
    with site.parts.database.reading() as connection:
        (made,) = reviews.offers(connection, second.id).values()
    assert made.wording == ""
    page = client.get("/offers").text
    assert "Survey answer: how to complain, version 1" in page
    assert "Survey, version 2" in page
    assert "Own words" in page
    assert "Sent 1 time in this version" in client.get("/wordings").text


def test_two_administrators_at_once_do_not_write_over_each_other(client: TestClient) -> None:
    assert [save(client), save(client, text=WORDS + " Mine."), save(client, base=2)] == [303, 422, 303]
    assert "Version 3" in client.get("/wordings").text


def test_a_wording_out_of_use_is_not_offered_and_an_earlier_version_comes_back(site: Site, client: TestClient) -> None:
    item = site.put(QueueName.SIGNPOST)
    assert save(client, do="withdraw") == 303
    opened(client, item.id)
    assert "Survey answer: how to complain" not in client.get(f"/items/{item.id}").text
    assert "answering our survey" in client.get("/wordings/survey-1?version=1").text
    assert save(client, base=2) == 303
    assert save(client, "new", base=0) == 303
    assert client.get("/wordings/survey").status_code == 200
    assert save(client, "unheard-of", base=0) == 404


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Write what is to be sent."),
        ("You can complain, {resident}.", "heard cannot fill {resident}. It knows {subject}"),
        ("You can complain, {item.__class__}.", "heard cannot fill {item.__class__}"),
        ("You can complain {", "A brace has no partner"),
        ("This is an informal way to complain.", "Do not write “informal”"),
        ("We are sorry.", "Say that the resident can complain."),
    ],
)
def test_what_would_mislead_or_cannot_be_filled_is_refused(text: str, told: str) -> None:
    assert told in " ".join(problems("A name", text))


def test_what_stands_in_a_message_is_never_read_as_a_name() -> None:
    assert filled("{subject} {item} {x}", {"subject": "{item}", "item": "4"}) == "{item} 4 {x}"


def test_only_an_administrator_changes_a_wording(site: Site) -> None:
    house = House(site.parts)
    for role, status in ((Role.OFFICER, 403), (Role.ADMINISTRATOR, 303)):
        cookies = house.session(role)
        client = browser(house.app(), cookies=cookies)
        assert ("Save as version" in client.get("/wordings/survey-1").text) is (status == 303)
        assert save(client) == status
