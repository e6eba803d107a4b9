"""Read the queues, and take the next item from one."""

import base64
import binascii
import math
from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from pipeline.domain import Channel, Flag
from service.action_schemas import ClaimNextIn
from service.api.context import Parts
from service.api.officers import Officer
from service.api.permissions import may_read
from service.api.problems import responses
from service.item_schemas import FoundOut, ItemOut, QueueOut
from service.queue import QueueName, QueueStatus
from service.store import work_list
from service.store.work_list import Filters, Position

router = APIRouter(prefix="/v1/queue", tags=["queue"], responses=responses(400, 404, 422, 503))

_NOT_OURS = "This cursor is not one that a page of a queue gave."
_Words = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]


class QueuePath(StrEnum):
    """A queue as it stands in an address."""

    STAGE_1 = "stage-1"
    REVIEW = "review"
    SIGNPOST = "signpost"

    @property
    def queue(self) -> QueueName:
        """The queue itself."""
        return QueueName(self.value.replace("-", "_"))


class Which(BaseModel):
    """What of a queue is listed, and from where."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="Items a page.")
    cursor: Annotated[str, Field(max_length=200)] | None = Field(
        default=None, description="`next` of the page before, with the same filters."
    )
    status: QueueStatus | None = Field(default=None, description="Items with something left to do, if left out.")
    assigned_to: _Words | None = Field(default=None, description="The officer or team responsible.")
    claimed_by: _Words | None = Field(default=None, description="The officer who works on it now.")
    channel: Channel | None = None
    category: _Words | None = Field(default=None, description="The topic, in either Ombudsman's words.")
    flag: Flag | None = None
    overdue: bool = Field(default=False, description="Past the date that matters now.")
    due_soon: bool = Field(default=False, description="Due today or on the next working day.")
    q: _Words | None = Field(default=None, description="Words as they stand in the message, its subject or sender.")

    def filters(self, queue: QueueName) -> Filters:
        """The same for the store."""
        plain = self.model_dump(exclude={"limit", "cursor", "q"})
        return Filters(queue=queue, words=self.q, **plain)


def _given_once(request: Request) -> None:
    """A filter that comes twice is a mistake: nobody could tell which one was meant."""
    names = [name for name, _ in request.query_params.multi_items()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise HTTPException(422, f"Given more than once: {', '.join(twice)}. Give each filter once.")


@router.get("/{queue}", dependencies=[Depends(may_read), Depends(_given_once)])
def list_queue(queue: QueuePath, parts: Parts, which: Annotated[Which, Query()]) -> QueueOut:
    """Items by acknowledge-by date, earliest first, then by risk."""
    after, today = decode_cursor(which.cursor), parts.today()
    with parts.database.reading() as connection:
        page = work_list.page(connection, which.filters(queue.queue), which.limit, after, today)
    return QueueOut(items=[ItemOut.from_domain(item, today) for item in page.items], next=encode_cursor(page.next))


@router.post("/{queue}/claim-next", responses=responses(403, 413))
def claim_next(queue: QueuePath, parts: Parts, officer: Officer, body: ClaimNextIn | None = None) -> FoundOut:
    """Claim the most urgent undecided item that nobody holds and that is not assigned to somebody else."""
    found = parts.claiming.claim_next(queue.queue, officer, team=body.team if body else None)
    item = ItemOut.from_domain(found.item, parts.today()) if found.item else None
    return FoundOut(item=item, claimed_by_others=found.claimed_by_others)


def encode_cursor(position: Position | None) -> str | None:
    """Where a page ended, as an opaque text; None after the last."""
    if position is None:
        return None
    parts = (position.acknowledge_by.isoformat(), repr(position.risk), str(position.id))
    return base64.urlsafe_b64encode(" ".join(parts).encode()).decode()


def decode_cursor(cursor: str | None) -> Position | None:
    """The position a cursor stands for; 400 if it is not one of ours."""
    if cursor is None:
        return None
    try:
        written = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
        day, risk, number = written.split(" ")
        position = Position(acknowledge_by=date.fromisoformat(day), risk=float(risk), id=int(number))
    except (ValueError, binascii.Error):
        raise HTTPException(400, _NOT_OURS) from None
    if not (0 <= position.id < 2**63 and math.isfinite(position.risk)):
        raise HTTPException(400, _NOT_OURS)
    return position
