"""The officers' pages in Chromium: every page and action, with and without JavaScript, from phone to desk."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from pipeline.domain import Channel, Label
from service import shadow
from service.queue import QueueName, QueueStatus
from service.store import items, reviews
from service.store.reviews import Offer
from service.turns import Asking
from tests.acceptance.conftest import Window, without_our_script
from tests.acceptance.payloads import PAYLOADS
from tests.model_folders import a_model_folder, judge
from tests.site import KHAN, PATEL, Site, a_noticed_decision

WIDTHS = (320, 768, 1280)
RULES = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
}
Windows = Callable[..., Window]
SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without JavaScript"])


def every_page(site: Site) -> dict[str, str]:
    """Each page, in each state it can be in, by what it shows."""
    for number in range(3):
        site.put(subject=f"Boiler {number}", decision=a_noticed_decision())
    quiet = site.put(subject="", channel=Channel.NOTE, days=9)
    mine, others = site.put(decision=a_noticed_decision()), site.put(subject="Held by another")
    site.claim(mine)
    site.claim(others, by=PATEL)
    blind, survey = site.put(blind=True), site.put(QueueName.SIGNPOST, channel=Channel.SURVEY)
    site.claim(blind)
    site.claim(survey)
    complaint, acknowledged, closed = site.put(QueueName.STAGE_1), site.put(QueueName.STAGE_1), site.put()
    site.review(complaint, Label.COMPLAINT, note="Rang twice.", contested=True)
    site.review(acknowledged, Label.COMPLAINT)
    parts = site.parts
    parts.reviewing.acknowledge(acknowledged.id, Asking(by=KHAN), site.claim(acknowledged))
    site.review(closed, Label.OTHER, by=PATEL)
    site.claim(complaint)
    offered, answered = site.put(QueueName.SIGNPOST), site.put(QueueName.SIGNPOST)
    for item in (offered, answered):
        parts.reviewing.offer(item.id, Asking(by=KHAN), site.claim(item), Offer(wording_id="survey-1"))
    parts.reviewing.answer_offer(answered.id, Asking(by=KHAN), site.claim(answered), accepted=False)
    site.claim(offered)
    put_models(site)
    return {
        "stage 1": "/",
        "review, just undone": f"/?queue=review&after={closed.id}",
        "filters in use": "/?queue=review&q=Boiler&flag=hazard&due=overdue",
        "nothing fits": "/?queue=review&q=nothing+like+this",
        "free item": f"/items/{quiet.id}",
        "mine": f"/items/{mine.id}?after={complaint.id}",
        "another's": f"/items/{others.id}",
        "blind": f"/items/{blind.id}",
        "survey": f"/items/{survey.id}",
        "offered": f"/items/{offered.id}",
        "complaint": f"/items/{complaint.id}",
        "acknowledged": f"/items/{acknowledged.id}",
        "closed": f"/items/{closed.id}",
        "offers": "/offers",
        "help": "/help",
        "choices": "/choices?saved=1",
        "insight": "/insight",
        "model": "/model",
        "model, the slider moved": "/model?promise=0&weekly=2000&minutes=4",
        "insight into no period": "/insight?from=yesterday",
        "name": "/name",
        "sign in": "/sign-in",
        "not here": "/items/999999",
        "does not fit": "/?queue=nonsense",
    }


def put_models(site: Site, words: str = "worse by 0.040") -> None:
    """One that should serve, one that the gate refused because of `words`, one that passed and was in the shadow."""
    folder = site.parts.classifier.models._folder
    refused, passed = a_model_folder(folder, "20261124-refused"), a_model_folder(folder, "20261125-passed")
    champion = a_model_folder(folder, "20261126-serves", card=f"# {words}\n\n{words}\n\n|a|b|\n|---|---|\n|1|2|\n")
    judge(champion, refused, reason=words)
    judge(champion, passed)
    shadow.start(site.parts.database, site.parts.classifier.models, passed.name, by=KHAN)
    shadow.stop(site.parts.database, by=KHAN)


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


@pytest.mark.parametrize("script", [True, False], ids=["with our script", "without it"])
def test_every_page_is_accessible_at_every_width(site: Site, window: Windows, script: bool) -> None:
    pages, found = every_page(site), []
    officer = window()
    if not script:
        without_our_script(officer.page)
    for name, path in pages.items():
        officer.open(path)
        for width in WIDTHS:
            officer.page.set_viewport_size({"width": width, "height": 900})
            found += [f"{name} at {width}: {told}" for told in _violations(officer.page)]
            found += [f"{name} at {width} scrolls sideways"] if _is_wider_than(officer.page, width) else []
    assert found == []


def _violations(page: Page) -> list[str]:
    told = Axe().run(page, options=RULES).response["violations"]
    return [f"{each['id']} {[node['target'] for node in each['nodes']]}" for each in told]


def _is_wider_than(page: Page, width: int) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") > width)


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
    assert _item(site, first.id).status is QueueStatus.NEW


@SCRIPT
def test_every_other_action_works(site: Site, window: Windows, script: bool) -> None:
    stage_1, survey, other = site.put(QueueName.STAGE_1), site.put(QueueName.SIGNPOST), site.put()
    officer = window(script=script)
    officer.open(f"/items/{stage_1.id}")
    officer.press("Open and work on it")
    officer.press("Keep it for 10 more minutes")
    officer.press("Complaint")
    officer.open(f"/items/{stage_1.id}")
    _fold_out(officer, "Assign")
    officer.page.get_by_label("Assign to an officer or team").fill("Repairs")
    officer.press("Assign")
    officer.sees("Assigned to Repairs")
    officer.page.get_by_label("Reason to extend").fill("The surveyor is away")
    officer.press("Extend by 10 working days")
    officer.sees("Extended")
    _fold_out(officer, "Assign")
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
    assert _item(site, stage_1.id).status is QueueStatus.HANDED_OVER

    officer.open("/?queue=signpost")
    officer.press("Start with the most urgent")
    officer.page.get_by_label("What you send").fill("Our own words about complaining")
    officer.press("Offer made")
    officer.open("/offers")
    officer.sees("Our own words about complaining")
    officer.open(f"/items/{survey.id}")
    officer.press("Open and work on it")
    officer.press("Wants to complain")
    assert _item(site, survey.id).queue is QueueName.STAGE_1

    officer.open(f"/items/{other.id}")
    officer.press("Open and work on it")
    officer.press("Give it back")
    officer.press("Start with the most urgent")
    officer.press("Skip")
    officer.sees("Nothing is free")
    officer.open(f"/items/{other.id}")
    officer.press("Open and work on it")
    officer.press("Other")
    officer.open(f"/items/{other.id}")
    _fold_out(officer, "Assign")
    officer.page.get_by_label("Reason to reopen").fill("Read it again")
    officer.press("Reopen")
    assert _item(site, other.id).status is QueueStatus.NEW


def _fold_out(officer: Window, words: str) -> None:
    fold = officer.page.locator("details", has=officer.page.get_by_text(words)).last
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()


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


def test_five_items_are_decided_by_keyboard_alone_with_one_key_each(site: Site, window: Windows) -> None:
    for number in range(5):
        site.put(subject=f"Item {number}", days=9 - number)
    officer = window()
    officer.open("/?queue=review#heading")
    pressed = 0
    while officer.page.evaluate("document.activeElement.textContent.trim()") != "Start with the most urgent":
        officer.page.keyboard.press("Tab")
        pressed += 1
    officer.key("Enter")
    for key in ("1", "2", "3", "1", "2"):
        officer.key(key)
    assert (pressed + 1 + 5) / 5 <= 4
    officer.sees("Nothing is free")
    officer.key("u")
    assert [_item(site, number + 1).status.value for number in range(5)] == [
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
    assert _item(site, item.id).status is QueueStatus.NEW


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
    assert _item(site, item.id).status is QueueStatus.SERVICE_REQUEST


def test_a_hold_that_ends_soon_is_warned_of_and_kept_by_a_press(site: Site, window: Windows) -> None:
    item = site.put()
    site.claim(item, lease=timedelta(seconds=90))
    officer = window()
    officer.open(f"/items/{item.id}")
    warning = officer.page.get_by_role("alert")
    expect(warning).to_contain_text("ends in about two minutes")
    warning.get_by_role("button", name="Keep it").click()
    expect(warning).to_be_hidden()
    held = _item(site, item.id).claim
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
    with officer.page.expect_navigation():
        officer.page.get_by_role("button", name="Complaint").dblclick(no_wait_after=True)
    officer.sees("Nothing is free")
    officer.page.go_back()
    officer.sees("Complaint, to acknowledge")
    other_tab.press("Service request")
    other_tab.sees("That was not done")
    assert other_tab.page.get_by_label("What you had typed").input_value() == "From the other tab"
    with site.parts.database.reading() as connection:
        assert len(reviews.reviews(connection, item.id)) == 1
    assert _item(site, item.id).status is QueueStatus.COMPLAINT


def test_no_script_in_what_anybody_wrote_runs(site: Site, window: Windows) -> None:
    assert len(set(PAYLOADS)) == 200
    put = []
    for start in range(0, 200, 20):
        few = PAYLOADS[start : start + 20]
        text = "\n".join(few)
        item = site.put(
            subject=" ".join(few),
            sender=" ".join(few),
            text=text,
            source=" ".join(few),
            decision=a_noticed_decision(model_version=" ".join(few), reasons=tuple(few), cues=(), provisions={}),
        )
        site.review(item, Label.SERVICE_REQUEST, note=text, reason=" ".join(few)[:200], category=few[0][:100])
        site.parts.reviewing.reopen(item.id, Asking(by=few[1][:100]), "\n".join(few)[:1_000])
        site.parts.reviewing.assign(item.id, Asking(by=KHAN), few[2][:100])
        put.append(item)
    for number, payload in enumerate(PAYLOADS):
        site.put(subject=payload, text=payload, sender=payload, message_id=f"x-{number}")
    officer = window()
    officer.context.add_init_script("window.ran = []; window.alert = (what) => window.ran.push(String(what))")
    paths = [f"/items/{item.id}" for item in put]
    officer.open("/?queue=review")
    while True:
        assert _ran(officer.page) == []
        following = officer.page.get_by_role("link", name="Next page")
        if following.count() == 0:
            break
        following.click()
    for path in paths:
        officer.open(path)
        officer.press("Open and work on it")
        officer.page.get_by_label("Note").fill("\n".join(PAYLOADS[:20]))
        _fold_out(officer, "Assign")
        officer.press("Assign")
        assert _ran(officer.page) == []
    put_models(site, " ".join(PAYLOADS))
    officer.open("/model")
    assert _ran(officer.page) == []
    for payload in PAYLOADS[::10]:
        officer.page.goto(f"{site.address}/?queue=review&q={_quoted(payload)}")
        assert _ran(officer.page) == []


def _ran(page: Page) -> list[str]:
    page.evaluate("document.querySelectorAll('*').forEach((each) => each.dispatchEvent(new Event('mouseover')))")
    injected = page.evaluate(
        "[...document.querySelectorAll('main script, main iframe, main img, main svg[onload], main [style],"
        " main object, main embed, main base, main math, main video, main audio')].map((each) => each.outerHTML)"
    )
    return [*page.evaluate("window.ran"), *injected]


def _quoted(text: str) -> str:
    from urllib.parse import quote  # noqa: PLC0415  # one use

    return quote(text[:200])


def _item(site: Site, number: int) -> items.QueueItem:
    with site.parts.database.reading() as connection:
        found = items.item(connection, number)
    assert found is not None
    return found
