"""Help, the tour, the ledger of offers, an officer's own choices, and the name of who sits here."""

from dataclasses import replace
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from service.api.context import Parts
from service.api.permissions import sees_pages
from service.pages.layout import show
from service.pages.officer import (
    NAME_COOKIE,
    Acts,
    Reads,
    Visits,
    decides_on_pages,
    is_name,
    reads_on_pages,
    safe_path,
)
from service.roles import NOBODY_YET
from service.store import desks, ledger
from service.store.desks import Choices

router = APIRouter(include_in_schema=False, dependencies=[Depends(sees_pages)])
acting = APIRouter(include_in_schema=False, dependencies=[Depends(decides_on_pages)])
touring = APIRouter(include_in_schema=False, dependencies=[Depends(reads_on_pages)])

TOUR = 6
"""Steps of the tour."""
_PAGE = 50
_SESSION = 12 * 3600


@router.get("/help", response_class=HTMLResponse)
def help_page(request: Request, parts: Parts, reader: Reads) -> HTMLResponse:
    """Complaint or service request, the tour, the keys, the words."""
    profile = parts.classifier.profile
    view = {"reader": reader, "profile": profile, "minutes": parts.settings.lease_minutes}
    return show(request, "help.html", view | {"undo_minutes": parts.settings.undo_minutes})


@router.get("/offers", response_class=HTMLResponse)
def offers_page(
    request: Request, parts: Parts, reader: Reads, before: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None
) -> HTMLResponse:
    """Who was told how to complain, when, in which words, and what they said."""
    with parts.database.reading() as connection:
        found = ledger.offers(connection, before=before, limit=_PAGE + 1)
        totals = ledger.totals(connection)
    view = {
        "reader": reader,
        "offers": found[:_PAGE],
        "next": found[_PAGE - 1].event_id if len(found) > _PAGE else None,
        "totals": totals,
        "profile": parts.classifier.profile.title,
    }
    return show(request, "offers.html", view)


@router.get("/choices", response_class=HTMLResponse)
def choices_page(request: Request, reader: Reads, saved: str = "") -> HTMLResponse:
    """Keys and the order of an item's page."""
    return show(request, "choices.html", {"reader": reader, "saved": saved == "1"})


@acting.post("/choices")
def choose(
    parts: Parts,
    officer: Acts,
    *,
    keys: Annotated[str, Form()] = "",
    first: Annotated[str, Form()] = "",
    team: Annotated[str, Form(max_length=100, pattern=r"^[^\x00-\x1f]*$")] = "",
) -> Response:
    """Keep them."""
    with parts.database.writing() as connection:
        before = desks.choices(connection, officer) or Choices()
        made = replace(before, single_keys=keys == "on", suggestion_first=first == "on", team=team.strip())
        desks.choose(connection, officer, made)
    return RedirectResponse("/choices?saved=1", 303)


@router.get("/tour", response_class=HTMLResponse)
def tour_page(
    request: Request, parts: Parts, reader: Reads, step: Annotated[int, Query(ge=1, le=TOUR)] = 1
) -> HTMLResponse:
    """The tour, a page a step. It can be taken again at any time."""
    view = {"reader": reader, "step": step, "steps": TOUR, "minutes": parts.settings.lease_minutes}
    return show(request, "tour.html", view | {"undo_minutes": parts.settings.undo_minutes})


@touring.post("/tour")
def end_tour(parts: Parts, officer: Visits) -> Response:
    """Taken or not wanted: it is not offered again."""
    with parts.database.writing() as connection:
        desks.choose(connection, officer, replace(desks.choices(connection, officer) or Choices(), toured=True))
    return RedirectResponse("/", 303)


@router.get("/name", response_class=HTMLResponse)
def name_page(
    request: Request, reader: Reads, go_to: Annotated[str, Query(alias="next", max_length=2_000)] = "/"
) -> HTMLResponse:
    """Where nobody can sign in yet, whoever sits here says who they are."""
    return show(request, "name.html", {"reader": reader, "go_to": safe_path(go_to), "why": ""})


@router.post("/name")
def say_name(
    request: Request,
    reader: Reads,
    name: Annotated[str, Form(max_length=400)] = "",
    go_to: Annotated[str, Form(alias="next", max_length=2_000)] = "/",
) -> Response:
    """Believed only on this machine and only until the first officer is made; see `service/api/officers.py`."""
    said = " ".join(name.split())
    if request.state.caller is not NOBODY_YET:
        return RedirectResponse(safe_path(go_to), 303)
    if not is_name(said):
        why = "Enter a name of 1 to 100 characters."
        return show(request, "name.html", {"reader": reader, "go_to": safe_path(go_to), "why": why}, status=422)
    answer = RedirectResponse(safe_path(go_to), 303)
    answer.set_cookie(NAME_COOKIE, quote(said), max_age=_SESSION, httponly=True, samesite="lax", path="/")
    return answer
