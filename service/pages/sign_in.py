"""Signing in and out: a name and a password, or the organisation's identity provider."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from service.api.context import Context, Parts
from service.api.permissions import address_of, anyone
from service.api.problems import status_of
from service.auth.officers import folded
from service.auth.refusals import NotLetIn, TooOften
from service.oidc_settings import is_loopback
from service.pages.layout import show
from service.pages.officer import safe_path
from service.store.people import Officer

router = APIRouter(include_in_schema=False, dependencies=[Depends(anyone)])

_log = structlog.get_logger()

Next = Annotated[str, Query(alias="next", max_length=2_000)]


@router.get("/sign-in", response_class=HTMLResponse)
def sign_in_page(request: Request, parts: Parts, go_to: Next = "/") -> Response:
    """The form, and the way to the provider where there is one."""
    return _page(request, parts, safe_path(go_to))


@router.post("/sign-in", response_class=HTMLResponse)
def sign_in(
    request: Request,
    parts: Parts,
    name: Annotated[str, Form(max_length=200)],
    password: Annotated[str, Form(max_length=1_000)],
    go_to: Annotated[str, Form(alias="next", max_length=2_000)] = "/",
) -> Response:
    """Let an officer in; the session the browser had before ends."""
    try:
        _must_be_protected(request, parts)
        officer = _by_password(parts, name, password, address_of(request))
    except NotLetIn as error:
        return _refused(request, parts, safe_path(go_to), error)
    return _let_in(request, parts, officer, safe_path(go_to))


@router.post("/sign-out")
def sign_out(request: Request, parts: Parts) -> Response:
    """End the session on the server; the browser forgets what it holds of it (S41)."""
    session = request.cookies.get(parts.door.cookie)
    if session:
        parts.door.people.sessions.end(session)
    answer = RedirectResponse("/sign-in", 303, headers={"Clear-Site-Data": '"cache", "cookies", "storage"'})
    _drop(answer, parts, parts.door.cookie)
    return answer


@router.get("/sign-in/provider")
def to_provider(request: Request, parts: Parts, go_to: Next = "/") -> Response:
    """Go and prove who you are at the provider."""
    if not parts.door.provider:
        raise HTTPException(404, "There is no identity provider here. Sign in with a name and a password.")
    try:
        _must_be_protected(request, parts)
        begun = parts.door.sign_ins.begin(safe_path(go_to))
    except NotLetIn as error:
        return _refused(request, parts, safe_path(go_to), error)
    answer = RedirectResponse(begun.address, 303)
    _keep(answer, parts, parts.door.browser_cookie, begun.browser)
    return answer


@router.get("/sign-in/back")
def back_from_provider(
    request: Request,
    parts: Parts,
    state: Annotated[str, Query(max_length=500)] = "",
    code: Annotated[str, Query(max_length=5_000)] = "",
    iss: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Back from the provider, with its word for who it is."""
    try:
        who = parts.door.sign_ins.finish(request.cookies.get(parts.door.browser_cookie, ""), state, code, iss)
        officer = parts.door.people.officers.officer_of(who.issuer, who.subject, who.name, who.role)
    except NotLetIn as error:
        return _refused(request, parts, error.go_to, error)
    answer = _let_in(request, parts, officer, who.go_to)
    _drop(answer, parts, parts.door.browser_cookie)
    return answer


def _by_password(parts: Context, name: str, password: str, address: str) -> Officer:
    limits, account = parts.door.limits, folded(name)
    limits.before_login(account, address)
    try:
        officer = parts.door.people.officers.check_password(name, password)
    except NotLetIn:
        limits.bad_login(address)
        raise
    limits.good_login(account)
    return officer


def _must_be_protected(request: Request, parts: Context) -> None:
    """A password or a session's cookie must not travel in the clear (S17)."""
    if not parts.door.secure and not is_loopback(address_of(request)):
        raise NotLetIn("Signing in needs https: whoever runs heard must set HEARD_PUBLIC_URL.")


def _let_in(request: Request, parts: Context, officer: Officer, go_to: str) -> Response:
    token = parts.door.people.sessions.begin(officer, request.cookies.get(parts.door.cookie))
    _log.info("signed in", officer=officer.id)
    answer = RedirectResponse(go_to, 303)
    _keep(answer, parts, parts.door.cookie, token)
    return answer


def _refused(request: Request, parts: Context, go_to: str, error: NotLetIn) -> Response:
    _log.warning("not let in", address=address_of(request), why=type(error).__name__)
    answer = _page(request, parts, go_to, str(error), status_of(error))
    if isinstance(error, TooOften):
        answer.headers["Retry-After"] = str(error.seconds)
    return answer


def _page(request: Request, parts: Context, go_to: str, why: str = "", status: int = 200) -> Response:
    view = {"go_to": go_to, "why": why, "provider": parts.door.provider}
    return show(request, "sign_in.html", view, status=status)


def _keep(answer: Response, parts: Context, cookie: str, value: str) -> None:
    answer.set_cookie(cookie, value, httponly=True, secure=parts.door.secure, samesite="lax", path="/")


def _drop(answer: Response, parts: Context, cookie: str) -> None:
    answer.delete_cookie(cookie, httponly=True, secure=parts.door.secure, samesite="lax", path="/")
