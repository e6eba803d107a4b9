"""Receive a message; read one back."""

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Path, Response
from sqlalchemy import Connection

from service.api.context import Context, Parts
from service.api.permissions import Reader, Sender
from service.api.problems import responses
from service.api.views import viewed
from service.crashpoints import crashpoint
from service.decision_schemas import KeptDecisionOut
from service.item_schemas import EventOut, ItemOut
from service.roles import NOBODY_YET, Caller, Permission
from service.sampling import WITHHELD
from service.schemas import MessageIn, MessageOut, ReceivedOut
from service.store import items
from service.store import messages as store

router = APIRouter(prefix="/v1/messages", tags=["messages"])

_SOURCE = "http"
_PLAIN = tuple(name for name in MessageOut.model_fields if name not in {"decision", "withheld", "item", "events"})
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
_WITHHELD = {"decision": None, "withheld": WITHHELD}


@dataclass(frozen=True, kw_only=True)
class _Decided:
    """What was decided about a message, and whether that is kept from officers now."""

    decision: KeptDecisionOut
    item: ItemOut | None
    hidden: bool


@router.post(
    "",
    status_code=201,
    responses={200: {"model": ReceivedOut, "description": "Received before"}, **responses(400, 409, 413, 422, 503)},
)
def receive(body: MessageIn, parts: Parts, sender: Sender, response: Response, key: Key = None) -> ReceivedOut:
    """Receive a message: stored, decided and queued before the answer. The same message again answers 200."""
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    crashpoint("http_before_receive")
    received = parts.intake.receive(body.to_domain(), source=_SOURCE, key=key, body_sha256=digest)
    response.status_code = 201 if received.new else 200
    with parts.database.reading() as connection:
        found = _decided(connection, parts, received.message_id)
    if received.new and not received.again:
        parts.metrics.taken(found.decision)
    crashpoint("http_before_answer")
    told = ReceivedOut(id=received.message_id, decision=found.decision, item=found.item)
    return told.model_copy(update=_WITHHELD) if found.hidden and _decides(sender) else told


@router.get("/{message_id:path}", responses=responses(404, 422))
def read(message_id: Annotated[str, Path(max_length=200)], parts: Parts, reader: Reader) -> MessageOut:
    """A message with its decision and history."""
    found, hidden = _read(parts, message_id)
    viewed(parts, reader.name, f"message:{message_id}")
    return found.model_copy(update=_WITHHELD) if hidden else found


def _decides(sender: Caller) -> bool:
    """Whether who sends a message may decide about it too. While nobody is known it is software on this machine."""
    return sender is not NOBODY_YET and Permission.DECIDE in sender.may


def _decided(connection: Connection, parts: Context, message_id: str) -> _Decided:
    decision = store.decision_row(connection, message_id)
    if decision is None:
        raise HTTPException(404, "There is no message with this id.")
    row = store.item_row(connection, message_id)
    item = items.item_of(row) if row else None
    return _Decided(
        decision=KeptDecisionOut.from_row(decision),
        item=ItemOut.from_domain(item, parts.today()) if item else None,
        hidden=item is not None and item.is_hidden,
    )


def _read(parts: Context, message_id: str) -> tuple[MessageOut, bool]:
    """A message, and whether what heard thinks of it is kept from officers now."""
    with parts.database.reading() as connection:
        decided = _decided(connection, parts, message_id)
        message = store.message_row(connection, message_id)
        events = store.event_rows(connection, message_id)
        done = items.history_of_message(connection, message_id)
    if message is None:
        raise HTTPException(404, "There is no message with this id.")
    found = MessageOut(
        **{name: message[name] for name in _PLAIN},
        decision=decided.decision,
        item=decided.item,
        events=[EventOut(**{name: row[name] for name in EventOut.model_fields}) for row in events]
        + [EventOut.from_item_event(event) for event in done],
    )
    return found, decided.hidden
