"""How many messages may wait to be worked on: more are turned away at once, so that those in line are served (P31)."""

from dataclasses import dataclass
from time import perf_counter

import structlog
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import problem
from service.metrics import Metrics

_WORK = ("/v1/messages", "/v1/score")
_log = structlog.get_logger()


class Line:
    """Answers 503 with Retry-After where `longest` messages are being worked on or wait already.

    Queues and pages are not counted: officers go on working while more comes in than can be taken.
    """

    def __init__(self, app: ASGIApp, longest: int, metrics: Metrics) -> None:
        self._app = app
        self._longest = longest
        self._metrics = metrics
        self._length = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Join the line, or be turned away."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].startswith(_WORK):
            await self._app(scope, receive, send)
            return
        if self._length >= self._longest:
            self._metrics.turned_away.inc()
            why = "More comes in than can be taken just now. Nothing was stored: send it again."
            await problem(503, "busy", why, headers={"Retry-After": "1"})(scope, receive, send)
            return
        self._moved(1)
        try:
            await self._app(scope, receive, send)
        finally:
            self._moved(-1)

    def _moved(self, by: int) -> None:
        self._length += by
        self._metrics.waiting.set(self._length)


@dataclass(kw_only=True)
class _Answered:
    """What was answered; 499 where nothing was, as proxies count it."""

    status: int = 499


class Measured:
    """Times every request by its route, and writes a line about it: never its path or query, which may hold words."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Time one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answered, began = _Answered(), perf_counter()

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered.status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            self._note(scope, answered.status, perf_counter() - began)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route, method = _route(scope), _method(scope)
        self._metrics.requests.labels(method, route, str(status)).observe(seconds)
        _log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def _route(scope: Scope) -> str:
    """As it is written in the code: a label must not grow with what is asked for."""
    route = scope.get("route")
    return route.path if isinstance(route, Route) else "other"


def _method(scope: Scope) -> str:
    return (
        scope["method"] if scope["method"] in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "other"
    )
