"""Read the queues."""

import base64
import binascii
from datetime import date
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from service.api.context import Parts
from service.api.problems import responses
from service.queue import QueueItem, QueueName
from service.schemas import ItemOut, QueueOut
from service.store import queues
from service.store.queues import Position

router = APIRouter(prefix="/v1/queue", tags=["queue"], responses=responses(400, 404, 422))


class QueuePath(StrEnum):
    """A queue as it stands in an address."""

    STAGE_1 = "stage-1"
    REVIEW = "review"
    SIGNPOST = "signpost"


@router.get("/{queue}")
def list_queue(
    queue: QueuePath,
    parts: Parts,
    limit: Annotated[int, Query(ge=1, le=200, description="Items a page.")] = 50,
    cursor: Annotated[str | None, Query(max_length=200, description="`next` of the page before.")] = None,
) -> QueueOut:
    """Items by acknowledge-by date, earliest first."""
    with parts.database.reading() as connection:
        items = queues.page(connection, QueueName(queue.value.replace("-", "_")), limit + 1, decode_cursor(cursor))
    shown = items[:limit]
    following = encode_cursor(shown[-1]) if len(items) > limit else None
    return QueueOut(items=[ItemOut.from_domain(item) for item in shown], next=following)


def encode_cursor(item: QueueItem) -> str:
    """Where a page ended, as an opaque text."""
    return base64.urlsafe_b64encode(f"{item.acknowledge_by.isoformat()} {item.id}".encode()).decode()


def decode_cursor(cursor: str | None) -> Position | None:
    """The position a cursor stands for; 400 if it is not one of ours."""
    if cursor is None:
        return None
    try:
        day, number = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode("ascii").split(" ")
        position = date.fromisoformat(day), int(number)
    except (ValueError, binascii.Error):
        raise HTTPException(400, "This cursor is not one that a page of a queue gave.") from None
    if not 0 <= position[1] < 2**63:
        raise HTTPException(400, "This cursor is not one that a page of a queue gave.")
    return position
