"""The work list: a queue in the order of its dates, with filters, search, saved views and assigning several at once."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from service.api.context import Context, Parts
from service.api.permissions import sees_pages
from service.api.queue import decode_cursor, encode_cursor
from service.pages.asked import Asked, asked_of, list_query, selects
from service.pages.layout import show
from service.pages.next_item import Round, next_address
from service.pages.officer import Acts, Reads, decides_on_pages
from service.pages.rows import row
from service.pages.taking import PURPOSES
from service.pages.undo import after_of
from service.queue import OPEN, QueueName, QueueStatus
from service.refusals import ActionRefused
from service.store import claims, desks, queues, work_list
from service.store.desks import View
from service.turns import Asking

router = APIRouter(include_in_schema=False, dependencies=[Depends(sees_pages)])
acting = APIRouter(include_in_schema=False, dependencies=[Depends(decides_on_pages)])

_PAGE = 25
_MOST_AT_ONCE = 200
_EMPTY = {
    QueueName.STAGE_1: "No complaints are waiting.",
    QueueName.REVIEW: "Nothing is waiting for review.",
    QueueName.SIGNPOST: "No offers are waiting to be made.",
}
_NOTED = {
    "none": "Nothing is free here now.",
    "later": "Only what you left for later is free here now. Start again to take it up.",
    "chosen": "Choose at least one item first.",
    "purpose": "Choose what the file is for, then download it again.",
}


@router.get("/", response_class=HTMLResponse)
def work_list_page(request: Request, parts: Parts, reader: Reads, asked: Annotated[Asked, Query()]) -> HTMLResponse:
    """One page of one queue."""
    today = parts.today()
    filters = asked.filters(reader.name, today.now)
    with parts.database.reading() as connection:
        page = work_list.page(connection, filters, _PAGE, decode_cursor(asked.cursor or None), today)
        details = queues.shown(connection, page.items)
        counts = {name: _counted(count) for name, count in queues.counts(connection).items()}
        others = claims.claimed_by_others(connection, asked.queue, reader.name, today.now)
        views = desks.views(connection, reader.name) if reader.name else []
        after = after_of(connection, parts, asked.after, reader.name)
    view = {
        "queue": asked.queue,
        "asked": asked,
        "filtered": asked.is_filtered(),
        "starts_with": _starts_with(asked),
        "selects": selects(asked, parts.classifier.profile.jurisdiction),
        "query": asked.query(),
        "counts": counts,
        "claimed_by_others": others,
        "views": views,
        "after": after,
        "rows": [row(item, details[item.message_id], today, reader.name) for item in page.items],
        "purposes": PURPOSES,
        "next": encode_cursor(page.next),
        "notes": [*_troubles(parts), *_notes(request.query_params.get("note", ""), others)],
        "empty": _empty(asked, counts[asked.queue], more=page.next is not None),
        "reader": reader,
        "profile": parts.classifier.profile.title,
        "model": parts.classifier.model_version,
    }
    return show(request, "worklist.html", view)


@acting.post("/next")
def start(
    parts: Parts,
    officer: Acts,
    reader: Reads,
    *,
    queue: Annotated[QueueName, Form()],
    status: Annotated[QueueStatus, Form()] = QueueStatus.NEW,
    within: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Claim the most urgent item of a queue, or of a list of it, that stands so, and open it."""
    asked = asked_of(within, queue)
    chosen = Round(officer=officer, team=reader.choices.team, asked=asked, stands=status)
    return RedirectResponse(next_address(parts, chosen, afresh=True), 303)


@acting.post("/assign")
def assign(
    request: Request,
    parts: Parts,
    reader: Reads,  # noqa: ARG001  # the frame shows the reader
    officer: Acts,
    *,
    item: Annotated[list[int] | None, Form()] = None,
    to: Annotated[str, Form(max_length=100, pattern=r"^[^\x00-\x1f]*$")] = "",
    query: Annotated[str, Form(max_length=2_000)] = "",
) -> Response:
    """Make somebody responsible for several items; each is told apart, for some may have gone meanwhile."""
    if not item:
        return RedirectResponse(f"/?{list_query(query)}&note=chosen", 303)
    refused = [why for number in item[:_MOST_AT_ONCE] if (why := _assign(parts, officer, number, to.strip() or None))]
    done = len(item[:_MOST_AT_ONCE]) - len(refused)
    view = {"done": done, "to": to.strip(), "refused": refused, "query": list_query(query)}
    return show(request, "assigned.html", view)


def _assign(parts: Context, officer: str, number: int, to: str | None) -> str | None:
    try:
        parts.reviewing.assign(number, Asking(by=officer), to)
    except ActionRefused as error:
        return f"Item {number}: {error}"
    return None


@acting.post("/views")
def save_view(
    parts: Parts,
    officer: Acts,
    name: Annotated[str, Form(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f]*[^\x00-\x20][^\x00-\x1f]*$")],
    query: Annotated[str, Form(max_length=2_000)],
) -> Response:
    """Keep the filters in use under a name."""
    with parts.database.writing() as connection:
        if not desks.save_view(connection, officer, View(name=name.strip(), query=list_query(query))):
            raise HTTPException(409, f"You have {desks.MOST_VIEWS} views. Remove one, then save this one.")
    return RedirectResponse(f"/?{list_query(query)}", 303)


@acting.post("/views/drop")
def drop_view(parts: Parts, officer: Acts, name: Annotated[str, Form(max_length=60)]) -> Response:
    """Forget a view."""
    with parts.database.writing() as connection:
        desks.drop_view(connection, officer, name)
    return RedirectResponse("/", 303)


def _troubles(parts: Parts) -> list[str]:
    """What officers must know of the service itself (P11)."""
    if not parts.classifier.problem:
        return []
    return ["The model does not work as it should: new messages may come to Review unread by it, as undetermined."]


def _starts_with(asked: Asked) -> QueueStatus | None:
    """Where what is worked through from this list stands; None where the list has nothing left to do."""
    stands = asked.status or QueueStatus.NEW
    return stands if stands in OPEN and not asked.mine else None


def _notes(asked: str, others: int) -> list[str]:
    note = _NOTED.get(asked)
    if note is None:
        return []
    return [f"{note} {_held(others)}" if asked == "none" and others else note]


def _held(others: int) -> str:
    return f"{others} {'item is' if others == 1 else 'items are'} being worked on by others."


def _counted(items: int) -> str:
    return f"over {queues.MOST_COUNTED:,}" if items > queues.MOST_COUNTED else f"{items:,}"


def _empty(asked: Asked, still_open: str, *, more: bool) -> str:
    """The truth about why nothing is shown."""
    if more:
        return f"Nothing found among the next {work_list.WINDOW:,} items. There are more: look further."
    if asked.is_filtered():
        return f"Nothing fits these filters. The queue has {still_open} open items without them."
    return _EMPTY[asked.queue]
