"""What a challenger says of messages that are decided already: the database is the line it works through.

A message is written down as failed before the challenger is asked, so that what kills the worker is not tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Select, and_, case, exists, func, insert, literal, or_, select, update

from pipeline.domain import Channel, Flag, Message, MessageKind
from pipeline.undetermined import NO_MODEL
from service.store.model_tables import Outcome, shadow_run, shadow_score
from service.store.tables import decision, message, queue_item
from service.store.work_list import HIDDEN

_LATE = timedelta(minutes=10)
"""A decision may be committed so much later than its time says."""
_KINDS = {Flag.MACHINE.value: MessageKind.MACHINE, Flag.UNREADABLE.value: MessageKind.UNREADABLE}


@dataclass(frozen=True, kw_only=True)
class Run:
    """A challenger in the shadow, from `started_at` on; `fault` says why it scores nothing, if so."""

    id: int
    version: str
    manifest_sha256: str
    started_by: str
    started_at: datetime
    ended_by: str | None
    ended_at: datetime | None
    looked_to: datetime
    fault: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Where the challenger would have sent one message, and its complaint probability."""

    message_id: str
    route: str
    complaint: float


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What happened to messages of one channel: how they were routed, and how the challenger would have."""

    channel: str
    served_route: str
    route: str
    messages: int
    shift: float
    distance: float


_RUN = tuple(shadow_run.c[name] for name in Run.__dataclass_fields__)


def begin(connection: Connection, version: str, manifest_sha256: str, *, by: str, at: datetime) -> int:
    """A run from now on."""
    row = insert(shadow_run).values(
        version=version, manifest_sha256=manifest_sha256, started_by=by, started_at=at, looked_to=at
    )
    return int(connection.execute(row.returning(shadow_run.c.id)).scalar_one())


def end(connection: Connection, run_id: int, *, by: str, at: datetime) -> None:
    """Ask this challenger nothing more."""
    ended = update(shadow_run).where(shadow_run.c.id == run_id, shadow_run.c.ended_at.is_(None))
    connection.execute(ended.values(ended_by=by, ended_at=at))


def running(connection: Connection) -> Run | None:
    """The run that is on."""
    query = select(*_RUN).where(shadow_run.c.ended_at.is_(None)).order_by(shadow_run.c.id.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return Run(**row) if row else None


def last(connection: Connection) -> Run | None:
    """The run that is on, else the last one."""
    row = connection.execute(select(*_RUN).order_by(shadow_run.c.id.desc()).limit(1)).mappings().one_or_none()
    return Run(**row) if row else None


def hold(connection: Connection, run_id: int, worker: str, *, now: datetime, until: datetime) -> bool:
    """Whether this worker alone has the run until then."""
    free = or_(shadow_run.c.worker.is_(None), shadow_run.c.worker == worker, shadow_run.c.worker_until < now)
    taken = update(shadow_run).where(shadow_run.c.id == run_id, shadow_run.c.ended_at.is_(None), free)
    return connection.execute(taken.values(worker=worker, worker_until=until)).rowcount == 1


def say(connection: Connection, run_id: int, fault: str) -> None:
    """Why it scores nothing; "" where it does."""
    connection.execute(update(shadow_run).where(shadow_run.c.id == run_id).values(fault=fault))


def waiting(connection: Connection, run: Run) -> int:
    """How many decided messages the challenger has not been asked about."""
    return int(connection.execute(select(func.count()).select_from(_new(run).subquery())).scalar_one())


def drop(connection: Connection, run: Run, count: int, at: datetime) -> None:
    """Leave out the oldest."""
    _take(connection, run, count, at, Outcome.DROPPED)


def take(connection: Connection, run: Run, limit: int, at: datetime) -> list[Message]:
    """The next ones, oldest first, as they were decided about; each counts as failed until it is answered."""
    rows = _take(connection, run, limit, at, Outcome.FAILED)
    if not rows:
        return []
    columns = (message.c.id, message.c.text, message.c.channel, message.c.subject, message.c.prior_contacts)
    found = select(*columns, message.c.received_at, decision.c.flags).join(
        decision, decision.c.message_id == message.c.id
    )
    texts = connection.execute(found.where(message.c.id.in_(rows))).mappings()
    return [
        Message(
            id=row["id"],
            text=row["text"],
            channel=Channel(row["channel"]),
            subject=row["subject"],
            received_at=row["received_at"],
            prior_contacts=row["prior_contacts"],
            kind=next((kind for flag, kind in _KINDS.items() if flag in row["flags"]), MessageKind.WRITTEN),
        )
        for row in texts
    ]


def answer(connection: Connection, run_id: int, answers: Sequence[Answered]) -> None:
    """Keep what the challenger said."""
    for one in answers:
        mine = and_(shadow_score.c.run_id == run_id, shadow_score.c.message_id == one.message_id)
        said = {"outcome": Outcome.SCORED.value, "route": one.route, "complaint": one.complaint}
        connection.execute(update(shadow_score).where(mine).values(**said))


def outcomes(connection: Connection, run_id: int) -> dict[Outcome, int]:
    """How many of each."""
    query = select(shadow_score.c.outcome, func.count()).where(shadow_score.c.run_id == run_id)
    found = {Outcome(name): count for name, count in connection.execute(query.group_by(shadow_score.c.outcome))}
    return {outcome: found.get(outcome, 0) for outcome in Outcome}


def counted(connection: Connection, run_id: int) -> list[Counted]:
    """By channel, route served and route of the challenger. `shift` is the mean change of the probability."""
    table = shadow_score.c
    change = table.complaint - table.served_complaint
    query = (
        select(
            table.channel,
            table.served_route,
            table.route,
            func.count().label("messages"),
            func.avg(change).label("shift"),
            func.avg(case((change < 0, -change), else_=change)).label("distance"),
        )
        .where(table.run_id == run_id, table.outcome == Outcome.SCORED.value)
        .group_by(table.channel, table.served_route, table.route)
    )
    return [Counted(**row) for row in connection.execute(query).mappings()]


def moved(connection: Connection, run_id: int, limit: int) -> list[tuple[str, str, str, float, float]]:
    """The messages that would have gone elsewhere, the largest change first: id, both routes, both probabilities.

    Without those of the blind sample that no officer has decided: what heard thinks of them is kept from everybody.
    """
    table = shadow_score.c
    change = table.complaint - table.served_complaint
    columns = (table.message_id, table.served_route, table.route, table.served_complaint, table.complaint)
    hidden = exists().where(queue_item.c.message_id == table.message_id, HIDDEN)
    query = select(*columns).where(
        table.run_id == run_id, table.outcome == Outcome.SCORED.value, table.route != table.served_route, ~hidden
    )
    ordered = query.order_by(case((change < 0, -change), else_=change).desc(), table.message_id).limit(limit)
    return [tuple(row) for row in connection.execute(ordered)]


def _new(run: Run) -> Select[tuple[str]]:
    """What a model decided since the run began and nobody asked the challenger about."""
    seen = exists().where(shadow_score.c.run_id == run.id, shadow_score.c.message_id == decision.c.message_id)
    since = max(run.started_at, run.looked_to - _LATE)
    return select(decision.c.message_id).where(
        decision.c.decided_at >= since, decision.c.model_version != NO_MODEL, ~seen
    )


def _take(connection: Connection, run: Run, count: int, at: datetime, outcome: Outcome) -> list[str]:
    """The oldest are put down with this outcome; the mark up to which everything was looked at goes on."""
    query = _new(run).add_columns(decision.c.decided_at).order_by(decision.c.decided_at, decision.c.message_id)
    rows = connection.execute(query.limit(count)).all()
    if not rows:
        return []
    ids = [row[0] for row in rows]
    kept = select(
        literal(run.id),
        decision.c.message_id,
        literal(at, shadow_score.c.at.type),
        literal(outcome.value),
        message.c.channel,
        decision.c.model_version,
        decision.c.route,
        decision.c.complaint,
    ).join(message, message.c.id == decision.c.message_id)
    columns = ["run_id", "message_id", "at", "outcome", "channel", "served_model", "served_route", "served_complaint"]
    connection.execute(insert(shadow_score).from_select(columns, kept.where(decision.c.message_id.in_(ids))))
    connection.execute(update(shadow_run).where(shadow_run.c.id == run.id).values(looked_to=rows[-1][1]))
    return ids
