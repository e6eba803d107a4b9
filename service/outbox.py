"""What case systems are told, written in the transaction of what happened (P21): both are there, or neither.

Nothing is written for an event that no target asked for. Ids, dates and the decision go out; a resident's words only
where a target asked for them, and those are read when it is sent, so that what was erased meanwhile stays here.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from pipeline.domain import Decision
from service.audit_chain import Head
from service.queue import UNDOABLE, ItemEventKind, QueueItem
from service.sampling import WITHHELD
from service.store import items, messages
from service.store import outbox as store
from service.store.outbox import Parcel
from service.webhooks import Happening

_TOLD = {kind: Happening(f"item.{kind}") for kind in ItemEventKind if f"item.{kind}" in set(Happening)}
"""Claims are the officers' own affair."""


@dataclass(frozen=True, kw_only=True)
class Outbox:
    """What an officer can take back waits for `undo_within`, and is not sent where it was taken back."""

    undo_within: timedelta = timedelta(minutes=10)

    def all_decided(self, connection: Connection, decisions: Sequence[Decision], at: datetime) -> None:
        """As `decided`, for messages that came in together."""
        if store.wanting(connection, Happening.DECIDED):
            for made in decisions:
                self.decided(connection, made, at)

    def decided(self, connection: Connection, made: Decision, at: datetime) -> None:
        """A message came in, was decided and is in its queue."""
        wanting = store.wanting(connection, Happening.DECIDED)
        if wanting:
            row = messages.item_row(connection, made.message_id)
            item = items.item_of(row) if row else None
            hidden = item is not None and item.is_hidden
            shown = {"decision": None, "withheld": WITHHELD} if hidden else {"decision": _decision(made)}
            data = {**shown, "item": _item(item) if item else None}
            store.add(connection, wanting, _parcel(Happening.DECIDED, made.message_id, data, at=at))

    def moved(
        self,
        connection: Connection,
        kind: ItemEventKind,
        item: QueueItem,
        *,
        event_id: int,
        undoes: int | None,
        now: datetime,
    ) -> None:
        """An officer did something with an item, which is now as given."""
        happening = _TOLD.get(kind)
        if happening is None:
            return
        wanting = store.wanting(connection, happening)
        if undoes is not None:
            told = set(store.take_back(connection, undoes, now))
            wanting = [webhook_id for webhook_id in wanting if webhook_id in told]
        if wanting:
            due_at = now + self.undo_within if kind in UNDOABLE else now
            data = {"item": _item(item), "step": {"id": event_id, "undoes": undoes}}
            store.add(connection, wanting, _parcel(happening, item.message_id, data, at=now, due_at=due_at), event_id)


def publish_head(connection: Connection, head: Head, at: datetime) -> None:
    """Send the head of the audit record to the targets that asked for it, once a UTC day."""
    event_id = f"head-{at.astimezone(UTC):%Y-%m-%d}"
    wanting = store.wanting(connection, Happening.HEAD)
    if wanting and not store.is_there(connection, event_id):
        parcel = _parcel(Happening.HEAD, "", {"seq": head.seq, "hash": head.hash}, at=at, event_id=event_id)
        store.add(connection, wanting, parcel)


def body_of(parcel: Parcel, words: dict[str, str]) -> bytes:
    """What is sent: the same bytes at each try, unless the message was erased meanwhile."""
    data = {**json.loads(parcel.data), **words}
    if parcel.message_id:
        data = {"message_id": parcel.message_id, **data}
    return _json({"type": parcel.kind.value, "timestamp": parcel.at.isoformat(), "data": data}).encode()


def _parcel(
    kind: Happening,
    message_id: str,
    data: dict[str, Any],
    *,
    at: datetime,
    due_at: datetime | None = None,
    event_id: str | None = None,
) -> Parcel:
    return Parcel(
        id=0,
        webhook_id=0,
        event_id=event_id or f"msg_{secrets.token_hex(12)}",
        kind=kind,
        message_id=message_id,
        at=at,
        data=_json(data),
        due_at=due_at or at,
        tries=0,
    )


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


def _decision(made: Decision) -> dict[str, Any]:
    return {
        "label": made.label.value,
        "route": made.route.value,
        "probabilities": {
            "complaint": made.prediction.complaint,
            "service_request": made.prediction.service_request,
            "other": made.prediction.other,
        },
        "flags": [flag.value for flag in made.flags],
        "category": {"hos": made.category.hos, "lgsco": made.category.lgsco},
        "channel": made.channel.value,
        "model_version": made.model_version,
        "profile": made.profile,
    }


def _item(item: QueueItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "queue": item.queue.value,
        "status": item.status.value,
        "version": item.version,
        "received_at": item.received_at.isoformat(),
        "acknowledge_by": item.acknowledge_by.isoformat(),
        "answer_by": item.answer_by.isoformat(),
        "acknowledged_on": item.acknowledged_on and item.acknowledged_on.isoformat(),
        "case_reference": item.case_reference,
    }
