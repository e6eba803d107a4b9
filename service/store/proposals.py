"""Who proposed that a model serves, and who let it: one open proposal at a time. Rows stay."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, insert, select, update

from service.store.model_tables import Standing, model_proposal


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """`replaces` is the version that served then, `proposer_id` tells who asked apart from who has the same name."""

    id: int
    version: str
    manifest_sha256: str
    replaces: str
    reason: str
    proposed_by: str
    proposer_id: str
    proposed_at: datetime
    expires_at: datetime
    status: Standing
    settled_by: str | None
    settled_at: datetime | None
    settled_why: str


def add(connection: Connection, **given: object) -> Proposal:
    """A proposal; IntegrityError where another one is open."""
    row = connection.execute(insert(model_proposal).values(**given).returning(*model_proposal.c)).mappings().one()
    return _proposal(row)


def open_one(connection: Connection, *, lock: bool = False) -> Proposal | None:
    """The one that waits, though its time may be over; with `lock` nobody settles it meanwhile."""
    query = select(model_proposal).where(model_proposal.c.status == Standing.OPEN.value)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return _proposal(row) if row else None


def settle(connection: Connection, proposal_id: int, status: Standing, *, by: str, at: datetime, why: str = "") -> None:
    """End an open one, which was read with `lock`."""
    ended = (
        update(model_proposal)
        .where(model_proposal.c.id == proposal_id, model_proposal.c.status == Standing.OPEN.value)
        .values(status=status.value, settled_by=by, settled_at=at, settled_why=why)
    )
    connection.execute(ended)


def latest(connection: Connection, limit: int) -> list[Proposal]:
    """The last ones, newest first."""
    query = select(model_proposal).order_by(model_proposal.c.id.desc()).limit(limit)
    return [_proposal(row) for row in connection.execute(query).mappings()]


def _proposal(row: RowMapping) -> Proposal:
    return Proposal(**{**row, "status": Standing(row["status"])})
