"""What the pages read besides one item: the ledger of offers, and the messages a resident sent before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, RowMapping, Select, and_, case, func, select
from sqlalchemy.orm import aliased

from service.queue import ItemEventKind, QueueStatus
from service.store.review_tables import item_event, offer
from service.store.tables import decision, message, queue_item
from service.store.wording_tables import wording_version

_ANSWERS = (ItemEventKind.OFFER_ACCEPTED, ItemEventKind.OFFER_DECLINED)
_ENDS = tuple(kind.value for kind in (*_ANSWERS, ItemEventKind.REOPENED))
_EXCERPT = 400


@dataclass(frozen=True, kw_only=True)
class OfferMade:
    """One line of the ledger: HOS 1.3 and 1.6 ask that the choice is given, so it is shown that it was."""

    event_id: int
    item_id: int
    made_at: datetime
    made_by: str
    wording_id: str
    wording: str
    name: str
    version: int | None
    undone: bool
    answer: ItemEventKind | None
    answered_at: datetime | None
    status: QueueStatus


@dataclass(frozen=True, kw_only=True)
class Totals:
    """What became of the offers made in one version of a wording, or in an officer's own words."""

    name: str
    version: int | None
    made: int
    accepted: int
    declined: int
    undone: int

    @property
    def open(self) -> int:
        """Without an answer, and not taken back."""
        return self.made - self.accepted - self.declined - self.undone


def offers(connection: Connection, *, before: int | None, limit: int) -> list[OfferMade]:
    """Offers, the latest first, `before` an event's id."""
    made, query = _offers()
    query = query.order_by(made.c.id.desc()).limit(limit)
    rows = connection.execute(query if before is None else query.where(made.c.id < before)).mappings()
    return [_offer(row) for row in rows]


def totals(connection: Connection) -> list[Totals]:
    """All offers that are kept, by the wording they were made in."""
    all_of_them = _offers()[1].subquery()
    undone, kind = all_of_them.c.undone, all_of_them.c.kind

    def count(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.sum(case((condition, 1), else_=0))

    query = (
        select(
            func.coalesce(all_of_them.c.name, all_of_them.c.wording_id).label("name"),
            all_of_them.c.version,
            func.count().label("made"),
            count(and_(~undone, kind == ItemEventKind.OFFER_ACCEPTED.value)).label("accepted"),
            count(and_(~undone, kind == ItemEventKind.OFFER_DECLINED.value)).label("declined"),
            count(undone).label("undone"),
        )
        .group_by(func.coalesce(all_of_them.c.name, all_of_them.c.wording_id), all_of_them.c.version)
        .order_by(func.count().desc(), func.coalesce(all_of_them.c.name, all_of_them.c.wording_id))
    )
    return [Totals(**row) for row in connection.execute(query).mappings()]


def _offers() -> tuple[FromClause, Select[Any]]:
    """Every offer with what ended it: the first answer, or being opened again."""
    made, answered, ending = item_event.alias(), aliased(item_event), aliased(item_event)
    first_end = (
        select(func.min(ending.c.version))
        .where(ending.c.item_id == made.c.item_id, ending.c.version > made.c.version)
        .where(ending.c.kind.in_(_ENDS), ~_undone(ending))
        .scalar_subquery()
    )
    is_answer = and_(answered.c.item_id == made.c.item_id, answered.c.version == first_end)
    columns = [made.c.id, made.c.item_id, made.c.at, made.c.actor, offer.c.wording_id, offer.c.wording]
    query = (
        select(
            *columns,
            wording_version.c.name,
            wording_version.c.version,
            _undone(made).label("undone"),
            answered.c.kind,
            answered.c.at.label("answered_at"),
            queue_item.c.status,
        )
        .select_from(offer)
        .join(made, made.c.id == offer.c.event_id)
        .join(queue_item, queue_item.c.id == made.c.item_id)
        .outerjoin(wording_version, wording_version.c.id == offer.c.version_id)
        .outerjoin(answered, is_answer)
    )
    return made, query


def _undone(event: Any) -> ColumnElement[bool]:
    undoing = aliased(item_event)
    return select(undoing.c.id).where(undoing.c.undoes == event.c.id).exists()


def _offer(row: RowMapping) -> OfferMade:
    kind = ItemEventKind(row["kind"]) if row["kind"] else None
    answered = kind in _ANSWERS and not row["undone"]
    return OfferMade(
        event_id=row["id"],
        item_id=row["item_id"],
        made_at=row["at"],
        made_by=row["actor"],
        wording_id=row["wording_id"],
        wording=row["wording"],
        name=row["name"] or row["wording_id"],
        version=row["version"],
        undone=bool(row["undone"]),
        answer=kind if answered else None,
        answered_at=row["answered_at"] if answered else None,
        status=QueueStatus(row["status"]),
    )


def original(connection: Connection, message_id: str) -> bytes | None:
    """A message's bytes as they came; None where it came without."""
    return connection.scalar(select(message.c.raw).where(message.c.id == message_id))


def earlier_messages(connection: Connection, ids: Sequence[str]) -> list[RowMapping]:
    """The messages with these ids, the latest first, each with its item's number where it has one."""
    query = (
        select(
            message.c.id,
            message.c.subject,
            message.c.channel,
            message.c.received_at,
            func.substr(message.c.text, 1, _EXCERPT).label("text"),
            decision.c.route,
            queue_item.c.id.label("item_id"),
            queue_item.c.status,
        )
        .join(decision, isouter=True)
        .join(queue_item, isouter=True, onclause=queue_item.c.message_id == message.c.id)
        .where(message.c.id.in_(ids))
        .order_by(message.c.received_at.desc())
    )
    return list(connection.execute(query).mappings())
