"""What the tests of the pages in a browser share."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from pipeline.domain import Label
from service import shadow
from service.queue import QueueItem
from service.store import items, reviews, second_readings
from service.store.second_readings import SecondVerdict
from service.turns import Asking
from tests.acceptance.conftest import Window
from tests.model_folders import a_model_folder, judge
from tests.site import KHAN, PATEL, Site

RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}
Windows = Callable[..., Window]
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])


def put_models(site: Site, words: str = "worse by 0.040") -> None:
    """One that should serve, one that the gate refused because of `words`, one that passed and was in the shadow."""
    folder = site.parts.classifier.models._folder
    refused, passed = a_model_folder(folder, "20261124-refused"), a_model_folder(folder, "20261125-passed")
    champion = a_model_folder(folder, "20261126-serves", card=f"# {words}\n\n{words}\n\n|a|b|\n|---|---|\n|1|2|\n")
    judge(champion, refused, reason=words)
    judge(champion, passed)
    shadow.start(site.parts.database, site.parts.classifier.models, passed.name, by=KHAN)
    shadow.stop(site.parts.database, by=KHAN)


def a_second_reading(site: Site, item: QueueItem, verdict: Label | None = None, by: str = PATEL) -> int:
    """`by` says other, and it is drawn; with a verdict A. Khan has read it again."""
    site.review(item, Label.OTHER, by=by)
    with site.parts.database.writing() as connection:
        (event,) = reviews.reviews(connection, item.id)
        if second_readings.drawn(connection, event) is None:  # one in twenty is by lot
            second_readings.draw(connection, event, item.id, 0.05, item.received_at)
    if verdict:
        made = SecondVerdict(verdict=verdict, contested=True, note="Asked twice.")
        site.parts.second_reading.read(event, Asking(by=KHAN), made)
    return event


def violations(page: Page) -> list[str]:
    told = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']} {[node['target'] for node in each['nodes']]}" for each in told]


def fold_out(officer: Window, words: str) -> None:
    fold = officer.page.locator("details", has=officer.page.get_by_text(words)).last
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()


def item_of(site: Site, number: int) -> items.QueueItem:
    with site.parts.database.reading() as connection:
        found = items.item(connection, number)
    assert found is not None
    return found
