"""The page of one item: the message first, then what heard suggests, then the decision."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from service.api.context import Context, Parts
from service.api.items import ItemId
from service.api.permissions import sees_pages
from service.api.views import viewed
from service.pages.asked import list_query
from service.pages.item_view import item_view
from service.pages.layout import show
from service.pages.officer import Reader, Reads
from service.pages.typed import Typed
from service.pages.undo import after_of, typed_before
from service.refusals import NoSuchItem
from service.store import items, ledger, messages

_TOLD = {"undone": "Undone: the item is as it was before."}
router = APIRouter(prefix="/items/{item_id}", include_in_schema=False, dependencies=[Depends(sees_pages)])


@router.get("", response_class=HTMLResponse)
def item_page(
    request: Request,
    item_id: ItemId,
    parts: Parts,
    reader: Reads,
    *,
    after: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    within: Annotated[str, Query(max_length=2_000)] = "",
    suggestion: Annotated[str, Query(max_length=10)] = "",
    told: Annotated[str, Query(max_length=10)] = "",
) -> HTMLResponse:
    """An item as it is now. Looking changes nothing: to work on it is a button."""
    fields, done = {"within": list_query(within)}, _TOLD.get(told, "")
    if done:
        with parts.database.reading() as connection:
            fields |= typed_before(connection, item_id)
    page = show_item(
        request,
        parts,
        item_id,
        reader,
        typed=Typed(fields=fields),
        after=after,
        asked_to_see=suggestion == "shown",
        done=done,
    )
    viewed(parts, reader.name, f"item:{item_id}")
    return page


@router.get("/message")
def whole_message(item_id: ItemId, parts: Parts, reader: Reads) -> PlainTextResponse:
    """The whole message as text, for one that is longer than the page shows."""
    with parts.database.reading() as connection:
        item = items.item(connection, item_id)
        message = messages.message_row(connection, item.message_id) if item else None
    if message is None:
        raise NoSuchItem(f"There is no item {item_id}. It may have been erased.")
    viewed(parts, reader.name, f"item:{item_id}")
    return PlainTextResponse(f"{message['subject']}\n\n{message['text']}")


@router.get("/original")
def original(item_id: ItemId, parts: Parts) -> Response:
    """The message as it came, to be saved and never shown: nobody has checked what is in it."""
    with parts.database.reading() as connection:
        item = items.item(connection, item_id)
        raw = ledger.original(connection, item.message_id) if item else None
    if raw is None:
        raise NoSuchItem(f"Item {item_id} has no original to download.")
    headers = {"Content-Disposition": f'attachment; filename="item-{item_id}.eml"'}
    return Response(raw, media_type="application/octet-stream", headers=headers)


def show_item(
    request: Request,
    parts: Context,
    item_id: int,
    reader: Reader,
    *,
    typed: Typed,
    after: int | None = None,
    asked_to_see: bool = False,
    refusal: str = "",
    done: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The page, with what was typed on it, what is wrong with that, or what was done."""
    with parts.database.reading() as connection:
        view: dict[str, Any] = item_view(connection, parts, item_id, reader, typed=typed, asked_to_see=asked_to_see)
        view["after"] = after_of(connection, parts, after, reader.name)
        own = after_of(connection, parts, item_id, reader.name)
    wrong = [{"text": refusal, "href": "#heading"}] if refusal else []
    wrong += [{"text": why, "href": f"#{name}"} for name, why in typed.wrong.items()]
    view |= {"errors": wrong, "done": done, "undo_own": own if own and own.undoable else None}
    return show(request, "item.html", view, status=status)
