"""One officer's form about one item: tried, and answered with the next page or the same one with what went wrong."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import ValidationError

from service.api.context import Context, Parts
from service.api.items import ItemId
from service.api.problems import status_of_refusal
from service.pages.item import show_item
from service.pages.next_item import Round, next_address
from service.pages.officer import Acts, Reader, Reads
from service.pages.typed import Form, Typed
from service.queue import QueueItem
from service.refusals import ActionRefused, NoSuchItem
from service.store import items
from service.turns import Asking

_TYPED_AS = {("link", "message_id"): "link", ("extend", "reason"): "why", ("reopen", "reason"): "why"}
"""Fields that the form of an action has under another name."""
_FIELDS = {
    "asks_for": "What is asked for",
    "take_over": "Why you take it over",
    "on": "Acknowledged on",
    "to": "Assign to",
    "link": "Message of the same case",
    "why": "Reason",
    "reference": "Reference",
    "verdict": "Decision",
}


@dataclass(frozen=True, kw_only=True)
class Work:
    """`item` is as it was before the form was sent."""

    request: Request
    parts: Context
    item: QueueItem
    officer: str
    reader: Reader
    typed: Typed

    @property
    def action(self) -> str:
        """Which of the form's buttons was pressed."""
        return self.request.url.path.rsplit("/", 1)[-1]

    @property
    def asking(self) -> Asking:
        """Who asks, once."""
        return self.typed.asking(self.officer, f"{self.item.id} {self.action}")

    @property
    def round(self) -> Round:
        """What the officer goes on with: the list as it was when the page was shown, items that stood like this one."""
        return Round(
            officer=self.officer,
            team=self.reader.choices.team,
            asked=self.typed.within(self.typed.queue or self.item.queue),
            stands=self.typed.stood or self.item.status,
        )

    def goes_on(self, act: Callable[[], QueueItem]) -> Response:
        """Done with this item: on to the next."""

        def then(_item: QueueItem) -> Response:
            return RedirectResponse(next_address(self.parts, self.round, after=self.item.id), 303)

        return self.tried(act, then)

    def stays(self, act: Callable[[], QueueItem], done: str) -> Response:
        """Done, and still at this item."""
        return self.tried(act, lambda _item: self.show(done=done))

    def tried(self, act: Callable[[], QueueItem], then: Callable[[QueueItem], Response]) -> Response:
        """Do it, or show the item as it is now with the reason and with what was typed."""
        try:
            item = act()
        except ValidationError as error:
            return self.show(wrong=self._wrong(error), status=422)
        except ActionRefused as error:
            return self.show(refusal=str(error), status=status_of_refusal(error))
        return then(item)

    def refused(self, name: str, why: str) -> Response:
        """The page with what is wrong with one field."""
        return self.show(wrong={name: why}, status=422)

    def with_typed(self, **fields: str) -> "Work":
        """As if these fields had come like that."""
        return replace(self, typed=replace(self.typed, fields=self.typed.fields | fields))

    def _wrong(self, error: ValidationError) -> dict[str, str]:
        """A sentence by field."""
        found = {}
        for fault in error.errors():
            said = str(fault["loc"][0])
            name = _TYPED_AS.get((self.action, said), said)
            found[name] = _sentence(name, str(fault["type"]), fault.get("ctx", {}), fault["msg"])
        return found

    def show(
        self, *, wrong: dict[str, str] | None = None, refusal: str = "", done: str = "", status: int = 200
    ) -> Response:
        """The page as it is now, with what is wrong by field, or why it was refused."""
        return show_item(
            self.request,
            self.parts,
            self.item.id,
            self.reader,
            typed=replace(self.typed, wrong=wrong or {}),
            asked_to_see=self.typed["saw"] == "1",
            refusal=refusal,
            done=done,
            status=status,
        )


def _work(request: Request, item_id: ItemId, parts: Parts, *, officer: Acts, reader: Reads, typed: Form) -> Work:
    with parts.database.reading() as connection:
        item = items.item(connection, item_id)
    if item is None:
        raise NoSuchItem(f"There is no item {item_id}. It may have been erased.")
    return Work(request=request, parts=parts, item=item, officer=officer, reader=reader, typed=typed)


At = Annotated[Work, Depends(_work)]


def _sentence(name: str, kind: str, limits: dict[str, object], otherwise: str) -> str:
    field = _FIELDS.get(name, name.replace("_", " ").capitalize())
    if kind == "string_too_long":
        return f"{field}: use at most {limits['max_length']:,} characters. What you typed is still below."
    if kind in {"string_too_short", "string_pattern_mismatch"}:
        return f"{field}: write something."
    if name == "on":
        return f"{field}: write the day like 27/11/2026."
    return f"{field}: {otherwise.removeprefix('Value error, ')}."
