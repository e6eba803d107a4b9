"""What must be true of the tables besides the count: each thing that came in is where it is said to be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, Subquery, and_, exists, func, not_, or_, select

from pipeline.domain import Route
from service.queue import DECIDED_LATER, EventKind, queue_for
from service.store.review_tables import item_event
from service.store.tables import arrival, decision, event, message, quarantine, queue_item

SHOWN = 5
"""How many of what breaks a relation are named."""

Query = Select[tuple[Any]]
_QUEUED = tuple(route.value for route in Route if queue_for(route) is not None)


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A relation that does not hold. `which` names the first few that break it, never their words."""

    relation: str
    count: int
    which: tuple[str, ...]


def broken(connection: Connection) -> list[Broken]:
    """Every relation that does not hold; an empty list is proof that nothing vanished or came twice."""
    found = []
    for relation, query in RELATIONS.items():
        offenders = query().subquery()
        count = connection.scalar(select(func.count()).select_from(offenders)) or 0
        if count:
            which = connection.scalars(select(offenders.c[0]).order_by(offenders.c[0]).limit(SHOWN))
            found.append(Broken(relation=relation, count=count, which=tuple(map(str, which))))
    return found


def _accepted_without_message() -> Query:
    gone = ~exists().where(message.c.id == arrival.c.message_id)
    return select(arrival.c.id).where(arrival.c.outcome == "accepted", gone)


def _accepted_without_decision() -> Query:
    undecided = ~exists().where(decision.c.message_id == arrival.c.message_id)
    return select(arrival.c.id).where(arrival.c.outcome == "accepted", undecided)


def _message_not_accepted_once() -> Query:
    accepted = and_(arrival.c.message_id == message.c.id, arrival.c.outcome == "accepted")
    return (
        select(message.c.id).outerjoin(arrival, accepted).group_by(message.c.id).having(func.count(arrival.c.id) != 1)
    )


def _message_without_decision() -> Query:
    return select(message.c.id).where(~exists().where(decision.c.message_id == message.c.id))


def _decision_without_item() -> Query:
    unqueued = ~exists().where(queue_item.c.message_id == decision.c.message_id)
    return select(decision.c.message_id).where(decision.c.route.in_(_QUEUED), unqueued)


def _item_without_decision() -> Query:
    return select(queue_item.c.id).where(~exists().where(decision.c.message_id == queue_item.c.message_id))


def _duplicate_without_original() -> Query:
    other = arrival.alias()
    original = exists().where(other.c.message_id == arrival.c.message_id, other.c.outcome == "accepted")
    return select(arrival.c.id).where(arrival.c.outcome == "duplicate", ~original)


def _set_aside_without_case() -> Query:
    waits = exists().where(quarantine.c.arrival_id == arrival.c.id, quarantine.c.settled_at.is_(None))
    return select(arrival.c.id).where(arrival.c.outcome == "quarantined", ~waits)


def _case_without_arrival() -> Query:
    """One that waits has a quarantined arrival; a settled one has an arrival that became a message."""
    waits, set_aside = quarantine.c.settled_at.is_(None), arrival.c.outcome == "quarantined"
    agrees = or_(and_(waits, set_aside), and_(not_(waits), not_(set_aside)))
    fitting = exists().where(arrival.c.id == quarantine.c.arrival_id, agrees)
    return select(quarantine.c.arrival_id).where(~fitting)


def _message_without_history() -> Query:
    """Received and decided once; decided once more where an item that waited for the model was (`heard decide`)."""
    kinds = (EventKind.RECEIVED.value, EventKind.DECIDED.value)
    told = and_(event.c.message_id == message.c.id, event.c.kind.in_(kinds))
    later = _decided_later()
    expected = 2 + func.coalesce(func.max(later.c.times), 0)
    rows = select(message.c.id).outerjoin(event, told).outerjoin(later, later.c.message_id == message.c.id)
    return rows.group_by(message.c.id).having(func.count(event.c.id) != expected)


def _decided_later() -> Subquery:
    kinds = {kind.value for kind in DECIDED_LATER.values()}
    rows = (
        select(queue_item.c.message_id, func.count().label("times"))
        .join(item_event)
        .where(item_event.c.kind.in_(kinds))
    )
    return rows.group_by(queue_item.c.message_id).subquery()


RELATIONS: dict[str, Callable[[], Query]] = {
    "each accepted arrival has its message": _accepted_without_message,
    "each accepted arrival has a decision": _accepted_without_decision,
    "each message was accepted exactly once": _message_not_accepted_once,
    "each message has a decision": _message_without_decision,
    "each decision that an officer must see has an item": _decision_without_item,
    "each item has a decision": _item_without_decision,
    "each duplicate has an original": _duplicate_without_original,
    "each arrival set aside has a case that waits": _set_aside_without_case,
    "each case has an arrival of its kind": _case_without_arrival,
    "each message was received and decided once": _message_without_history,
}
"""What `heard reconcile` checks, in words, and the query for what breaks it."""
