"""Where a person is found, and how what others wrote about them loses the address.

These look through whole tables: a person is erased seldom, and nothing may be missed for want of an index.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote, quote_plus

from sqlalchemy import Column, Connection, String, Table, and_, cast, delete, func, literal, or_, select, update

from service.contacts import sender_of
from service.periods import Removal
from service.privacy import Kept
from service.store.desk_tables import saved_view
from service.store.retention import kept
from service.store.retention_tables import tombstone
from service.store.review_tables import action_key, item_event, offer, request, review, second_reading
from service.store.tables import arrival, event, message, quarantine, queue_item
from service.store.wiping import overwrite

REMOVED = "[removed]"
"""What stands for an address in what officers wrote."""
_READ_AT_ONCE = 1_000
_BYTES_AT_ONCE = 20
_IDS_AT_ONCE = 500
NOTES: tuple[tuple[Table, Column[Any], str], ...] = (
    (event, event.c.id, "detail"),
    (item_event, item_event.c.id, "reason"),
    (review, review.c.event_id, "reason"),
    (review, review.c.event_id, "note"),
    (second_reading, second_reading.c.event_id, "note"),
    (offer, offer.c.event_id, "wording"),
    (request, request.c.id, "asks_for"),
    (quarantine, quarantine.c.arrival_id, "reason"),
)
"""Where officers write in their own words."""


def messages_of(connection: Connection, address: str, until: datetime | None = None) -> list[Kept]:
    """The messages from an address that still have words, received up to `until`."""
    query = (
        _with_cases()
        .outerjoin(tombstone, tombstone.c.message_id == message.c.id)
        .where(message.c.sender != "", tombstone.c.message_id.is_(None))
        .order_by(message.c.id)
    )
    if until is not None:
        query = query.where(message.c.received_at <= until)
    rows = connection.execute(query.execution_options(yield_per=_READ_AT_ONCE))
    names = [row.id for row in rows if address in _folded(row.sender) and sender_of(row.sender) == address]
    return messages_named(connection, names)


def messages_named(connection: Connection, ids: Iterable[str]) -> list[Kept]:
    """These messages, where they are there and still have words."""
    found: list[Kept] = []
    for some in _in_parts(sorted(ids)):
        gone = select(tombstone.c.message_id).where(tombstone.c.message_id.in_(some))
        found += kept(connection, _with_cases().where(message.c.id.in_(some), message.c.id.not_in(gone)))
    return found


def open_items(connection: Connection, ids: Iterable[str]) -> list[int]:
    """Items of these messages with something left to do."""
    found: list[int] = []
    for some in _in_parts(list(ids)):
        query = select(queue_item.c.id).where(queue_item.c.message_id.in_(some), queue_item.c.closed_at.is_(None))
        found += connection.scalars(query)
    return sorted(found)


def mentions(connection: Connection, address: str, besides: set[str]) -> list[str]:
    """Messages of others in whose words, as read or as received, the address occurs."""
    wanted = f"%{_escaped(address)}%"
    words = or_(*(func.lower(message.c[name]).like(wanted, escape="\\") for name in ("text", "subject", "sender")))
    found = set(connection.scalars(select(message.c.id).where(words)))
    raws = select(message.c.id, message.c.raw).where(message.c.raw.is_not(None))
    for row in connection.execute(raws.execution_options(yield_per=_BYTES_AT_ONCE)):
        if holds(row.raw, address):
            found.add(row.id)
    return sorted(found - besides)


def cases_with(connection: Connection, address: str, until: datetime | None = None) -> list[int]:
    """What was set aside that holds the address, in its bytes or in what is said about it."""
    query = select(quarantine).join(arrival).where(quarantine.c.place != "").order_by(quarantine.c.arrival_id)
    if until is not None:
        query = query.where(arrival.c.arrived_at <= until)
    rows = connection.execute(query.execution_options(yield_per=_BYTES_AT_ONCE))
    return [row.arrival_id for row in rows if holds(row.raw, address) or address in _folded(row.place + row.reason)]


def holds(data: bytes, address: str) -> bool:
    """Whether bytes hold an address: as UTF-8, as JSON writes it, or in UTF-16 as Outlook does."""
    lower = bytes(data).lower()
    forms = (address.encode(), json.dumps(address)[1:-1].encode(), address.encode("utf-16-le"))
    return any(form in lower for form in forms)


def clean_notes(connection: Connection, address: str) -> int:
    """Take an address out of what officers wrote, anywhere; answers how many notes had it."""
    overwrite(connection)
    return sum(_clean(connection, table, key, table.c[name], address) for table, key, name in NOTES)


def forget_views(connection: Connection, address: str) -> None:
    """Officers' saved views that look for an address."""
    forms = (address, quote(address, safe=""), quote_plus(address))
    wanted = (func.lower(saved_view.c.query).like(f"%{_escaped(form.lower())}%", escape="\\") for form in forms)
    connection.execute(delete(saved_view).where(or_(*wanted)))


def forget_answers(connection: Connection, ids: Iterable[str]) -> None:
    """Answers kept with officers' idempotency keys, which hold an item's case reference."""
    for name in ids:
        wanted = f"%{_escaped(json.dumps(name, ensure_ascii=False))}%"
        connection.execute(delete(action_key).where(action_key.c.answer.like(wanted, escape="\\")))


def unlink(connection: Connection, ids: set[str]) -> None:
    """Take erased messages out of the history that other messages were decided with."""
    for some in _in_parts(sorted(ids)):
        query = update(message).where(message.c.repeat_of.in_(some))
        connection.execute(query.values(repeat_of=None))
    earlier = select(message.c.id, message.c.prior_ids).where(cast(message.c.prior_ids, String) != "[]")
    rows = connection.execute(earlier.execution_options(yield_per=_READ_AT_ONCE))
    linked = {row.id: row.prior_ids for row in rows if not ids.isdisjoint(row.prior_ids)}
    for name, prior in linked.items():
        left = [one for one in prior if one not in ids]
        connection.execute(update(message).where(message.c.id == name).values(prior_ids=left))


def _with_cases() -> Any:
    return (
        select(
            message.c.id,
            message.c.sender,
            message.c.case_reference,
            queue_item.c.case_reference.label("item_case"),
            literal(Removal.ERASURE.value).label("why"),
        )
        .select_from(message)
        .outerjoin(queue_item, queue_item.c.message_id == message.c.id)
    )


def _clean(connection: Connection, table: Table, key: Column[Any], note: Column[Any], address: str) -> int:
    wanted = func.lower(note).like(f"%{_escaped(address)}%", escape="\\")
    found = connection.execute(select(key, note).where(and_(note != "", wanted))).all()
    for number, words in found:
        connection.execute(update(table).where(key == number).values({note.name: without(words, address)}))
    return len(found)


def without(words: str, address: str) -> str:
    """`words` with the address taken out, whatever its case."""
    lower = words.lower()
    if len(lower) != len(words):  # a letter whose small form is longer: places do not agree
        return REMOVED
    parts, start = [], 0
    while (at := lower.find(address, start)) >= 0:
        parts += [words[start:at], REMOVED]
        start = at + len(address)
    return "".join([*parts, words[start:]])


def _folded(value: str) -> str:
    return " ".join(value.split()).casefold()


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _in_parts(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _IDS_AT_ONCE):
        yield values[start : start + _IDS_AT_ONCE]
