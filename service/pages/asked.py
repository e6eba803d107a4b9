"""What an officer asks of the work list: the filters in its address."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.domain import Channel, Flag
from service.pages import words
from service.queue import QueueName, QueueStatus
from service.store.work_list import Filters

_Line = Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")]
_AGES = {"": "Any", "2": "More than 2 days ago", "5": "More than 5 days ago", "10": "More than 10 days ago"}
_SURE = {"": "Any"} | {str(band): name for band, name in enumerate(words.BANDS)}
_WHEN = {"": "Any", "overdue": "Overdue", "soon": "Due today or on the next working day"}


class Asked(BaseModel):
    """A form sends empty fields, so "" stands for not asked. What an old address may hold besides is passed over."""

    model_config = ConfigDict(extra="ignore")

    queue: QueueName = QueueName.STAGE_1
    q: _Line = ""
    status: QueueStatus | Literal[""] = ""
    channel: Channel | Literal[""] = ""
    category: _Line = ""
    flag: Flag | Literal[""] = ""
    due: Literal["", "overdue", "soon"] = ""
    age: Literal["", "2", "5", "10"] = ""
    sure: Literal["", "0", "1", "2", "3", "4"] = ""
    officer: _Line = ""
    model: _Line = ""
    mine: Literal["", "1"] = ""
    cursor: _Line = ""
    after: int | None = Field(default=None, ge=1, le=2**63 - 1)

    def filters(self, reader: str, now: datetime) -> Filters:
        """The same for the store."""
        return Filters(
            queue=self.queue,
            status=self.status or None,
            assigned_to=self.officer.strip() or None,
            claimed_by=reader if self.mine else None,
            channel=self.channel or None,
            category=self.category or None,
            flag=self.flag or None,
            overdue=self.due == "overdue",
            due_soon=self.due == "soon",
            words=self.q.strip() or None,
            model_version=self.model.strip() or None,
            band=int(self.sure) if self.sure else None,
            received_before=now - timedelta(days=int(self.age)) if self.age else None,
        )

    def query(self) -> str:
        """The address of this list, without where it stands in it."""
        given = self.model_dump(mode="json", exclude={"cursor", "after"})
        return urlencode({name: value for name, value in given.items() if value})

    def is_filtered(self) -> bool:
        """Whether anything but the queue is asked for."""
        return bool(self.model_dump(exclude={"queue", "cursor", "after"}, exclude_defaults=True))


def list_query(query: str) -> str:
    """Only what the work list itself asks for, written again: what a form sends back is not trusted."""
    known = {name: value for name, value in parse_qsl(query) if name in Asked.model_fields and name != "cursor"}
    return urlencode(known)


def asked_of(query: str, queue: QueueName) -> Asked:
    """The list that an address says; where that is no list of this queue, the whole queue."""
    with suppress(ValidationError):
        asked = Asked.model_validate(dict(parse_qsl(list_query(query))))
        if asked.queue is queue:
            return asked
    return Asked(queue=queue)


def selects(asked: Asked, jurisdiction: str) -> list[dict[str, Any]]:
    """The lists to choose from."""
    statuses = {"": "Open"} | {status.value: word for status, word in words.STATUSES.items()}
    channels = {"": "Any"} | {channel.value: word for channel, word in words.CHANNELS.items()}
    categories = {"": "Any"} | {name: name for name in words.CATEGORIES[jurisdiction]}
    flags = {"": "Any"} | {flag.value: word for flag, (word, _) in words.FLAGS.items()}
    return [
        _select("status", "Where it stands", statuses, asked.status),
        _select("due", "Date", _WHEN, asked.due),
        _select("channel", "Channel", channels, asked.channel),
        _select("category", "Category", categories, asked.category),
        _select("flag", "Flag", flags, asked.flag),
        _select("age", "Received", _AGES, asked.age),
        _select("sure", "Complaint probability", _SURE, asked.sure),
    ]


def _select(name: str, label: str, choices: dict[str, str], chosen: str) -> dict[str, Any]:
    items = [{"value": value, "text": text, "selected": value == chosen} for value, text in choices.items()]
    return {"name": name, "label": label, "choices": items}
