"""What was set aside for a person: the cases, and how one is closed. `messages` says how one comes in."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Select, func, select, update

from service.store.tables import arrival, quarantine


@dataclass(frozen=True, kw_only=True)
class Case:
    """Something set aside, without its bytes. Where it is settled, `message_id` is what became of it."""

    number: int
    source: str
    arrived_at: datetime
    day: date
    place: str
    reason: str
    size: int
    raw_sha256: str
    settled_at: datetime | None
    message_id: str | None


def waiting(connection: Connection) -> list[Case]:
    """The cases not yet settled, oldest first."""
    query = _cases().where(quarantine.c.settled_at.is_(None)).order_by(arrival.c.id)
    return [Case(**row) for row in connection.execute(query).mappings()]


def case(connection: Connection, number: int) -> Case | None:
    """One case, settled or not."""
    row = connection.execute(_cases().where(arrival.c.id == number)).mappings().first()
    return Case(**row) if row else None


def raw_of(connection: Connection, number: int) -> bytes:
    """The bytes as they came; none where they have gone over to the message."""
    return bytes(connection.scalar(select(quarantine.c.raw).where(quarantine.c.arrival_id == number)) or b"")


def raw_waiting(connection: Connection, number: int) -> bytes | None:
    """The bytes of a case that waits, perhaps none; None where it is settled."""
    query = select(quarantine.c.raw).where(quarantine.c.arrival_id == number, quarantine.c.settled_at.is_(None))
    raw = connection.scalar(query)
    return None if raw is None else bytes(raw)


def close(connection: Connection, number: int, at: datetime) -> bool:
    """Settle a case; False where somebody was first. Others who try wait until this transaction ends."""
    query = update(quarantine).where(quarantine.c.arrival_id == number, quarantine.c.settled_at.is_(None))
    return connection.execute(query.values(settled_at=at)).rowcount == 1


def accept_arrival(connection: Connection, number: int, message_id: str) -> None:
    """What was set aside is a message; its bytes are kept there, and only there."""
    _turn(connection, number, "accepted", message_id)
    connection.execute(update(quarantine).where(quarantine.c.arrival_id == number).values(raw=b""))


def repeat_arrival(connection: Connection, number: int, message_id: str) -> None:
    """What was set aside is a message that was there already."""
    _turn(connection, number, "duplicate", message_id)


def set_reason(connection: Connection, number: int, reason: str) -> None:
    """Why a case still waits."""
    query = update(quarantine).where(quarantine.c.arrival_id == number, quarantine.c.settled_at.is_(None))
    connection.execute(query.values(reason=reason))


def _turn(connection: Connection, number: int, outcome: str, message_id: str) -> None:
    query = update(arrival).where(arrival.c.id == number)
    connection.execute(query.values(outcome=outcome, message_id=message_id))


def _cases() -> Select[tuple[int, str, datetime, date, str, str, int, str, datetime | None, str | None]]:
    return select(
        arrival.c.id.label("number"),
        arrival.c.source,
        arrival.c.arrived_at,
        arrival.c.day,
        quarantine.c.place,
        quarantine.c.reason,
        func.length(quarantine.c.raw).label("size"),
        quarantine.c.raw_sha256,
        quarantine.c.settled_at,
        arrival.c.message_id,
    ).join(quarantine)
