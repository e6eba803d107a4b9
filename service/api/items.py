"""What officers do with an item. Every action answers with the item as it is now, its version as the ETag."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Response

from service import wordings
from service.action_schemas import (
    AcknowledgeIn,
    AssignIn,
    ClaimIn,
    FenceIn,
    HandOverIn,
    LinkIn,
    OfferIn,
    OfferStep,
    ReasonIn,
    ReviewIn,
)
from service.api.context import Context, Parts
from service.api.officers import Asks
from service.api.permissions import Reader
from service.api.problems import responses
from service.api.views import viewed
from service.item_schemas import ItemDetailOut, ItemOut, OfferOut, RequestOut, ReviewOut, StepOut
from service.queue import QueueItem, allowed
from service.store import cases, items, reviews
from service.store.reviews import Offer

router = APIRouter(prefix="/v1/items/{item_id}", tags=["items"], responses=responses(400, 404, 422, 503))
_action = responses(403, 409, 412, 413)

ItemId = Annotated[int, Path(ge=1, le=2**63 - 1)]


@router.get("")
def read(item_id: ItemId, parts: Parts, reader: Reader, response: Response) -> ItemDetailOut:
    """An item with its history, reviews, offers, requests and case."""
    with parts.database.reading() as connection:
        item = items.item(connection, item_id)
        if item is None:
            raise HTTPException(404, f"There is no item {item_id}.")
        found = ItemDetailOut(
            item=_answer(parts, response, item),
            allowed=list(allowed(item.status)),
            history=[StepOut.from_item_event(event) for event in items.history(connection, item_id)],
            reviews=[ReviewOut(step=n, **vars(made)) for n, made in reviews.reviews(connection, item_id).items()],
            offers=[OfferOut(step=n, **vars(made)) for n, made in reviews.offers(connection, item_id).items()],
            requests=[RequestOut(**vars(made)) for made in reviews.requests(connection, item.message_id)],
            case_messages=cases.messages_of(connection, item.message_id),
        )
    viewed(parts, reader.name, f"item:{item_id}")
    return found


@router.post("/claim", responses=_action)
def claim(item_id: ItemId, parts: Parts, asks: Asks, response: Response, body: ClaimIn | None = None) -> ItemOut:
    """Hold an item while you work on it; 409 names who holds it already. Claiming again renews."""
    take_over = body.take_over if body else ""
    return _answer(parts, response, parts.claiming.claim(item_id, asks, take_over=take_over))


@router.post("/renew", responses=_action)
def renew(item_id: ItemId, body: FenceIn, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Hold on to your claim for its full length from now."""
    return _answer(parts, response, parts.claiming.renew(item_id, asks, body.fence))


@router.post("/release", responses=_action)
def release(item_id: ItemId, body: FenceIn, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Give an item back undecided."""
    return _answer(parts, response, parts.claiming.release(item_id, asks, body.fence))


@router.post("/review", responses=_action)
def review(item_id: ItemId, body: ReviewIn, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Decide. A complaint goes to stage 1; its clock has been running since receipt. Ends the claim."""
    done = parts.reviewing.review(item_id, asks, body.fence, body.to_domain(), asks_for=body.asks_for)
    return _answer(parts, response, done)


@router.post("/offer", responses=_action)
def offer(item_id: ItemId, body: OfferIn, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Record an offer to take a complaint, or the answer: accepted goes to stage 1, declined is closed."""
    if body.step is OfferStep.MADE:
        done = parts.reviewing.offer(item_id, asks, body.fence, _in_version(parts, body), reason=body.reason)
    else:
        accepted = body.step is OfferStep.ACCEPTED
        done = parts.reviewing.answer_offer(item_id, asks, body.fence, accepted=accepted, reason=body.reason)
    return _answer(parts, response, done)


@router.post("/acknowledge", responses=_action)
def acknowledge(item_id: ItemId, body: AcknowledgeIn, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Record that a complaint was acknowledged; the answer is due ten working days later."""
    return _answer(parts, response, parts.reviewing.acknowledge(item_id, asks, body.fence, body.on))


@router.post("/hand-over", responses=_action)
def hand_over(item_id: ItemId, body: HandOverIn, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Record that the case system has an acknowledged complaint."""
    return _answer(parts, response, parts.reviewing.hand_over(item_id, asks, body.fence, body.reference))


@router.post("/extend", responses=_action)
def extend(item_id: ItemId, body: ReasonIn, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Ten more working days to answer, once. Tell the resident why, and how to reach the Ombudsman."""
    return _answer(parts, response, parts.reviewing.extend(item_id, asks, body.reason))


@router.post("/reopen", responses=_action)
def reopen(item_id: ItemId, body: ReasonIn, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Have an item decided again."""
    return _answer(parts, response, parts.reviewing.reopen(item_id, asks, body.reason))


@router.post("/undo", responses=_action)
def undo(item_id: ItemId, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Take back your own last decision on an item, within ten minutes unless set otherwise."""
    return _answer(parts, response, parts.reviewing.undo(item_id, asks))


@router.post("/assign", responses=_action)
def assign(item_id: ItemId, body: AssignIn, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Make an officer or a team responsible."""
    return _answer(parts, response, parts.reviewing.assign(item_id, asks, body.to))


@router.post("/link", responses=_action)
def link(item_id: ItemId, body: LinkIn, parts: Parts, asks: Asks, response: Response) -> ItemOut:
    """Put another message in the case of this one, or take it out."""
    act = parts.reviewing.link if body.linked else parts.reviewing.unlink
    return _answer(parts, response, act(item_id, asks, body.message_id))


def _in_version(parts: Context, body: OfferIn) -> Offer:
    """The newest version of a wording we have; a name that is the caller's own stays as it is."""
    made = body.to_domain()
    if not made.wording_id:
        return made
    with parts.database.writing() as connection:
        version = wordings.sent(connection, parts.classifier.profile.name, made.wording_id)
    return replace(made, version_id=version.id) if version else made


def _answer(parts: Context, response: Response, item: QueueItem) -> ItemOut:
    response.headers["ETag"] = f'"{item.version}"'
    return ItemOut.from_domain(item, parts.today())
