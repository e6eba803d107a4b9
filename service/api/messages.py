"""Receive a message; read one back."""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Path, Response

from service.api.context import Context, Parts
from service.api.decided import decided
from service.api.permissions import Reader, Sender
from service.api.problems import responses
from service.api.views import viewed
from service.crashpoints import crashpoint
from service.item_schemas import EventOut
from service.roles import NOBODY_YET, Caller, Permission
from service.sampling import WITHHELD
from service.schemas import MessageIn, MessageOut, ReceivedOut
from service.store import items
from service.store import messages as store

router = APIRouter(prefix="/v1/messages", tags=["messages"])

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


@router.post(
    "",
    status_code=201,
    responses={200: {"model": ReceivedOut, "description": "Received before"}, **responses(400, 409, 413, 422, 503)},
)
async def receive(body: MessageIn, parts: Parts, sender: Sender, response: Response, key: Key = None) -> ReceivedOut:
    """Receive a message: stored, decided and queued before the answer. The same message again answers 200."""
    digest = hashlib.sha256(body.model_dump_json().encode()).hexdigest()
    crashpoint("http_before_receive")
    told = await parts.receiving.receive(body.to_domain(), key=key, body_sha256=digest)
    response.status_code = 201 if told.received.new else 200
    if told.received.new and not told.received.again:
        parts.metrics.taken(told.decided.decision)
    crashpoint("http_before_answer")
    out = ReceivedOut(id=told.received.message_id, decision=told.decided.decision, item=told.decided.item)
    return out.model_copy(update=_WITHHELD) if told.decided.hidden and _decides(sender) else out


@router.get("/{message_id:path}", responses=responses(404, 422))
def read(message_id: Annotated[str, Path(max_length=200)], parts: Parts, reader: Reader) -> MessageOut:
    """A message with its decision and history."""
    found, hidden = _read(parts, message_id)
    viewed(parts, reader.name, f"message:{message_id}")
    return found.model_copy(update=_WITHHELD) if hidden else found


def _decides(sender: Caller) -> bool:
    """Whether who sends a message may decide about it too. While nobody is known it is software on this machine."""
    return sender is not NOBODY_YET and Permission.DECIDE in sender.may


def _read(parts: Context, message_id: str) -> tuple[MessageOut, bool]:
    """A message, and whether what heard thinks of it is kept from officers now."""
    with parts.database.reading() as connection:
        about = decided(connection, [message_id], parts.today()).get(message_id)
        message = store.message_row(connection, message_id)
        events = store.event_rows(connection, message_id)
        done = items.history_of_message(connection, message_id)
    if message is None or about is None:
        raise HTTPException(404, "There is no message with this id.")
    found = MessageOut(
        **{name: message[name] for name in _PLAIN},
        decision=about.decision,
        item=about.item,
        events=[EventOut(**{name: row[name] for name in EventOut.model_fields}) for row in events]
        + [EventOut.from_item_event(event) for event in done],
    )
    return found, about.hidden
