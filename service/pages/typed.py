"""What an officer typed into an item's form. It comes back on every page that does not end the work (B90)."""

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import Depends, HTTPException, Request
from starlette.datastructures import FormData

from service.pages.asked import Asked, asked_of
from service.queue import QueueName, QueueStatus
from service.turns import Asking, Key

LONGEST = 12_000_000
"""Bytes of one field as sent, more than a body may have: what is too long is shown again, to be shortened."""
_DAYS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%d %b %Y")
KEPT = (
    "category",
    "reason",
    "note",
    "asks_for",
    "contested",
    "wording",
    "wording_id",
    "on",
    "reference",
    "to",
    "why",
    "take_over",
    "link",
)
"""The fields an officer fills in; the others are the page's own."""


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The fields of one form, as they came, with one kind of line end."""

    fields: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)
    """What must be put right, by field."""

    def __getitem__(self, name: str) -> str:
        return self.fields.get(name, "")

    @property
    def fence(self) -> int:
        """That of the claim the page was shown with; 0, which none has, where it is missing."""
        return int(self["fence"]) if self["fence"].isdecimal() and len(self["fence"]) < 10 else 0

    @property
    def queue(self) -> QueueName | None:
        """The queue the item was in when the page was shown."""
        return QueueName(self["queue"]) if self["queue"] in set(QueueName) else None

    @property
    def stood(self) -> QueueStatus | None:
        """How it stood then."""
        return QueueStatus(self["stood"]) if self["stood"] in set(QueueStatus) else None

    def within(self, queue: QueueName) -> Asked:
        """The list the officer works through."""
        return asked_of(self["within"], queue)

    def anything(self) -> bool:
        """Whether there is something to lose."""
        return any(self[name].strip() for name in KEPT if name not in {"wording", "wording_id", "on"})

    def asking(self, officer: str, action: str) -> Asking:
        """A form sent twice is done once. One sent again with other words, after going back, is another request."""
        if not self["key"]:
            return Asking(by=officer)
        parts = json.dumps([action, officer, sorted(self.fields.items())])
        digest = hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()
        name = f"page-{hashlib.sha256(self['key'].encode()).hexdigest()[:32]}-{digest[:32]}"
        return Asking(by=officer, key=Key(name=name, request_sha256=digest))


async def _typed(request: Request) -> Typed:
    form: FormData = await request.form(max_files=0, max_fields=60, max_part_size=LONGEST)
    values = {name: value for name, value in form.items() if isinstance(value, str)}
    if any("\x00" in value and name not in KEPT for name, value in values.items()):
        raise HTTPException(400, "This form holds characters that no page of heard sends.")
    return Typed(fields={name: value.replace("\r\n", "\n").replace("\x00", "") for name, value in values.items()})


def day_typed(text: str) -> str | None:
    """A day as people in the UK write it, as the interface takes it; None where nothing is typed."""
    for form in _DAYS:
        with suppress(ValueError):
            return datetime.strptime(text.strip(), form).date().isoformat()  # noqa: DTZ007  # a day has no zone
    return text.strip() or None


Form = Annotated[Typed, Depends(_typed)]
