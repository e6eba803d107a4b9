"""The work list and the other pages in Chromium: filters, several items at once, wordings, the tour, the model."""

from playwright.sync_api import expect

from service.queue import QueueName, QueueStatus
from tests.acceptance.officers import SCRIPT, Windows, item_of, put_models, violations
from tests.site import Site


@SCRIPT
def test_filters_views_and_assigning_several(site: Site, window: Windows, script: bool) -> None:
    site.put(subject="Lift stuck"), site.put(subject="Lift noisy"), site.put(subject="Bins")
    officer = window(script=script)
    officer.open("/?queue=review")
    officer.page.get_by_text("Find and filter").click()
    officer.page.get_by_label("Words in message").fill("Lift")
    officer.press("Show")
    assert officer.page.locator(".heard-items > li").count() == 2
    officer.page.get_by_label("Save this view as").fill("Lifts")
    officer.press("Save view")
    officer.page.get_by_role("link", name="Lifts").click()
    for box in officer.page.locator("input[name=item]").all():
        box.check()
    officer.page.get_by_label("Assign the chosen items").fill("Lift team")
    officer.press("Assign")
    officer.sees("2 items assigned to Lift team")
    officer.open("/?queue=review&officer=Lift+team")
    assert officer.page.locator(".heard-items > li").count() == 2
    officer.press("Remove")
    expect(officer.page.get_by_role("link", name="Lifts")).to_have_count(0)


@SCRIPT
def test_several_are_decided_together_undone_and_taken_away(site: Site, window: Windows, script: bool) -> None:
    put = [site.put(subject=f"Lift {number}") for number in range(2)]
    officer = window(script=script)
    officer.open("/?queue=review")
    for box in officer.page.locator("input[name=item]").all():
        box.check()
    officer.press("Look at them and decide together")
    officer.sees("Nothing is decided yet")
    officer.press("Decide 2 items")
    officer.sees("Choose a decision.")
    assert violations(officer.page) == [] if script else True
    officer.page.get_by_label("Service request").check()
    officer.page.get_by_label("Reason, in a few words").fill("One broken lift")
    officer.press("Decide 2 items")
    officer.sees("2 items decided: service request")
    assert item_of(site, put[0].id).status is QueueStatus.SERVICE_REQUEST
    officer.press("Undo all 2")
    officer.sees("2 items as before")
    officer.open("/?queue=review")
    officer.page.locator("input[name=item]").first.check()
    officer.page.get_by_text("Take them away as a file").click()
    officer.press("Download as CSV")
    officer.sees("Choose what the file is for")
    officer.page.locator("input[name=item]").first.check()
    officer.page.get_by_text("Take them away as a file").click()
    officer.page.get_by_label("What it is for").select_option("Checking decisions")
    for _ in range(2):  # after a file the page stays, and another may be taken
        with officer.page.expect_download() as taken:
            officer.page.get_by_role("button", name="Download as CSV").click()
    assert len(taken.value.path().read_text().splitlines()) == 2


@SCRIPT
def test_a_wording_is_changed_and_the_next_offer_is_made_in_it(site: Site, window: Windows, script: bool) -> None:
    item = site.put(QueueName.SIGNPOST)
    officer = window(script=script)
    officer.open("/wordings/survey-1")
    officer.page.get_by_label("Wording").fill("You can complain, {officer}")
    officer.press("Preview")
    officer.sees("You can complain, A. Khan")
    officer.press("Save as version 2")
    officer.sees("Officers are offered this version")
    officer.open(f"/items/{item.id}")
    officer.press("Open and work on it")
    officer.page.get_by_label("Note").fill("Rang her")
    officer.press("Survey answer: how to complain")
    assert officer.page.get_by_label("Note").input_value() == "Rang her"
    assert officer.page.get_by_label("What you send").input_value() == "You can complain, A. Khan"
    officer.press("Offer made")
    officer.open("/offers")
    officer.sees("Survey answer: how to complain, version 2")


@SCRIPT
def test_the_tour_is_taken_from_the_list_and_not_offered_again(window: Windows, script: bool) -> None:
    officer = window(script=script)
    officer.open("/")
    officer.press("Take the tour")
    for _ in range(5):
        officer.press("Next")
    officer.press("Finish")
    assert officer.page.get_by_text("Take the tour").count() == 0


@SCRIPT
def test_who_says_their_name_comes_back_to_the_list_as_it_was_filtered(
    site: Site, window: Windows, script: bool
) -> None:
    site.put()
    officer = window(script=script, name="")
    officer.open("/?queue=review&channel=email")
    officer.press("Start with the most urgent")
    officer.page.get_by_role("link", name="Say who you are").click()
    officer.page.get_by_label("Your name").fill("S. Patel")
    officer.press("Continue")
    assert officer.page.url.endswith("/?queue=review&channel=email")


@SCRIPT
def test_a_model_is_proposed_and_the_trade_shown_with_the_keyboard_alone(
    site: Site, window: Windows, script: bool
) -> None:
    put_models(site)
    officer = window(script=script)
    officer.open("/model#trade")
    officer.page.get_by_label("Complaints missed at most").focus()
    officer.page.keyboard.press("ArrowRight")
    officer.press("Show")
    officer.sees("Complaints missed at most: 10%")
    officer.page.locator("summary", has_text="20261125-passed").click()
    officer.press("Promote")
    officer.sees("Say why")
    officer.page.get_by_label("Why should it serve?").last.fill("Misses less")
    officer.press("Promote")
    officer.sees("The model serves")
    assert site.parts.promoting.history()[0].reason == "Misses less"
