"""Second readings: a message that a colleague has decided, read again without what they or heard thought of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import ValidationError

from service.action_schemas import SecondReadingIn
from service.api.context import Context, Parts
from service.api.permissions import Needs
from service.api.problems import status_of_refusal
from service.api.views import viewed
from service.pages.layout import show
from service.pages.officer import Acts, Reader, Reads, decides_on_pages
from service.pages.second_view import second_view, skipped_of
from service.pages.typed import Form, Typed
from service.refusals import ActionRefused
from service.roles import Permission
from service.store import second_readings as store
from service.turns import Asking

_ADDRESS = "/second"
router = APIRouter(
    prefix=_ADDRESS, include_in_schema=False, dependencies=[Depends(Needs(Permission.DECIDE, page=True))]
)
acting = APIRouter(prefix=_ADDRESS, include_in_schema=False, dependencies=[Depends(decides_on_pages)])

EventId = Annotated[int, Path(ge=1, le=2**63 - 1)]
_WRONG = {
    "note": "Note: use at most 5,000 characters. What you typed is still below.",
    "verdict": "Press one of the three buttons.",
}


@dataclass(frozen=True, kw_only=True)
class Second:
    """One officer before the page."""

    request: Request
    parts: Context
    officer: str
    reader: Reader

    def shown(
        self,
        skipped: Sequence[int],
        *,
        typed: Typed,
        wanted: int = 0,
        read: int = 0,
        settled: int = 0,
        refusal: str = "",
        status: int = 200,
    ) -> HTMLResponse:
        """The reading wanted where it still waits for this officer, else the next; `read` is the one just made."""
        with self.parts.database.reading() as connection:
            view = second_view(connection, self.parts, self.officer, skipped, typed=typed, wanted=wanted, read=read)
            view |= {"settled": store.drawn(connection, settled) if settled else None}
        view |= {"reader": self.reader, "errors": _errors(typed, refusal)}
        page = show(self.request, "second.html", view, status=status)
        if view["drawn"]:
            viewed(self.parts, self.officer, f"item:{view['drawn'].item_id}")
        return page


def _second(request: Request, parts: Parts, reader: Reads, officer: Acts) -> Second:
    return Second(request=request, parts=parts, officer=officer, reader=reader)


At = Annotated[Second, Depends(_second)]


def _errors(typed: Typed, refusal: str) -> list[dict[str, str]]:
    if refusal:
        return [{"text": refusal, "href": "#heading"}]
    return [{"text": why, "href": f"#{name}"} for name, why in typed.wrong.items()]


@router.get("", response_class=HTMLResponse)
def second_page(
    at: At,
    skipped: Annotated[str, Query(max_length=1_000)] = "",
    read: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    settled: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
) -> HTMLResponse:
    """The message that has waited longest for a second reader, and where earlier readings differ."""
    return at.shown(skipped_of(skipped), typed=Typed(), read=read, settled=settled)


@acting.post("/{event_id}/settle", response_class=HTMLResponse)
def settle(at: At, event_id: EventId, typed: Form) -> Response:
    """The first decision is right."""
    try:
        at.parts.second_reading.settle(event_id, Asking(by=at.officer))
    except ActionRefused as error:
        return at.shown(
            skipped_of(typed["skipped"]), typed=Typed(), refusal=str(error), status=status_of_refusal(error)
        )
    return RedirectResponse(f"{_ADDRESS}?settled={event_id}", 303)


@acting.post("/{event_id}", response_class=HTMLResponse)
def read_again(at: At, event_id: EventId, typed: Form) -> Response:
    """Keep what the second reader says, and go on."""
    try:
        asked = SecondReadingIn.model_validate(
            {"verdict": typed["verdict"], "contested": typed["contested"] == "1", "note": typed["note"]}
        )
        asking = typed.asking(at.officer, f"second {event_id}")
        at.parts.second_reading.read(event_id, asking, asked.to_domain())
    except ValidationError as error:
        wrong = {str(fault["loc"][0]): _WRONG[str(fault["loc"][0])] for fault in error.errors()}
        return at.shown(skipped_of(typed["skipped"]), typed=replace(typed, wrong=wrong), wanted=event_id, status=422)
    except ActionRefused as error:
        return at.shown(
            skipped_of(typed["skipped"]),
            typed=typed,
            refusal=f"{error} This reading was not kept.",
            status=status_of_refusal(error),
        )
    asks = {"read": event_id, "skipped": ".".join(map(str, skipped_of(typed["skipped"])))}
    return RedirectResponse(f"{_ADDRESS}?{urlencode({name: value for name, value in asks.items() if value})}", 303)
