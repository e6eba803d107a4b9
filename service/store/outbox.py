"""The events on their way to webhook targets. Every function works on a connection it is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, exists, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from service.store import webhooks
from service.store.outbox_tables import OutboxStatus, outbox, webhook
from service.store.tables import message
from service.webhooks import Happening


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """An event for one target. `tries` counts this try too, and tells a late sender that its lease was lost."""

    id: int
    webhook_id: int
    event_id: str
    kind: Happening
    message_id: str
    at: datetime
    data: str
    due_at: datetime
    tries: int
    failure: str = ""


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many events of one target stand where."""

    waiting: int
    sent: int
    dead: int


def counts(connection: Connection) -> dict[int, Counts]:
    """How many events stand where, by target."""
    query = select(outbox.c.webhook_id, outbox.c.status, func.count()).group_by(outbox.c.webhook_id, outbox.c.status)
    found: dict[int, dict[str, int]] = {}
    for webhook_id, status, count in connection.execute(query):
        found.setdefault(webhook_id, {})[status] = count
    return {
        name: Counts(waiting=by.get("waiting", 0), sent=by.get("sent", 0), dead=by.get("dead", 0))
        for name, by in found.items()
    }


def wanting(connection: Connection, kind: Happening) -> list[int]:
    """The targets that asked for such an event and are not disabled."""
    query = select(webhook.c.id, webhook.c.events).where(webhook.c.disabled_at.is_(None)).order_by(webhook.c.id)
    return [webhook_id for webhook_id, events in connection.execute(query) if kind.value in events]


def add(connection: Connection, webhook_ids: Sequence[int], event: Parcel, item_event_id: int | None = None) -> None:
    """Have an event sent to these targets."""
    row = {
        "event_id": event.event_id,
        "kind": event.kind.value,
        "message_id": event.message_id,
        "item_event_id": item_event_id,
        "at": event.at,
        "data": event.data,
        "status": OutboxStatus.WAITING.value,
        "due_at": event.due_at,
    }
    connection.execute(insert(outbox), [{**row, "webhook_id": webhook_id} for webhook_id in webhook_ids])


def is_there(connection: Connection, event_id: str) -> bool:
    """Whether an event with this id was written before."""
    return connection.scalar(select(outbox.c.id).where(outbox.c.event_id == event_id).limit(1)) is not None


def take_back(connection: Connection, item_event_id: int, now: datetime) -> list[int]:
    """Cancel what was not sent of an event; answers the targets that it went to, or may have gone to."""
    unsent = and_(outbox.c.status == OutboxStatus.WAITING.value, outbox.c.tries == 0)
    cancelled = update(outbox).where(outbox.c.item_event_id == item_event_id, unsent)
    connection.execute(cancelled.values(status=OutboxStatus.CANCELLED.value, settled_at=now))
    told = select(outbox.c.webhook_id).where(
        outbox.c.item_event_id == item_event_id, outbox.c.status != OutboxStatus.CANCELLED.value
    )
    return list(connection.scalars(told.order_by(outbox.c.webhook_id)))


def due_targets(connection: Connection, now: datetime) -> list[int]:
    """The targets for which there may be something to send now."""
    waits = exists().where(outbox.c.webhook_id == webhook.c.id, _is_due(now))
    return list(connection.scalars(select(webhook.c.id).where(webhooks.is_open(now), waits).order_by(webhook.c.id)))


def claim(connection: Connection, webhook_id: int, now: datetime, until: datetime) -> Parcel | None:
    """Hold the next event of a target, in one statement; None where there is none.

    An event waits until those before it about the same message are settled, so that each case is told in order.
    Nobody else gets it until the lease ends.
    """
    earlier = aliased(outbox)
    in_front = exists().where(
        earlier.c.webhook_id == webhook_id,
        earlier.c.message_id == outbox.c.message_id,
        earlier.c.status == OutboxStatus.WAITING.value,
        earlier.c.id < outbox.c.id,
    )
    is_open = exists().where(webhook.c.id == webhook_id, webhooks.is_open(now))
    first = (
        select(outbox.c.id)
        .where(outbox.c.webhook_id == webhook_id, _is_due(now), ~in_front, is_open)
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    query = (
        update(outbox)
        .where(outbox.c.id == first.scalar_subquery())
        .values(tries=outbox.c.tries + 1, leased_until=until)
        .returning(*outbox.c)
    )
    row = connection.execute(query).mappings().first()
    return _parcel(row) if row else None


def sent(connection: Connection, parcel: Parcel, now: datetime) -> bool:
    """The target took it; False where the lease was lost meanwhile."""
    values = {"status": OutboxStatus.SENT.value, "settled_at": now, "failure": ""}
    if not _settle(connection, parcel, values):
        return False
    webhooks.succeeded(connection, parcel.webhook_id)
    return True


def put_off(connection: Connection, parcel: Parcel, due_at: datetime, failure: str) -> bool:
    """Try again then; False where the lease was lost meanwhile."""
    return _settle(connection, parcel, {"due_at": due_at, "failure": failure})


def give_up(connection: Connection, parcel: Parcel, now: datetime, failure: str) -> bool:
    """That was the last try; False where the lease was lost meanwhile."""
    return _settle(connection, parcel, {"status": OutboxStatus.DEAD.value, "settled_at": now, "failure": failure})


def dead(connection: Connection) -> list[Parcel]:
    """What was given up, oldest first."""
    query = select(outbox).where(outbox.c.status == OutboxStatus.DEAD.value).order_by(outbox.c.id)
    return [_parcel(row) for row in connection.execute(query).mappings()]


def replay(connection: Connection, numbers: Sequence[int] | None, now: datetime) -> int:
    """Try dead events again from the first try, under their old ids; all where none is named. Answers how many."""
    query = update(outbox).where(outbox.c.status == OutboxStatus.DEAD.value)
    if numbers is not None:
        query = query.where(outbox.c.id.in_(numbers))
    again = {"status": OutboxStatus.WAITING.value, "tries": 0, "due_at": now, "settled_at": None, "leased_until": None}
    return connection.execute(query.values(again)).rowcount


def words(connection: Connection, message_id: str) -> dict[str, str]:
    """What a resident wrote, for a target that asked for it; nothing where it is erased."""
    query = select(message.c.subject, message.c.text).where(message.c.id == message_id)
    row = connection.execute(query).mappings().first()
    return dict(row) if row else {}


def _settle(connection: Connection, parcel: Parcel, values: dict[str, object]) -> bool:
    mine = and_(outbox.c.id == parcel.id, outbox.c.tries == parcel.tries, outbox.c.status == OutboxStatus.WAITING.value)
    return connection.execute(update(outbox).where(mine).values(leased_until=None, **values)).rowcount == 1


def _is_due(now: datetime) -> ColumnElement[bool]:
    return and_(
        outbox.c.status == OutboxStatus.WAITING.value,
        outbox.c.due_at <= now,
        or_(outbox.c.leased_until.is_(None), outbox.c.leased_until <= now),
    )


def _parcel(row: RowMapping) -> Parcel:
    values = {name: row[name] for name in Parcel.__dataclass_fields__}
    return Parcel(**values | {"kind": Happening(row["kind"])})
