"""One item in Chromium: every action on it, two officers at once, keys, with and without JavaScript."""

from datetime import timedelta

from playwright.sync_api import expect

from pipeline.domain import Label
from service.queue import QueueName, QueueStatus
from service.store import reviews
from service.turns import Asking
from tests.acceptance.officers import SCRIPT, Windows, fold_out, item_of
from tests.site import PATEL, Site


@SCRIPT
def test_an_item_is_decided_and_the_next_one_opens_with_focus_on_its_heading(
    site: Site, window: Windows, script: bool
) -> None:
    first, second = site.put(days=5, subject="First"), site.put(days=2, subject="Second")
    officer = window(script=script)
    officer.open("/?queue=review")
    officer.press("Start with the most urgent")
    officer.sees("First")
    officer.page.get_by_label("Note").fill("See the call log")
    officer.page.get_by_label("What is asked for").fill("Mend the tap")
    officer.page.get_by_text("Category, reason, contested").click()
    officer.page.get_by_label("Category").select_option("Staff")
    officer.page.get_by_label("Contested").check()
    officer.press("Complaint")
    officer.sees("Second")
    assert f"/items/{second.id}" in officer.page.url
    expect(officer.page.locator("#heading")).to_be_focused()
    with site.parts.database.reading() as connection:
        made = next(iter(reviews.reviews(connection, first.id).values()))
        asked = reviews.requests(connection, first.message_id)
    assert (made.verdict, made.note, made.category, made.contested) == (
        Label.COMPLAINT,
        "See the call log",
        "Staff",
        True,
    )
    assert made.saw_suggestion
    assert asked[0].asks_for == "Mend the tap"
    officer.press("Undo")
    officer.sees("First")
    assert item_of(site, first.id).status is QueueStatus.NEW


@SCRIPT
def test_every_other_action_works(site: Site, window: Windows, script: bool) -> None:
    stage_1, survey, other = site.put(QueueName.STAGE_1), site.put(QueueName.SIGNPOST), site.put()
    officer = window(script=script)
    officer.open(f"/items/{stage_1.id}")
    officer.press("Open and work on it")
    officer.press("Keep it for 10 more minutes")
    officer.press("Complaint")
    officer.open(f"/items/{stage_1.id}")
    fold_out(officer, "Assign")
    officer.page.get_by_label("Assign to an officer or team").fill("Repairs")
    officer.press("Assign")
    officer.sees("Assigned to Repairs")
    officer.page.get_by_label("Reason to extend").fill("The surveyor is away")
    officer.press("Extend by 10 working days")
    officer.sees("Extended")
    fold_out(officer, "Assign")
    officer.page.get_by_label("Message of the same case").fill(survey.message_id)
    officer.press("Link")
    officer.sees(survey.message_id)
    officer.press("Take out")
    officer.press("Open and work on it")
    officer.press("Acknowledged")
    officer.open(f"/items/{stage_1.id}")
    officer.press("Open and work on it")
    officer.page.get_by_label("Reference in the case system").fill("CASE-1")
    officer.press("Handed over")
    assert item_of(site, stage_1.id).status is QueueStatus.HANDED_OVER

    officer.open("/?queue=signpost")
    officer.press("Start with the most urgent")
    officer.page.get_by_label("What you send").fill("Our own words about complaining")
    officer.press("Offer made")
    officer.open("/offers")
    officer.sees("Our own words about complaining")
    officer.open(f"/items/{survey.id}")
    officer.press("Open and work on it")
    officer.press("Wants to complain")
    assert item_of(site, survey.id).queue is QueueName.STAGE_1

    officer.open(f"/items/{other.id}")
    officer.press("Open and work on it")
    officer.press("Give it back")
    officer.press("Start with the most urgent")
    officer.press("Skip")
    officer.sees("Only what you left for later")
    officer.open(f"/items/{other.id}")
    officer.press("Open and work on it")
    officer.press("Other")
    officer.open(f"/items/{other.id}")
    fold_out(officer, "Assign")
    officer.page.get_by_label("Reason to reopen").fill("Read it again")
    officer.press("Reopen")
    assert item_of(site, other.id).status is QueueStatus.NEW


def test_five_items_are_decided_by_keyboard_alone_with_one_key_each_and_one_to_start(
    site: Site, window: Windows
) -> None:
    for number in range(5):
        site.put(subject=f"Item {number}", days=9 - number)
    officer = window()
    officer.open("/?queue=review#heading")
    officer.key("n")
    for key in ("1", "2", "3", "1", "2"):
        officer.key(key)
    officer.sees("Nothing is free")
    officer.key("u")
    assert [item_of(site, number + 1).status.value for number in range(5)] == [
        "complaint",
        "service_request",
        "other",
        "complaint",
        "new",
    ]
    officer.key("s")
    officer.key("?")
    officer.sees("Single keys")


def test_a_key_typed_into_a_field_or_switched_off_decides_nothing(site: Site, window: Windows) -> None:
    item = site.put()
    site.claim(item)
    officer = window()
    officer.open(f"/items/{item.id}")
    officer.page.get_by_label("Note").press_sequentially("12s3u?")
    officer.page.get_by_label("Note").press("Tab")
    officer.page.keyboard.press("Control+1")
    assert officer.page.get_by_label("Note").input_value() == "12s3u?"
    officer.page.get_by_label("Note").fill("")
    officer.open("/choices")
    officer.page.get_by_label("Single keys decide").uncheck()
    officer.press("Save")
    officer.open(f"/items/{item.id}")
    assert officer.page.locator("kbd:visible").count() == 0
    for key in "123su":
        officer.page.keyboard.press(key)
    officer.page.wait_for_timeout(200)
    assert item_of(site, item.id).status is QueueStatus.NEW


@SCRIPT
def test_the_second_officer_sees_who_works_on_it_and_the_first_keeps_what_they_typed(
    site: Site, window: Windows, script: bool
) -> None:
    item = site.put()
    first, second = window(script=script), window(script=script, name=PATEL)
    first.open(f"/items/{item.id}")
    first.press("Open and work on it")
    first.page.get_by_label("Note").fill("Half an hour of thought")
    second.open(f"/items/{item.id}")
    second.sees("A. Khan is working on this item until")
    assert second.page.get_by_role("button", name="Complaint").count() == 0
    second.press("Take it over")
    second.sees("Say why you take it over")
    second.page.get_by_label("Take it over because").fill("A. Khan went home")
    second.press("Take it over")
    first.press("Complaint")
    first.sees("S. Patel holds item")
    assert first.page.get_by_label("Note").input_value() == "Half an hour of thought"
    second.press("Service request")
    first.press("Take it over")
    assert first.page.get_by_label("What you had typed").input_value() == "Half an hour of thought"
    assert item_of(site, item.id).status is QueueStatus.SERVICE_REQUEST


def test_a_hold_that_ends_soon_is_warned_of_and_kept_by_a_press(site: Site, window: Windows) -> None:
    item = site.put()
    site.claim(item, lease=timedelta(seconds=90))
    officer = window()
    officer.open(f"/items/{item.id}")
    warning = officer.page.get_by_role("alert")
    expect(warning).to_contain_text("ends in about two minutes")
    warning.get_by_role("button", name="Keep it").click()
    expect(warning).to_be_hidden()
    held = item_of(site, item.id).claim
    assert held is not None
    assert held.until - held.since > timedelta(minutes=8)


def test_the_script_says_when_another_officer_has_taken_the_item_over(site: Site, window: Windows) -> None:
    item = site.put()
    site.claim(item, lease=timedelta(seconds=90))
    officer = window()
    officer.open(f"/items/{item.id}")
    officer.page.get_by_label("Note").fill("Not lost")
    site.parts.claiming.claim(item.id, Asking(by=PATEL), take_over="needed now")
    officer.page.get_by_role("button", name="Keep it", exact=True).click()
    expect(officer.page.get_by_role("alert")).to_contain_text("S. Patel holds item")
    assert officer.page.get_by_label("Note").input_value() == "Not lost"
    officer.open("/help")
    assert officer.questions == 1


@SCRIPT
def test_a_double_press_going_back_and_a_second_tab_make_one_decision(
    site: Site, window: Windows, script: bool
) -> None:
    item = site.put()
    site.claim(item)
    officer, other_tab = window(script=script), window(script=script)
    officer.open(f"/items/{item.id}")
    other_tab.open(f"/items/{item.id}")
    other_tab.page.get_by_label("Note").fill("From the other tab")
    officer.page.get_by_role("button", name="Complaint").dblclick(no_wait_after=True)
    officer.sees("Nothing is free")  # waits for it: the second press may end the loading that the first began
    officer.page.go_back()
    officer.sees("Complaint, to acknowledge")
    other_tab.press("Service request")
    other_tab.sees("That was not done")
    assert other_tab.page.get_by_label("What you had typed").input_value() == "From the other tab"
    with site.parts.database.reading() as connection:
        assert len(reviews.reviews(connection, item.id)) == 1
    assert item_of(site, item.id).status is QueueStatus.COMPLAINT
