"""Receive a message; read one back."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Path, Response

from service.api.context import Context, Parts
from service.api.problems import responses
from service.schemas import EventOut, ItemOut, KeptDecisionOut, MessageIn, MessageOut, ReceivedOut
from service.store import messages as store

router = APIRouter(prefix="/v1/messages", tags=["messages"])

_SOURCE = "http"
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
    responses={200: {"model": ReceivedOut, "description": "Received before"}, **responses(400, 409, 413, 422, 503)},
)
def receive(body: MessageIn, parts: Parts, response: Response, key: Key = None) -> ReceivedOut:
    """Receive a message: stored, decided and queued before the answer. The same message again answers 200."""
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    received = parts.intake.receive(body.to_domain(), source=_SOURCE, key=key, body_sha256=digest)
    response.status_code = 201 if received.new else 200
    found = _read(parts, received.message_id)
    return ReceivedOut(id=found.id, decision=found.decision, item=found.item)


@router.get("/{message_id:path}", responses=responses(404, 422))
def read(message_id: Annotated[str, Path(max_length=200)], parts: Parts) -> MessageOut:
    """A message with its decision and history."""
    return _read(parts, message_id)


def _read(parts: Context, message_id: str) -> MessageOut:
    with parts.database.reading() as connection:
        message = store.message_row(connection, message_id)
        decision = store.decision_row(connection, message_id)
        item = store.item_row(connection, message_id)
        events = store.event_rows(connection, message_id)
    if message is None or decision is None:
        raise HTTPException(404, "There is no message with this id.")
    return MessageOut(
        **{name: message[name] for name in ("id", "channel", "subject", "text", "sender", "source", "received_at")},
        decision=KeptDecisionOut.from_row(decision, message["channel"]),
        item=ItemOut.from_row(item) if item else None,
        events=[EventOut(**{name: row[name] for name in EventOut.model_fields}) for row in events],
    )
