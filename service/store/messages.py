"""What is written when a message comes in, and read back later. Every function works on a connection it is given."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Table, delete, insert, select

from pipeline.domain import Decision, Message
from service.deadlines import Deadlines
from service.deliveries import Delivery
from service.queue import EventKind, QueueName, QueueStatus
from service.said_so import said_so
from service.sampling import Sample, place_of
from service.store.contacts import Earlier
from service.store.tables import arrival, decision, event, idempotency, message, quarantine, queue_item

KEY_KEPT = timedelta(days=7)
"""How long an idempotency key is remembered."""


@dataclass(frozen=True, kw_only=True)
class KeyUse:
    """What an idempotency key was used for; `new` where it was answered that the message was."""

    body_sha256: str
    message_id: str
    new: bool


def content_sha256(received: Message) -> str:
    """What makes a message with a known id the same message: its words, subject, sender and channel."""
    parts = (received.channel.value, received.subject, received.sender, received.text)
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def known_content(connection: Connection, message_id: str) -> str | None:
    """The content hash kept under an id, or None."""
    return connection.scalar(select(message.c.content_sha256).where(message.c.id == message_id))


def known_contents(connection: Connection, ids: Sequence[str]) -> dict[str, str]:
    """The content hashes kept under ids, by id."""
    query = select(message.c.id, message.c.content_sha256).where(message.c.id.in_(ids))
    return {str(name): str(content) for name, content in connection.execute(query)}


def raw_sha256(received: Message) -> str | None:
    """The hash of a message's bytes as they came."""
    return hashlib.sha256(received.raw).hexdigest() if received.raw else None


def same_bytes(connection: Connection, raw_sha256: str) -> list[tuple[str, Delivery]]:
    """The messages that came with these very bytes: the id of each, and how it came."""
    columns = (message.c.id, message.c.source, message.c.place, message.c.raw_sha256)
    rows = connection.execute(select(*columns).where(message.c.raw_sha256 == raw_sha256).order_by(message.c.id))
    return [(str(row.id), Delivery(source=row.source, place=row.place, raw_sha256=row.raw_sha256)) for row in rows]


def delivery(connection: Connection, message_id: str) -> Delivery | None:
    """How the message kept under an id came, or None."""
    columns = (message.c.source, message.c.place, message.c.raw_sha256)
    row = connection.execute(select(*columns).where(message.c.id == message_id)).mappings().first()
    return Delivery(**row) if row else None


def insert_all(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows of one table, all with the same columns, in one statement."""
    if rows:
        connection.execute(insert(table), [dict(row) for row in rows])


def message_values(received: Message, source: str, received_at: datetime, before: Earlier) -> dict[str, Any]:
    """The row of a message with its raw bytes and what was there before it."""
    return {
        "id": received.id,
        "content_sha256": content_sha256(received),
        "channel": received.channel.value,
        "subject": _storable(received.subject),
        "text": _storable(received.text),
        "sender": _storable(received.sender),
        "source": source,
        "place": _storable(received.source or ""),
        "case_reference": _storable(received.case_reference),
        "property_reference": _storable(received.property_reference),
        "received_at": received_at,
        "prior_contacts": received.prior_contacts,
        "prior_ids": list(before.prior),
        "repeat_of": before.repeat_of,
        "raw": received.raw or None,
        "raw_sha256": raw_sha256(received),
    }


def add_arrival(connection: Connection, source: str, at: datetime, outcome: str, message_id: str | None) -> int:
    """Count something that came in; answers the arrival's number."""
    row = insert(arrival).values(**arrival_values(source, at, outcome, message_id))
    return int(connection.execute(row.returning(arrival.c.id)).scalar_one())


def arrival_values(source: str, at: datetime, outcome: str, message_id: str | None) -> dict[str, Any]:
    """The row of something that came in."""
    day = at.astimezone(UTC).date()
    return {"source": source, "arrived_at": at, "day": day, "outcome": outcome, "message_id": message_id}


def add_quarantine(connection: Connection, arrival_id: int, reason: str, place: str, raw: bytes) -> None:
    """Keep what could not be taken, with the reason, for a person."""
    row = insert(quarantine).values(
        arrival_id=arrival_id, reason=reason, place=place, raw=raw, raw_sha256=hashlib.sha256(raw).hexdigest()
    )
    connection.execute(row)


def is_quarantined(connection: Connection, source: str, place: str, reason: str, raw: bytes) -> bool:
    """Whether this very thing was set aside before, settled or not. A reason may have changed; bytes do not."""
    same = [quarantine.c.place == place, quarantine.c.raw_sha256 == hashlib.sha256(raw).hexdigest()]
    if not raw:
        same.append(quarantine.c.reason == reason)
    query = select(quarantine.c.arrival_id).join(arrival).where(arrival.c.source == source, *same)
    return connection.scalar(query.limit(1)) is not None


def decision_values(made: Decision, at: datetime, sample: Sample | None = None) -> dict[str, Any]:
    """The row of a decision: everything that explains it, and of what was filed whether it was drawn."""
    return {
        "message_id": made.message_id,
        "decided_at": at,
        "channel": made.channel.value,
        "said_so": said_so(made),
        "label": made.label.value,
        "route": made.route.value,
        "complaint": made.prediction.complaint,
        "service_request": made.prediction.service_request,
        "other": made.prediction.other,
        "topic": made.prediction.topic,
        "reasons": list(made.reasons),
        "cues": [
            {
                "kind": cue.kind.value,
                "text": cue.text,
                "start": cue.start,
                "end": cue.end,
                "provision": made.provisions[cue.kind],
            }
            for cue in made.cues
        ],
        "words": [vars(influence) for influence in made.words],
        "flags": [flag.value for flag in made.flags],
        "category_hos": made.category.hos,
        "category_lgsco": made.category.lgsco,
        "jurisdiction": made.jurisdiction.value,
        "profile": made.profile,
        "profile_version": made.profile_version,
        "model_version": made.model_version,
        "model_sha256": made.model_sha256,
        "thresholds": vars(made.thresholds),
        "sample_share": sample.share if sample else None,
        "blind": bool(sample and sample.drawn),
    }


def item_values(
    made: Decision, queue: QueueName, received_at: datetime, dates: Deadlines, *, blind: bool = False
) -> dict[str, Any]:
    """The row of an item; its clock runs from receipt. Of the `blind` sample the risk would tell, so it is drawn."""
    return {
        "message_id": made.message_id,
        "queue": queue.value,
        "status": QueueStatus.NEW.value,
        "received_at": received_at,
        "acknowledge_by": dates.acknowledge_by,
        "answer_by": dates.answer_by,
        "calendar": dates.calendar,
        "risk": place_of(made.message_id) if blind else made.prediction.complaint,
        "blind": blind,
    }


def add_event(
    connection: Connection, message_id: str, kind: EventKind, at: datetime, actor: str, *, detail: str = ""
) -> None:
    """One line of history; `detail` says why, where that is not plain."""
    insert_all(connection, event, [event_values(message_id, kind, at, actor, detail=detail)])


def event_values(message_id: str, kind: EventKind, at: datetime, actor: str, *, detail: str = "") -> dict[str, Any]:
    """The row of a line of history."""
    return {"message_id": message_id, "kind": kind.value, "at": at, "actor": actor, "detail": _storable(detail)}


def key_uses(connection: Connection, keys: Sequence[str], at: datetime) -> dict[str, KeyUse]:
    """What keys were used for in the last seven days, by key."""
    if not keys:
        return {}
    query = select(idempotency).where(idempotency.c.key.in_(keys), idempotency.c.used_at >= at - KEY_KEPT)
    rows = connection.execute(query).mappings()
    return {row["key"]: KeyUse(**{name: row[name] for name in KeyUse.__dataclass_fields__}) for row in rows}


def add_keys(connection: Connection, uses: Mapping[str, KeyUse], at: datetime) -> None:
    """Remember keys; forget the old ones."""
    if uses:
        connection.execute(delete(idempotency).where(idempotency.c.used_at < at - KEY_KEPT))
    insert_all(connection, idempotency, [{"key": key, "used_at": at, **vars(use)} for key, use in uses.items()])


def message_row(connection: Connection, message_id: str) -> RowMapping | None:
    """One message, without its raw bytes."""
    columns = [column for column in message.c if column.name != "raw"]
    return connection.execute(select(*columns).where(message.c.id == message_id)).mappings().first()


def decision_row(connection: Connection, message_id: str) -> RowMapping | None:
    """The decision about one message."""
    return decision_rows(connection, [message_id]).get(message_id)


def decision_rows(connection: Connection, message_ids: Sequence[str]) -> dict[str, RowMapping]:
    """The decisions about messages, by message id."""
    return _by_message(connection, decision, message_ids)


def item_row(connection: Connection, message_id: str) -> RowMapping | None:
    """The queue item of one message."""
    return item_rows(connection, [message_id]).get(message_id)


def item_rows(connection: Connection, message_ids: Sequence[str]) -> dict[str, RowMapping]:
    """The queue items of messages, by message id."""
    return _by_message(connection, queue_item, message_ids)


def _by_message(connection: Connection, table: Table, message_ids: Sequence[str]) -> dict[str, RowMapping]:
    query = select(table).where(table.c.message_id.in_(message_ids))
    return {row["message_id"]: row for row in connection.execute(query).mappings()}


def event_rows(connection: Connection, message_id: str) -> list[RowMapping]:
    """The history of one message, oldest first."""
    query = select(event).where(event.c.message_id == message_id).order_by(event.c.id)
    return list(connection.execute(query).mappings())


def _storable(text: str) -> Any:
    """PostgreSQL refuses NUL and both refuse lone surrogates; the raw bytes keep them."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
