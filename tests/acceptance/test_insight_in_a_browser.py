"""The insight page in Chromium: figures behind a chart, and a file taken away."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from pipeline.domain import Label
from service.queue import QueueName
from tests.acceptance.conftest import Window
from tests.site import Site


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])
def test_figures_are_opened_by_keyboard_and_taken_away_with_a_purpose(
    site: Site, window: Callable[..., Window], script: bool
) -> None:
    site.review(site.put(QueueName.STAGE_1), Label.COMPLAINT)
    officer = window(script=script)
    officer.open("/insight")
    figures = officer.page.get_by_role("region", name="Figures: Deadlines met")
    expect(figures).to_be_hidden()
    officer.page.locator("section", has=officer.page.get_by_role("heading", name="Deadlines met")).locator(
        "summary"
    ).press("Enter")
    expect(figures).to_contain_text("Acknowledge: complaints")
    officer.press("Download as CSV")
    officer.sees("Choose a table, and what it is for.")
    officer.page.get_by_label("Table", exact=True).select_option("Deadlines met")
    officer.page.get_by_label("What it is for").select_option("Watching the model")
    with officer.page.expect_download() as taken:
        officer.page.get_by_role("button", name="Download as CSV").click()
    assert taken.value.path().read_text().startswith("Date,In time,Late,Overdue,Still time")
