"""Receive a message; read one back."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Response

from service.api.context import Context, Parts
from service.api.permissions import Reader, may_receive
from service.api.problems import responses
from service.api.views import viewed
from service.crashpoints import crashpoint
from service.item_schemas import EventOut, ItemOut
from service.schemas import KeptDecisionOut, MessageIn, MessageOut, ReceivedOut
from service.store import items
from service.store import messages as store

router = APIRouter(prefix="/v1/messages", tags=["messages"])

_SOURCE = "http"
_PLAIN = tuple(name for name in MessageOut.model_fields if name not in {"decision", "item", "events"})
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="Same key and body: the same answer. Kept 7 days.",
    ),
]


@router.post(
    "",
    status_code=201,
    dependencies=[Depends(may_receive)],
    responses={200: {"model": ReceivedOut, "description": "Received before"}, **responses(400, 409, 413, 422, 503)},
)
def receive(body: MessageIn, parts: Parts, response: Response, key: Key = None) -> ReceivedOut:
    """Receive a message: stored, decided and queued before the answer. The same message again answers 200."""
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    crashpoint("http_before_receive")
    received = parts.intake.receive(body.to_domain(), source=_SOURCE, key=key, body_sha256=digest)
    response.status_code = 201 if received.new else 200
    found = _read(parts, received.message_id)
    if received.new:
        parts.metrics.taken(found)
    crashpoint("http_before_answer")
    return ReceivedOut(id=found.id, decision=found.decision, item=found.item)


@router.get("/{message_id:path}", responses=responses(404, 422))
def read(message_id: Annotated[str, Path(max_length=200)], parts: Parts, reader: Reader) -> MessageOut:
    """A message with its decision and history."""
    found = _read(parts, message_id)
    viewed(parts, reader.name, f"message:{message_id}")
    return found


def _read(parts: Context, message_id: str) -> MessageOut:
    with parts.database.reading() as connection:
        message = store.message_row(connection, message_id)
        decision = store.decision_row(connection, message_id)
        item = store.item_row(connection, message_id)
        events = store.event_rows(connection, message_id)
        done = items.history_of_message(connection, message_id)
    if message is None or decision is None:
        raise HTTPException(404, "There is no message with this id.")
    return MessageOut(
        **{name: message[name] for name in _PLAIN},
        decision=KeptDecisionOut.from_row(decision, message["channel"]),
        item=ItemOut.from_domain(items.item_of(item), parts.today()) if item else None,
        events=[EventOut(**{name: row[name] for name in EventOut.model_fields}) for row in events]
        + [EventOut.from_item_event(event) for event in done],
    )
