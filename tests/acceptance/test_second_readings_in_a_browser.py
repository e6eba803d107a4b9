"""Second readings in Chromium: by keyboard and by mouse, with and without JavaScript."""

from playwright.sync_api import expect

from pipeline.domain import Label
from tests.acceptance.officers import SCRIPT, Windows, a_second_reading, item_of
from tests.site import Site


@SCRIPT
def test_two_are_read_again_one_alike_and_one_otherwise(site: Site, window: Windows, script: bool) -> None:
    for name in ("First", "Second"):
        a_second_reading(site, site.put(subject=name))
    officer = window(script=script)
    officer.open("/")
    officer.page.get_by_role("link", name="Second readings").click()
    officer.sees("First")
    officer.press("Other")
    officer.sees("you both say other")
    officer.page.get_by_label("Note").fill("Asked twice <already>")
    officer.page.get_by_label("Contested").check()
    officer.press("Complaint")
    officer.sees("you say complaint, S. Patel said other")
    officer.sees("Perhaps a missed complaint")
    officer.sees("Asked twice <already>")
    officer.page.get_by_role("link", name="Look at item 2").click()
    officer.sees("Second")
    assert item_of(site, 2).status.value == Label.OTHER.value


def test_readings_go_by_single_keys_and_a_typed_key_reads_nothing(site: Site, window: Windows) -> None:
    for name in ("First", "Second", "Third"):
        a_second_reading(site, site.put(subject=name))
    officer = window()
    officer.open("/second")
    officer.page.get_by_label("Note").press_sequentially("123s")
    assert officer.page.get_by_label("Note").input_value() == "123s"
    officer.page.get_by_label("Note").fill("")
    officer.page.keyboard.press("Escape")
    officer.key("s")
    expect(officer.page.locator("#heading")).to_be_focused()
    officer.sees("Second")
    officer.key("3")
    officer.sees("you both say other")
    officer.key("2")
    officer.sees("you say service request, S. Patel said other")
    officer.sees("You left 1 for later.")
