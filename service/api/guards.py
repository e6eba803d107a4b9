"""What every request passes: a limit on its body, whose page it comes from, and headers that keep a browser safe."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.headers import safe_headers
from service.api.problems import problem

_ONLY_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS = frozenset({"same-origin", "none"})


class TooLarge(HTTPException):
    """More came than the limit allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"The body is larger than {limit:,} bytes. Send less at a time.")


class BodyLimit:
    """Answers 413 before a body is taken in whole, whether or not its length was announced."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdigit() or int(announced) > self._limit:
            refusal = problem(413, "content-too-large", TooLarge(self._limit).detail)
            await refusal(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                raise TooLarge(self._limit)
            return message

        await self._app(scope, counted, send)


class SafeHeaders:
    """Puts the headers of `service/api/headers.py` on every answer that does not bring its own."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._headers = safe_headers(secure=secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers."""

        async def safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, safe)


class OwnPages:
    """Refuses what another site makes a browser send (CSRF, S19), by the headers `Sec-Fetch-Site` and `Origin`.

    No page can set them, and each browser sends one at least with whatever changes something.
    A client that is no browser sends neither, and no cookie.
    """

    def __init__(self, app: ASGIApp, *, public_url: str, cookie: str) -> None:
        self._app = app
        self._public_url = public_url
        self._cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through what only reads, and what comes from here."""
        if scope["type"] == "http" and scope["method"] not in _ONLY_READS and self._foreign(Headers(scope=scope)):
            refusal = problem(403, "forbidden", "Another site sent this. Do it from heard's own pages.")
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _foreign(self, headers: Headers) -> bool:
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is None and origin is None:
            return f"{self._cookie}=" in headers.get("cookie", "")
        return (site is not None and site not in _OURS) or (origin is not None and not self._own(origin, headers))

    def _own(self, origin: str, headers: Headers) -> bool:
        return origin == self._public_url or (not self._public_url and urlsplit(origin).netloc == headers.get("host"))
