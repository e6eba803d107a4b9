"""What the buttons of an item's page do: each is one call of `service.claiming` or `service.reviewing`."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, RedirectResponse, Response

from service.action_schemas import (
    AcknowledgeIn,
    AssignIn,
    ClaimIn,
    HandOverIn,
    LinkIn,
    OfferIn,
    OfferStep,
    ReasonIn,
    ReviewIn,
)
from service.pages import words
from service.pages.next_item import item_address, next_address
from service.pages.offering import sent_words
from service.pages.officer import decides_on_pages
from service.pages.typed import KEPT, day_typed
from service.pages.work import At, Work
from service.queue import CLOSED, QueueItem
from service.store import cases, items
from service.turns import Asking

router = APIRouter(prefix="/items/{item_id}", include_in_schema=False, dependencies=[Depends(decides_on_pages)])


@router.post("/open")
def open_item(at: At) -> Response:
    """Claim it and show it; with something typed, show that again."""
    return at.tried(lambda: at.parts.claiming.claim(at.item.id, Asking(by=at.officer)), lambda _item: _opened(at))


@router.post("/take-over")
def take_over(at: At) -> Response:
    """Take it from the officer who holds it; the history says why."""
    if not at.typed["take_over"].strip():
        return at.refused("take_over", "Say why you take it over: the history keeps it.")

    def act() -> QueueItem:
        why = ClaimIn(take_over=at.typed["take_over"]).take_over
        return at.parts.claiming.claim(at.item.id, Asking(by=at.officer), take_over=why)

    return at.tried(act, lambda _item: _opened(at))


@router.post("/renew")
def renew(at: At) -> Response:
    """Hold on to it; the script of the page asks for JSON."""
    by_script = "application/json" in at.request.headers.get("accept", "")

    def act() -> QueueItem:
        return at.parts.claiming.renew(at.item.id, Asking(by=at.officer), at.typed.fence)

    def then(item: QueueItem) -> Response:
        until = item.claim.until if item.claim else at.parts.today().now
        if by_script:
            return JSONResponse({"left": _seconds_left(at, until), "clock": words.clock(until)})
        still = " What you typed is still below: press the button that is meant for it." if at.typed.anything() else ""
        return at.show(done=f"The item is yours until {words.clock(until)}.{still}")

    return then(act()) if by_script else at.tried(act, then)


@router.post("/release")
def release(at: At) -> Response:
    """Give it back undecided."""
    back = RedirectResponse(f"/?{at.typed.within(at.item.queue).query()}#heading", 303)
    return at.tried(lambda: at.parts.claiming.release(at.item.id, at.asking, at.typed.fence), lambda _item: back)


@router.post("/skip")
def skip(at: At) -> Response:
    """Leave it for later, and go on."""

    def then(_item: QueueItem) -> Response:
        return RedirectResponse(next_address(at.parts, at.round), 303)

    return at.tried(lambda: at.parts.claiming.release(at.item.id, at.asking, at.typed.fence), then)


@router.post("/decide")
def decide(at: At) -> Response:
    """Complaint, service request or other."""

    def act() -> QueueItem:
        asked = ReviewIn.model_validate(
            {
                "fence": at.typed.fence,
                "verdict": at.typed["verdict"],
                "contested": at.typed["contested"] == "1",
                "saw_suggestion": at.typed["saw"] == "1",
                "seconds": _seconds(at),
                **_fields(at, "category", "reason", "note", "asks_for"),
            }
        )
        return at.parts.reviewing.review(at.item.id, at.asking, asked.fence, asked.to_domain(), asks_for=asked.asks_for)

    return at.goes_on(act)


@router.post("/offer")
def offer(at: At) -> Response:
    """The resident was told how to complain: in which version of a wording, and what was made of it."""
    if not at.typed["wording"].strip():
        return at.refused("wording", "Write what you sent: the ledger keeps it.")

    def act() -> QueueItem:
        version, edited = sent_words(at)
        asked = OfferIn(
            fence=at.typed.fence,
            step=OfferStep.MADE,
            wording_id=version.wording_id if version else "",
            wording=edited,
            **_fields(at, "reason"),
        )
        made = replace(asked.to_domain(), version_id=version.id if version else None)
        return at.parts.reviewing.offer(at.item.id, at.asking, asked.fence, made, reason=asked.reason)

    return at.goes_on(act)


@router.post("/wording")
def another_wording(at: At) -> Response:
    """Show another wording, with whatever else is typed."""
    return at.with_typed(wording_id=at.typed["another"], wording="").show()


@router.post("/answer")
def answer(at: At) -> Response:
    """What the resident said to the offer. Answers come singly, so no other item is opened."""
    said = {OfferStep.ACCEPTED: "It is a complaint now, to be acknowledged.", OfferStep.DECLINED: "It is closed."}
    step = OfferStep.ACCEPTED if at.typed["step"] == OfferStep.ACCEPTED else OfferStep.DECLINED

    def act() -> QueueItem:
        asked = OfferIn(fence=at.typed.fence, step=step, **_fields(at, "reason"))
        accepted = step is OfferStep.ACCEPTED
        return at.parts.reviewing.answer_offer(
            at.item.id, at.asking, asked.fence, accepted=accepted, reason=asked.reason
        )

    return at.stays(act, f"The answer is kept. {said[step]}")


@router.post("/acknowledge")
def acknowledge(at: At) -> Response:
    """The resident has the acknowledgement."""

    def act() -> QueueItem:
        asked = AcknowledgeIn.model_validate({"fence": at.typed.fence, "on": day_typed(at.typed["on"])})
        return at.parts.reviewing.acknowledge(at.item.id, at.asking, asked.fence, asked.on)

    return at.goes_on(act)


@router.post("/hand-over")
def hand_over(at: At) -> Response:
    """The case system has it."""

    def act() -> QueueItem:
        asked = HandOverIn(fence=at.typed.fence, **_fields(at, "reference"))
        return at.parts.reviewing.hand_over(at.item.id, at.asking, asked.fence, asked.reference)

    return at.goes_on(act)


@router.post("/extend")
def extend(at: At) -> Response:
    """Ten more working days to answer."""
    done = "The time to answer is extended. Tell the resident why, and how to reach the Ombudsman."
    return at.stays(
        lambda: at.parts.reviewing.extend(at.item.id, at.asking, ReasonIn(reason=at.typed["why"]).reason), done
    )


@router.post("/reopen")
def reopen(at: At) -> Response:
    """Have it decided again."""
    done = "It is open again. Its clock has run on since receipt."
    return at.stays(
        lambda: at.parts.reviewing.reopen(at.item.id, at.asking, ReasonIn(reason=at.typed["why"]).reason), done
    )


@router.post("/assign")
def assign(at: At) -> Response:
    """Make an officer or team responsible, or nobody."""
    to = at.typed["to"].strip() or None
    return at.stays(
        lambda: at.parts.reviewing.assign(at.item.id, at.asking, AssignIn(to=to).to),
        f"Assigned to {to}. Only that officer, or one of that team, is handed it now." if to else "Assigned to nobody.",
    )


@router.post("/link")
def link(at: At) -> Response:
    """Put another message in this one's case."""

    def act() -> QueueItem:
        asked = LinkIn(message_id=_message_meant(at))
        return at.parts.reviewing.link(at.item.id, at.asking, asked.message_id)

    return at.stays(act, "The messages are in one case.")


@router.post("/unlink")
def unlink(at: At) -> Response:
    """Take another message out of the case."""

    def act() -> QueueItem:
        asked = LinkIn(message_id=at.typed["unlink"], linked=False)
        return at.parts.reviewing.unlink(at.item.id, at.asking, asked.message_id)

    return at.stays(act, "That message is out of the case.")


@router.post("/undo")
def undo(at: At) -> Response:
    """Take back one's own last decision, and have the item before one again."""

    def then(item: QueueItem) -> Response:
        undone = partial(_to_item, at, told="undone")
        if item.status in CLOSED:
            return undone()
        return at.tried(lambda: at.parts.claiming.claim(item.id, Asking(by=at.officer)), lambda _item: undone())

    return at.tried(lambda: at.parts.reviewing.undo(at.item.id, at.asking), then)


def _opened(at: Work) -> Response:
    return at.show(done="The item is yours. What you typed is still below.") if at.typed.anything() else _to_item(at)


def _to_item(at: Work, told: str = "") -> Response:
    where = "" if told else "#heading"  # what is told stands above the heading
    return RedirectResponse(item_address(at.item.id, {"within": at.typed["within"], "told": told}, where), 303)


def _message_meant(at: Work) -> str:
    """The message with the id that was typed, or that of the item with that number."""
    typed = at.typed["link"].strip()
    number = typed.removeprefix("item").strip()
    with at.parts.database.reading() as connection:
        if cases.exists(connection, typed) or not number.isdecimal() or len(number) > 18:
            return typed
        found = items.item(connection, int(number))
    return found.message_id if found else typed


def _fields(at: Work, *names: str) -> dict[str, Any]:
    return {name: at.typed[name] for name in names if name in KEPT}


def _seconds_left(at: Work, until: datetime) -> int:
    return int((until - at.parts.today().now).total_seconds())


def _seconds(at: Work) -> int | None:
    """From opening to deciding; nothing for what lay open for longer than a day."""
    claim = at.item.claim
    if claim is None or claim.by != at.officer:
        return None
    passed = int((at.parts.today().now - claim.since).total_seconds())
    return passed if 0 <= passed <= 86_400 else None
