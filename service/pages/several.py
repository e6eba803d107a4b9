"""Several items of the work list at once: looked at together, decided alike, each told apart, and taken back."""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from pipeline.domain import Label
from service.api.context import Context, Parts
from service.deadlines import Today
from service.pages import words
from service.pages.asked import list_query
from service.pages.layout import show
from service.pages.officer import Acts, Reads, decides_on_pages
from service.pages.rows import excerpt, row
from service.queue import QueueItem, QueueStatus
from service.refusals import ActionRefused
from service.store import items, queues
from service.store.reviews import Review
from service.turns import Asking, Key

router = APIRouter(prefix="/several", include_in_schema=False, dependencies=[Depends(decides_on_pages)])

MOST = 200
"""Items at once."""
_EXCERPT = 500
_SEEN = re.compile(r"(\d{1,18})\.(\d{1,9})")

Numbers = Annotated[list[Annotated[int, Form(ge=1, le=2**63 - 1)]] | None, Form()]
Query = Annotated[str, Form(max_length=2_000)]
Text = Annotated[str, Form(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Once = Annotated[str, Form(max_length=100)]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of one item: nothing where `why` says why not."""

    id: int
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """An item at the version it was shown in."""

    id: int
    version: int


@dataclass(frozen=True, kw_only=True)
class Several:
    """One officer's form about several items of a list; `query` is that of the list's address."""

    request: Request
    parts: Context
    officer: str
    query: str

    def shown(self, numbers: Iterable[int], *, wrong: list[dict[str, str]] | None = None, **typed: str) -> HTMLResponse:
        """The items as they are now, with what is wrong with what was typed."""
        with self.parts.database.reading() as connection:
            rows = _rows(connection, list(dict.fromkeys(numbers))[:MOST], self.parts.today(), self.officer)
        view = {
            "rows": [each for each in rows if not each["why"]],
            "refused": [each for each in rows if each["why"]],
            "verdicts": words.LABELS,
            "typed": typed,
            "errors": wrong,
            "key": secrets.token_urlsafe(16),
            "query": self.query,
        }
        return show(self.request, "several.html", view, status=422 if wrong else 200)

    def result(self, told: list[Told], became: str, *, undo: bool = False) -> HTMLResponse:
        """What became of each."""
        done = [each.id for each in told if not each.why]
        view = {"done": done, "refused": [each for each in told if each.why], "became": became, "undo": undo}
        return show(self.request, "several_done.html", {**view, "query": self.query})


def _several(request: Request, parts: Parts, reader: Reads, officer: Acts, query: Query = "") -> Several:  # noqa: ARG001  # the frame shows the reader
    return Several(request=request, parts=parts, officer=officer, query=list_query(query))


At = Annotated[Several, Depends(_several)]


@router.post("", response_class=HTMLResponse)
def preview(at: At, item: Numbers = None) -> Response:
    """The chosen items one below the other, and what can be decided of them."""
    return at.shown(item) if item else RedirectResponse(f"/?{at.query}&note=chosen", 303)


@router.post("/decide", response_class=HTMLResponse)
def decide(
    at: At, seen: Annotated[list[str] | None, Form()] = None, verdict: Text = "", reason: Text = "", key: Once = ""
) -> Response:
    """The same verdict on each that is still as it was shown; the others are told, and left as they are."""
    shown, wrong = _seen(seen or []), _wrong(verdict, reason)
    if wrong or not shown:
        return at.shown([each.id for each in shown], wrong=wrong, verdict=verdict, reason=reason)
    made = Review(verdict=Label(verdict), reason=reason.strip(), saw_suggestion=True)
    told = [_told(each.id, partial(_decide, at, each, made, key)) for each in shown]
    return at.result(told, f"decided: {words.LABELS[made.verdict].lower()}", undo=True)


@router.post("/undo", response_class=HTMLResponse)
def undo(at: At, item: Numbers = None) -> Response:
    """Take back what was just decided of several, where nobody has gone on with it."""
    asking = Asking(by=at.officer)
    told = [_told(each, partial(at.parts.reviewing.undo, each, asking)) for each in (item or [])[:MOST]]
    return at.result(told, "as before")


def _wrong(verdict: str, reason: str) -> list[dict[str, str]]:
    wrong = [] if verdict in set(Label) else [{"text": "Choose a decision.", "href": "#verdict"}]
    return wrong if reason.strip() else [*wrong, {"text": "Give the reason.", "href": "#reason"}]


def _rows(connection: Connection, numbers: list[int], today: Today, officer: str) -> list[dict[str, Any]]:
    found = [each for number in numbers if (each := items.item(connection, number))]
    details = queues.shown(connection, found)
    return [
        {
            **row(each, details[each.message_id], today, officer),
            "excerpt": excerpt(details[each.message_id]["text"], _EXCERPT),
            "why": _why_not(each, today, officer),
        }
        for each in found
        if each.message_id in details
    ]


def _why_not(item: QueueItem, today: Today, officer: str) -> str:
    if item.is_hidden:
        return "It is of the blind sample, which is read one by one. Open it to decide."
    if item.status is not QueueStatus.NEW:
        return f"It is decided already: {words.STATUSES[item.status].lower()}."
    held = item.held_at(today.now)
    if held and held.by != officer:
        return f"{held.by} is working on it until {words.clock(held.until)}."
    return ""


def _seen(texts: list[str]) -> list[Seen]:
    """What a form says was shown; what no page of ours sends is passed over."""
    found = filter(None, map(_SEEN.fullmatch, texts[:MOST]))
    return [Seen(id=int(each[1]), version=int(each[2])) for each in found]


def _decide(at: Several, seen: Seen, made: Review, key: str) -> QueueItem:
    asking = Asking(by=at.officer, version=seen.version, key=_key(at.officer, seen, made, key) if key else None)
    return at.parts.reviewing.review_as_listed(seen.id, asking, made)


def _key(officer: str, seen: Seen, made: Review, key: str) -> Key:
    """A page sent twice decides once, and tells the same."""
    digest = hashlib.sha256(repr((officer, seen, made)).encode("utf-8", "surrogatepass")).hexdigest()
    page = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return Key(name=f"several-{page[:32]}-{seen.id}-{digest[:32]}", request_sha256=digest)


def _told(number: int, act: Callable[[], QueueItem]) -> Told:
    try:
        act()
    except ActionRefused as error:
        return Told(id=number, why=str(error))
    return Told(id=number)
