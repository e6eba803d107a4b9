"""What officers found, offered and recorded. Every function works on a connection it is given."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from pipeline.domain import Label
from service.store.review_tables import item_event, offer, request, review


@dataclass(frozen=True, kw_only=True)
class Review:
    """An officer's verdict on a message, and how it came about."""

    verdict: Label
    contested: bool = False
    category: str = ""
    reason: str = ""
    note: str = ""
    saw_suggestion: bool
    seconds: int | None = None


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What the resident was told about complaining. `version_id` is the version of a wording that is kept; with
    `wording`, what an officer made of it.
    """

    wording_id: str = ""
    wording: str = ""
    version_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request inside a message that an officer recorded."""

    id: int
    asks_for: str
    recorded_at: datetime
    withdrawn_at: datetime | None


def add_review(connection: Connection, event_id: int, made: Review) -> None:
    """Keep a verdict."""
    values = {**asdict(made), "verdict": made.verdict.value}
    connection.execute(insert(review).values(event_id=event_id, **values))


def add_offer(connection: Connection, event_id: int, made: Offer) -> None:
    """Keep what a resident was told."""
    connection.execute(insert(offer).values(event_id=event_id, **asdict(made)))


def add_request(connection: Connection, event_id: int, message_id: str, asks_for: str, at: datetime) -> None:
    """Keep what is asked for, so that the work does not wait for the complaint (HOS 1.5)."""
    row = insert(request).values(event_id=event_id, message_id=message_id, asks_for=asks_for, recorded_at=at)
    connection.execute(row)


def withdraw_request(connection: Connection, event_id: int, at: datetime) -> None:
    """The review that recorded it was undone."""
    connection.execute(update(request).where(request.c.event_id == event_id).values(withdrawn_at=at))


def reviews(connection: Connection, item_id: int) -> dict[int, Review]:
    """Every verdict on an item, undone ones too, by the id of its event."""
    query = select(review).join(item_event).where(item_event.c.item_id == item_id).order_by(review.c.event_id)
    return {row["event_id"]: _review(row) for row in connection.execute(query).mappings()}


def offers(connection: Connection, item_id: int) -> dict[int, Offer]:
    """What the resident was told, by the id of its event."""
    query = select(offer).join(item_event).where(item_event.c.item_id == item_id).order_by(offer.c.event_id)
    return {
        row["event_id"]: Offer(wording_id=row["wording_id"], wording=row["wording"], version_id=row["version_id"])
        for row in connection.execute(query).mappings()
    }


def requests(connection: Connection, message_id: str) -> list[Request]:
    """The requests recorded for a message, withdrawn ones too."""
    columns = (request.c.id, request.c.asks_for, request.c.recorded_at, request.c.withdrawn_at)
    query = select(*columns).where(request.c.message_id == message_id).order_by(request.c.id)
    return [Request(**row) for row in connection.execute(query).mappings()]


def _review(row: RowMapping) -> Review:
    names = ("contested", "category", "reason", "note", "saw_suggestion", "seconds")
    return Review(verdict=Label(row["verdict"]), **{name: row[name] for name in names})
