"""Officers' work in numbers, for the insight page: how long it took, and how often they found otherwise."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Subquery, and_, case, func, select
from sqlalchemy.orm import aliased

from pipeline.domain import Label, Route
from service.queue import REVIEWED, ItemEventKind, QueueStatus
from service.roles import Role
from service.store.elapsed import SecondsBetween
from service.store.people_tables import officer
from service.store.review_tables import item_event, review
from service.store.samples import Period, within
from service.store.tables import decision, queue_item

BANDS = (0.1, 0.35, 0.65, 0.9)
"""Where the bands of the complaint probability end: those of the words officers read."""
_DECIDES = (*REVIEWED.values(), ItemEventKind.OFFERED)


class Way(StrEnum):
    """Why an officer had a message."""

    STAGE_1 = "stage_1"
    REVIEW = "review"
    SIGNPOST = "signpost"
    BLIND = "blind"


@dataclass(frozen=True, kw_only=True)
class Times:
    """Items that came one way and are decided: within how many seconds of receipt half were, and nine tenths."""

    way: Way
    decided: int
    half: float
    most: float


@dataclass(frozen=True, kw_only=True)
class Effort:
    """Verdicts, those of them whose working time was noted (from opening to deciding), and its sum in seconds."""

    way: Way
    verdicts: int
    timed: int
    seconds: int


@dataclass(frozen=True, kw_only=True)
class Verdicts:
    """Last standing verdicts of one reader, blind ones apart, on messages of one band of the complaint probability.

    `role` is None where no officer of that name exists: a system with a key, or from before there were officers.
    `reader` is only there so that people can be counted; it is never shown.
    """

    band: int
    role: Role | None
    reader: str
    verdicts: int
    overturned: int


def times(connection: Connection, period: Period) -> list[Times]:
    """By way, for messages decided by heard in the period."""
    first = _first_decisions(period)
    ranked = select(
        first.c.way,
        first.c.seconds,
        func.row_number().over(partition_by=first.c.way, order_by=first.c.seconds).label("place"),
        func.count().over(partition_by=first.c.way).label("of"),
    ).subquery()
    reached = [func.min(case((ranked.c.place * 10 >= ranked.c.of * tenths, ranked.c.seconds))) for tenths in (5, 9)]
    query = select(ranked.c.way, func.max(ranked.c.of), *reached).group_by(ranked.c.way)
    return [
        Times(way=Way(way), decided=decided, half=half, most=most)
        for way, decided, half, most in connection.execute(query)
    ]


def _first_decisions(period: Period) -> Subquery:
    made = (
        select(item_event.c.item_id, func.min(item_event.c.at).label("at"))
        .join(queue_item, queue_item.c.id == item_event.c.item_id)
        .join(decision, decision.c.message_id == queue_item.c.message_id)
        .where(within(period), item_event.c.kind.in_([kind.value for kind in _DECIDES]), _stands(item_event))
        .group_by(item_event.c.item_id)
        .subquery()
    )
    elapsed = SecondsBetween(queue_item.c.received_at, made.c.at)
    return (
        select(_way().label("way"), elapsed.label("seconds"))
        .select_from(made)
        .join(queue_item, queue_item.c.id == made.c.item_id)
        .join(decision, decision.c.message_id == queue_item.c.message_id)
        .subquery()
    )


def efforts(connection: Connection, period: Period) -> list[Effort]:
    """By way, every verdict that was not undone: an item reopened and decided again was read twice."""
    way = _way().label("way")
    query = (
        select(way, func.count(), func.count(review.c.seconds), func.coalesce(func.sum(review.c.seconds), 0))
        .select_from(review)
        .join(item_event, item_event.c.id == review.c.event_id)
        .join(queue_item, queue_item.c.id == item_event.c.item_id)
        .join(decision, decision.c.message_id == queue_item.c.message_id)
        .where(within(period), _stands(item_event))
        .group_by(way)
    )
    return [
        Effort(way=Way(name), verdicts=verdicts, timed=timed, seconds=int(seconds))
        for name, verdicts, timed, seconds in connection.execute(query)
    ]


def verdicts(connection: Connection, period: Period) -> list[Verdicts]:
    """By band and reader: a few hundred rows at most."""
    last = _last_verdicts(period)
    band = case(*((decision.c.complaint < end, place) for place, end in enumerate(BANDS)), else_=len(BANDS))
    groups = (band.label("band"), officer.c.role, item_event.c.actor)
    flipped = (review.c.verdict == Label.COMPLAINT.value) != (decision.c.label == Label.COMPLAINT.value)
    query: Select[Any] = (
        select(*groups, func.count(), func.sum(case((flipped, 1), else_=0)))
        .select_from(last)
        .join(item_event, item_event.c.id == last.c.event_id)
        .join(review, review.c.event_id == last.c.event_id)
        .join(decision, decision.c.message_id == last.c.message_id)
        .outerjoin(officer, officer.c.name == item_event.c.actor)
        .group_by("band", officer.c.role, item_event.c.actor)
    )
    return [
        Verdicts(band=place, role=Role(role) if role else None, reader=reader, verdicts=count, overturned=turned)
        for place, role, reader, count, turned in connection.execute(query)
    ]


def _last_verdicts(period: Period) -> Subquery:
    """As `samples.verdicts` has them, blind ones apart."""
    return (
        select(queue_item.c.message_id, func.max(item_event.c.id).label("event_id"))
        .select_from(review)
        .join(item_event, item_event.c.id == review.c.event_id)
        .join(queue_item, queue_item.c.id == item_event.c.item_id)
        .join(decision, decision.c.message_id == queue_item.c.message_id)
        .where(within(period), _stands(item_event))
        .where(decision.c.blind.is_(False), queue_item.c.status != QueueStatus.NEW.value)
        .group_by(queue_item.c.message_id)
        .subquery()
    )


def _stands(event: Any) -> ColumnElement[bool]:
    undoing = aliased(item_event)
    return ~select(undoing.c.id).where(undoing.c.undoes == event.c.id).exists()


def _way() -> ColumnElement[str]:
    routes = (Route.STAGE_1, Route.SIGNPOST)
    named = ((and_(decision.c.blind.is_(False), decision.c.route == route.value), route.value) for route in routes)
    return case((decision.c.blind.is_(True), Way.BLIND.value), *named, else_=Way.REVIEW.value)
