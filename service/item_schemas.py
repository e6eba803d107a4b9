"""HTTP bodies of items and what was done with them; what officers send is in `action_schemas`."""

from datetime import date, datetime
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, Field

from pipeline.domain import Label
from service.deadlines import Today
from service.queue import EventKind, ItemEventKind, QueueItem, QueueName, QueueStatus
from service.store.items import ItemEvent


class Urgency(StrEnum):
    """How near the date that matters now is."""

    OVERDUE = "overdue"
    DUE_SOON = "due_soon"  # today or on the next working day


class ClaimOut(BaseModel):
    """Who works on an item."""

    by: str
    until: datetime = Field(description="Renew the claim before, or another may take the item up.")
    fence: int = Field(description="Names this claim in what its holder does next.")


class ItemOut(BaseModel):
    """An item in a queue. Dates are UK dates."""

    id: int
    message_id: str
    queue: QueueName
    status: QueueStatus
    received_at: datetime = Field(description="When the message was received: every clock starts here.")
    acknowledge_by: date = Field(description="Last day to acknowledge: 5 working days from receipt.")
    answer_by: date = Field(description="Last day to answer at stage 1, as far as is known.")
    due_by: date | None = Field(description="Whichever of the two comes next; null where nothing is left to do.")
    urgency: Urgency | None
    risk: float | None = Field(ge=0, le=1, description="Complaint probability; null in the blind sample.")
    claim: ClaimOut | None
    assigned_to: str | None = Field(description="The officer or team responsible.")
    acknowledged_on: date | None
    extended_on: date | None
    case_reference: str | None = Field(description="Its reference in the case system.")
    version: int = Field(description="Grows with every change; the ETag.")

    @classmethod
    def from_domain(cls, item: QueueItem, today: Today) -> Self:
        """The body for an item as it is now."""
        plain = {
            name: getattr(item, name) for name in cls.model_fields if name not in {"status", "urgency", "claim", "risk"}
        }
        claim = item.held_at(today.now)
        return cls(
            **plain,
            risk=None if item.blind else item.risk,
            status=item.status_at(today.now),
            urgency=urgency(item.due_by, today),
            claim=ClaimOut(by=claim.by, until=claim.until, fence=claim.fence) if claim else None,
        )


def urgency(due_by: date | None, today: Today) -> Urgency | None:
    """Past its date, near it, or neither."""
    if due_by is None or due_by > today.soon:
        return None
    return Urgency.OVERDUE if due_by < today.day else Urgency.DUE_SOON


class QueueOut(BaseModel):
    """A page of a queue, by acknowledge-by date, then risk."""

    items: list[ItemOut]
    next: str | None = Field(
        description="Give it as `cursor` for the next page; null on the last. A filtered page may hold few items, "
        "or none, and yet not be the last."
    )


class EventOut(BaseModel):
    """One line of history."""

    kind: EventKind | ItemEventKind
    at: datetime
    actor: str
    detail: str = Field(description="Why, where that is not plain.")

    @classmethod
    def from_item_event(cls, event: ItemEvent) -> Self:
        """The body for something an officer did."""
        return cls(kind=event.kind, at=event.at, actor=event.actor, detail=event.reason)


class StepOut(EventOut):
    """One line of an item's history, with the way it went."""

    id: int
    from_status: QueueStatus
    to_status: QueueStatus
    undoes: int | None = Field(description="The id of the line it takes back.")

    @classmethod
    def from_item_event(cls, event: ItemEvent) -> Self:
        """The body for something an officer did."""
        names = ("id", "kind", "at", "actor", "from_status", "to_status", "undoes")
        return cls(detail=event.reason, **{name: getattr(event, name) for name in names})


class ReviewOut(BaseModel):
    """A verdict, with when and by whom it was given."""

    step: int = Field(description="The id of its line in the history.")
    verdict: Label
    contested: bool
    category: str
    reason: str
    note: str
    saw_suggestion: bool
    seconds: int | None


class OfferOut(BaseModel):
    """What a resident was told; the history says when, by whom, and what they answered."""

    step: int = Field(description="The id of its line in the history.")
    wording_id: str
    wording: str = Field(description="What was sent, where it is not a version of a wording as it stands.")
    version_id: int | None = Field(description="The version of a wording that was sent, where it is one of ours.")


class RequestOut(BaseModel):
    """A request that an officer recorded."""

    id: int
    asks_for: str
    recorded_at: datetime
    withdrawn_at: datetime | None = Field(description="Where the review that recorded it was undone.")


class ItemDetailOut(BaseModel):
    """An item with all that was done with it."""

    item: ItemOut
    allowed: list[ItemEventKind] = Field(description="What may be done with it where it stands.")
    history: list[StepOut]
    reviews: list[ReviewOut]
    offers: list[OfferOut]
    requests: list[RequestOut]
    case_messages: list[str] = Field(description="The other messages of its case.")


class FoundOut(BaseModel):
    """The item you hold now."""

    item: ItemOut | None = Field(description="Null where nothing is free.")
    claimed_by_others: int = Field(description="Items of this queue that somebody else holds.")
