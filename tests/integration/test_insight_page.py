"""The insight page: what it shows, who may look, and who may take figures away."""

import csv
import io

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from pipeline.domain import Category, Channel, Label
from service.roles import Role
from service.store.audit_tables import audit
from tests.builders import COMPLAINT
from tests.house import House, browser
from tests.site import Site


def taking(**given: str) -> dict[str, str]:
    return {"from": "", "to": "", "table": "messages-by-category", "purpose": "board", **given}


def test_the_page_shows_numbers_and_neither_words_nor_officers(site: Site, client: TestClient) -> None:
    site.review(site.put(subject="Pigeons", sender="jo@example.org"), Label.COMPLAINT, by="S. Patel")
    page = client.get("/insight").text
    assert "Messages by week and route" in page
    for told in ("Pigeons", "jo@example.org", "S. Patel", COMPLAINT[:20], " style="):
        assert told not in page


@pytest.mark.parametrize(
    ("days", "why"),
    [
        ("from=2026-11-02&to=2026-11-01", "must not be after the last"),
        ("from=2.11.2026", "A day is written as 2026-11-02"),
        ("from=2020-01-01&to=2026-11-01", "two years at most"),
        ("to=9999-12-31", "A day is written as"),
    ],
)
def test_a_period_that_is_none_is_refused_in_a_sentence(client: TestClient, days: str, why: str) -> None:
    answer = client.get(f"/insight?{days}")
    assert answer.status_code == 422
    assert why in answer.text


def test_a_download_is_safe_in_a_spreadsheet_and_stands_in_the_audit_record(site: Site, client: TestClient) -> None:
    formula = Category(hos='=HYPERLINK("http://evil.example")', lgsco="Housing")
    site.put(decision={"category": formula})
    answer = client.post("/insight/download", data=taking())
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert 'attachment; filename="heard-messages-by-category-' in answer.headers["content-disposition"]
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[1:] == [["'" + formula.hos, "0", "1", "1"]]
    with site.parts.database.reading() as connection:
        last = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(1)).mappings().one()
    assert (last["kind"], last["actor"], last["about"]) == (
        "insight.exported",
        "A. Khan",
        "insight:messages-by-category",
    )
    assert '"for": "board"' in last["detail"] or '"for":"board"' in last["detail"]


@pytest.mark.parametrize("given", [{"purpose": ""}, {"purpose": "fun"}, {"table": "officer"}])
def test_nothing_is_taken_away_without_a_table_and_a_purpose(
    site: Site, client: TestClient, given: dict[str, str]
) -> None:
    answer = client.post("/insight/download", data=taking(**given))
    assert answer.status_code == 422
    assert "Choose a table, and what it is for." in answer.text


def test_a_viewer_looks_and_who_may_export_takes_away(site: Site) -> None:
    house = House(site.parts)
    for role, status in ((Role.VIEWER, 403), (Role.OFFICER, 403), (Role.DATA_SCIENTIST, 200)):
        cookies = house.session(role)
        client = browser(house.app(), cookies=cookies)
        page = client.get("/insight")
        assert page.status_code == 200
        assert ("Download as CSV" in page.text) == (status == 200)
        assert client.post("/insight/download", data=taking()).status_code == status


def test_prometheus_reads_drift_by_channel(site: Site) -> None:
    for days in (2, 50):
        site.put(days=days, decision={"channel": Channel.EMAIL})
    told = site.parts.metrics.text().decode()
    assert 'heard_drift_psi{channel="email",of="probabilities"}' in told
    assert 'heard_drift_psi{channel="survey"' not in told
