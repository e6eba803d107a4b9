"""Holds, and the log of what residents asked for."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from service.privacy import Hold, HoldKind, RequestKind
from service.store.retention_tables import hold, privacy_request


def add(connection: Connection, kind: HoldKind, value: str, *, reason: str, by: str, at: datetime) -> int:
    """Keep what it covers from now on; answers the hold's number."""
    row = insert(hold).values(kind=kind.value, value=value, reason=reason, added_by=by, added_at=at)
    return int(connection.execute(row.returning(hold.c.id)).scalar_one())


def lift(connection: Connection, number: int, *, by: str, at: datetime) -> bool:
    """End a hold; False where there is none of that number in force."""
    query = update(hold).where(hold.c.id == number, hold.c.lifted_at.is_(None))
    return connection.execute(query.values(lifted_by=by, lifted_at=at)).rowcount == 1


def in_force(connection: Connection) -> list[Hold]:
    """The holds not lifted, oldest first."""
    columns = [hold.c[name] for name in Hold.__dataclass_fields__]
    rows = connection.execute(select(*columns).where(hold.c.lifted_at.is_(None)).order_by(hold.c.id)).mappings()
    return [Hold(**{**row, "kind": HoldKind(row["kind"])}) for row in rows]


def covered(connection: Connection) -> frozenset[tuple[HoldKind, str]]:
    """Kind and value of each hold in force."""
    return frozenset((found.kind, found.value) for found in in_force(connection))


def forget_lifted(connection: Connection, values: dict[HoldKind, set[str]]) -> None:
    """Remove lifted holds on an erased person: their reasons are about that person."""
    for kind, named in values.items():
        query = delete(hold).where(hold.c.lifted_at.is_not(None), hold.c.kind == kind.value)
        connection.execute(query.where(hold.c.value.in_(named)))


def log_request(
    connection: Connection, kind: RequestKind, sender_sha256: str, *, reason: str, by: str, at: datetime
) -> int:
    """Note that a resident asked (UK GDPR Art. 5(2)); answers the request's number."""
    row = insert(privacy_request).values(
        kind=kind.value, sender_sha256=sender_sha256, reason=reason, asked_by=by, asked_at=at
    )
    return int(connection.execute(row.returning(privacy_request.c.id)).scalar_one())


def log_outcome(connection: Connection, number: int, messages: int, outcome: dict[str, int], at: datetime) -> None:
    """Note that it was done, in numbers."""
    query = update(privacy_request).where(privacy_request.c.id == number)
    connection.execute(query.values(messages=messages, outcome=outcome, done_at=at))
