"""The officers' pages in Chromium: each page in each state, accessible from phone to desk, and what nobody may run."""

import pytest
from playwright.sync_api import Page

from pipeline.domain import Channel, Label
from service.queue import QueueName
from service.store.reviews import Offer
from service.turns import Asking
from tests.acceptance.conftest import without_our_script
from tests.acceptance.officers import Windows, a_second_reading, fold_out, put_models, violations
from tests.acceptance.payloads import PAYLOADS
from tests.site import KHAN, PATEL, Site, a_noticed_decision

WIDTHS = (320, 768, 1280)


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
    second = second_readings_of(site)
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
        "second reading": "/second",
        "second reading, just agreed": f"/second?read={second['agreed']}",
        "second reading, just differed": f"/second?read={second['differed']}",
        "second reading, all left for later": f"/second?skipped={second['waiting']}",
        "offers": "/offers",
        "wordings": "/wordings",
        "a wording": "/wordings/survey-1?saved=1",
        "another wording": "/wordings/new",
        "the tour": "/tour",
        "the tour, its marks": "/tour?step=3",
        "the tour, its end": "/tour?step=6",
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


def second_readings_of(site: Site) -> dict[str, int]:
    """One that waits for A. Khan, and two that they have read, by their numbers."""
    read = {"waiting": None, "agreed": Label.OTHER, "differed": Label.COMPLAINT}
    return {name: a_second_reading(site, site.put(subject=name), verdict) for name, verdict in read.items()}


@pytest.mark.parametrize(
    ("script", "widths"), [(True, WIDTHS), (False, WIDTHS[:1])], ids=["with our script", "without it, on a phone"]
)
def test_every_page_is_accessible(site: Site, window: Windows, script: bool, widths: tuple[int, ...]) -> None:
    pages, found = every_page(site), []
    officer = window()
    if not script:
        without_our_script(officer.page)
    for name, path in pages.items():
        officer.open(path)
        for width in widths:
            officer.page.set_viewport_size({"width": width, "height": 900})
            found += [f"{name} at {width}: {told}" for told in violations(officer.page)]
            found += [f"{name} at {width} scrolls sideways"] if _is_wider_than(officer.page, width) else []
    assert found == []


def _is_wider_than(page: Page, width: int) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth") > width)


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
        fold_out(officer, "Assign")
        officer.press("Assign")
        officer.press("Link")
        officer.sees("That was not done")
        assert _ran(officer.page) == []
    officer.open("/?queue=review")
    for box in officer.page.locator("input[name=item]").all()[:10]:
        box.check()
    officer.press("Look at them and decide together")
    assert _ran(officer.page) == []
    for payload in PAYLOADS[::20]:
        officer.open("/choices")
        officer.page.get_by_label("Your team").fill(payload[:100])
        officer.press("Save")
        assert _ran(officer.page) == []
        officer.open("/wordings/new")
        officer.page.get_by_label("Name, by which officers choose it").fill(payload[:60])
        officer.page.get_by_label("Wording").fill(f"You can complain. {payload}")
        officer.press("Preview")
        assert _ran(officer.page) == []
    put_models(site, " ".join(PAYLOADS))
    officer.open("/model")
    assert _ran(officer.page) == []
    for payload in PAYLOADS[::10]:
        officer.page.goto(f"{site.address}/?queue=review&q={_quoted(payload)}")
        assert _ran(officer.page) == []


def test_no_script_in_what_is_read_again_runs(site: Site, window: Windows) -> None:
    for start in range(0, 200, 20):
        few = PAYLOADS[start : start + 20]
        shown = {"subject": " ".join(few), "sender": " ".join(few), "text": "\n".join(few)}
        a_second_reading(site, site.put(**shown), by=few[0][:100])
    officer = window()
    officer.context.add_init_script("window.ran = []; window.alert = (what) => window.ran.push(String(what))")
    officer.open("/second")
    for start in range(0, 200, 20):
        assert _ran(officer.page) == []
        officer.page.get_by_label("Note").fill("\n".join(PAYLOADS[start : start + 20]))
        officer.press("Complaint")
    officer.sees("All that was drawn has been read again")
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
