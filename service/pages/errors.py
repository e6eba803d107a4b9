"""Errors as pages that say what to do: what the interface answers as a problem, a browser gets as a page."""

import json
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import MEDIA_TYPE, problem
from service.pages.layout import show
from service.pages.officer import NobodyKnown
from service.pages.typed import KEPT, LONGEST

_INTERFACE = ("/v1/", "/health/", "/metrics", "/openapi.json")
_TITLES = {
    403: "You may not do that",
    404: "That is not here",
    405: "That address is for a form",
    409: "Somebody was first",
    413: "That is too much at once",
    422: "Something in that form does not fit",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "heard is busy",
}
_ADVICE = {
    403: "Ask whoever administers heard if you should be able to.",
    404: "Go back to the work list. If a link brought you here, tell whoever runs heard.",
    405: "Go back to the work list and press the button again.",
    413: "Send less, for example a shorter note.",
    422: "Go back, correct it and send it again.",
    429: "Wait a minute, then go back and try again.",
    500: "Go back and try again. If it happens again, tell whoever runs heard the time and what you did.",
    503: "Wait a few seconds, then go back and send it again.",
}


def wants_page(scope: Scope) -> bool:
    """Whether a person's browser asks, for a page."""
    if scope["type"] != "http" or scope["path"].startswith(_INTERFACE):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


class ErrorPages:
    """Turns problems on their way to a browser into pages, whatever made them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is no problem."""
        if not wants_page(scope):
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def turned(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_problem(message):
                held.append(message)
            elif not held:
                await send(message)
            else:
                held.append(message)
                if not message.get("more_body", False):
                    await _page_of(scope, held)(scope, receive, send)

        await self._app(scope, receive, turned)


def install(app: FastAPI) -> None:
    """For what is answered outside all middleware, and for forms of people who are signed in no longer."""
    unexpected: Callable[[Request, Exception], Response] = app.exception_handlers[Exception]  # type: ignore[assignment]  # ours is one

    def as_page(request: Request, error: Exception) -> Response:
        answer = unexpected(request, error)
        if not wants_page(request.scope):
            return answer
        page = error_page(request, 500, json.loads(bytes(answer.body))["detail"])
        _keep_headers(answer.headers.items(), page)
        return page

    app.add_exception_handler(Exception, as_page)
    app.add_exception_handler(NobodyKnown, _nobody_known)


def error_page(request: Request, status: int, detail: str) -> Response:
    """One error as a page."""
    detail = "Something in the form or the address is not as heard expects it." if status == 422 else detail
    view = {"title": _TITLES.get(status, "That did not work"), "detail": detail, "advice": _ADVICE.get(status, "")}
    return show(request, "error.html", view, status=status)


async def _nobody_known(request: Request, error: Exception) -> Response:
    """What was typed stands on the page, to be copied."""
    assert isinstance(error, NobodyKnown)  # noqa: S101  # installed for it
    if not wants_page(request.scope):
        return problem(401, "unauthorized", f"{error} Sign in, then send it again.")
    form = await request.form(max_files=0, max_fields=60, max_part_size=LONGEST)
    typed: list[tuple[str, Any]] = [
        (name.replace("_", " ").capitalize(), form[name]) for name in KEPT if form.get(name)
    ]
    view = {"why": str(error), "where": error.where, "typed": typed}
    return show(request, "nobody_known.html", view, status=401)


def _is_problem(message: Message) -> bool:
    headers = Headers(raw=message["headers"])
    return headers.get("content-type", "").startswith(MEDIA_TYPE) and message["status"] >= 400


def _page_of(scope: Scope, held: list[Message]) -> Response:
    start, *rest = held
    problem_found = json.loads(b"".join(part.get("body", b"") for part in rest))
    page = error_page(Request(scope), start["status"], problem_found["detail"])
    _keep_headers(Headers(raw=start["headers"]).items(), page)
    return page


def _keep_headers(given: Any, page: Response) -> None:
    kept = MutableHeaders(raw=page.raw_headers)
    for name, value in given:
        if name.lower() not in {"content-type", "content-length"}:
            kept.setdefault(name, value)
