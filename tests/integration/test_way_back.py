"""Where saying a name, signing in and the tour lead: back to where one was, and never to another site."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.app import create_app
from service.roles import Role
from tests.house import PUBLIC, House, browser
from tests.site import Site, a_site_without_a_port

AT = "http://testserver"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("HEARD_AUDIT_KEY", "the audit key of tests and nothing else")
    with a_site_without_a_port(f"sqlite:///{tmp_path}/heard.db", tmp_path) as made:
        yield made


@pytest.fixture
def client(site: Site) -> TestClient:
    return TestClient(create_app(site.parts), headers={"Accept": "text/html"}, follow_redirects=False)


@pytest.mark.parametrize(
    ("referer", "back"),
    [
        (f"{AT}/?queue=review&q=lift", "%2F%3Fqueue%3Dreview%26q%3Dlift"),
        (f"{AT}/offers?before=4", "%2Foffers%3Fbefore%3D4"),
        (f"{AT}/several", "%2F"),
        (f"{AT}/items/4/decide", "%2F"),
        (f"{AT}/?q={'x' * 2000}", "%2F"),
        ("https://evil.example/offers", "%2F"),
        (f"{AT}//evil.example", "%2F"),
        ("", "%2F"),
    ],
)
def test_who_has_no_name_yet_comes_back_to_the_page_the_form_stood_on(
    client: TestClient, referer: str, back: str
) -> None:
    answer = client.post("/next", data={"queue": "review"}, headers={"Referer": referer})
    assert answer.status_code == 401
    assert f'href="/name?next={back}"' in answer.text


def test_a_change_of_name_leads_back_to_the_page_it_was_asked_for_on(client: TestClient) -> None:
    client.cookies.set("heard-name", "A.%20Khan")
    assert 'href="/name?next=/%3Fqueue%3Dreview%26due%3Dsoon"' in client.get("/?queue=review&due=soon").text


def test_a_session_that_ended_leads_back_to_the_list_as_it_was_filtered(site: Site) -> None:
    house = House(site.parts)
    house.officer(Role.ADMINISTRATOR)
    client = browser(house.app(), headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"})
    page = client.post("/assign", data={"item": "1"}, headers={"Referer": f"{PUBLIC}/?queue=signpost&mine=1"})
    assert "/sign-in?next=%2F%3Fqueue%3Dsignpost%26mine%3D1" in page.text


def test_the_tour_is_offered_until_it_is_taken_or_put_aside_and_can_be_taken_again(client: TestClient) -> None:
    client.cookies.set("heard-name", "A.%20Khan")
    assert "Take the tour" in client.get("/").text
    client.post("/choices", data={"keys": "on"})
    assert "Take the tour" in client.get("/").text
    assert client.post("/tour").headers["location"] == "/"
    assert "Take the tour" not in client.get("/").text
    client.post("/choices", data={"keys": "on"})
    assert "Take the tour" not in client.get("/").text
    for step in range(1, 7):
        assert f"step {step} of 6" in client.get(f"/tour?step={step}").text
    assert client.get("/tour?step=7").status_code == 422


def test_a_viewer_may_put_the_tour_aside_too(site: Site) -> None:
    house = House(site.parts)
    cookies = house.session(Role.VIEWER)
    client = browser(house.app(), cookies=cookies)
    assert client.post("/tour").status_code == 303
    assert "Take the tour" not in client.get("/").text
