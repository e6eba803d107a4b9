"""Where imports stand. Every function works on a connection it is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from service.imported import Outcome, Totals, Verdict, listed
from service.queue import EventKind
from service.store.import_tables import import_map, import_row, import_run
from service.store.tables import decision, event, message


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an import is run on: the same file with the same options goes on where it was stopped."""

    source: str
    file_name: str
    file_sha256: str
    plan_sha256: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """An import under way; `done` are the outcomes so far, in the order of the file."""

    number: int
    source: str
    started_at: datetime
    done: tuple[Outcome, ...] = ()


def saved_map(connection: Connection, source: str) -> list[str] | None:
    """The pairs `field=Column` last used for a source."""
    pairs = connection.scalar(select(import_map.c.pairs).where(import_map.c.source == source))
    return None if pairs is None else list(pairs)


def save_map(connection: Connection, source: str, pairs: list[str], at: datetime) -> None:
    """Remember the map of a source."""
    connection.execute(delete(import_map).where(import_map.c.source == source))
    connection.execute(insert(import_map).values(source=source, pairs=pairs, saved_at=at))


def unfinished(connection: Connection, plan: Plan) -> Run | None:
    """The run of this very plan that was stopped, with what it had done."""
    same = [getattr(import_run.c, name) == value for name, value in vars(plan).items() if name != "file_name"]
    query = select(import_run.c.id, import_run.c.started_at).where(import_run.c.finished_at.is_(None), *same)
    row = connection.execute(query.order_by(import_run.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    outcomes = select(import_row.c.outcome).where(import_row.c.run_id == row.id).order_by(import_row.c.number)
    done = tuple(Outcome(outcome) for outcome in connection.scalars(outcomes))
    return Run(number=row.id, source=plan.source, started_at=row.started_at, done=done)


def begin(connection: Connection, plan: Plan, at: datetime) -> Run:
    """A new run."""
    query = insert(import_run).values(**vars(plan), started_at=at).returning(import_run.c.id)
    return Run(number=connection.execute(query).scalar_one(), source=plan.source, started_at=at)


def note(connection: Connection, run: Run, first: int, outcomes: Sequence[Outcome]) -> None:
    """Record what became of rows; IntegrityError where another process did."""
    rows = [
        {"run_id": run.number, "number": number, "outcome": outcome.value}
        for number, outcome in enumerate(outcomes, start=first)
    ]
    connection.execute(insert(import_row), rows)


def finish(connection: Connection, run: Run, totals: Totals, at: datetime) -> None:
    """The run has ended; its rows are only its counts from now on."""
    counts = {outcome.value: totals.outcomes[outcome] for outcome in Outcome}
    connection.execute(update(import_run).where(import_run.c.id == run.number).values(finished_at=at, **counts))
    connection.execute(delete(import_row).where(import_row.c.run_id == run.number))


def received_in(connection: Connection, run: Run, message_id: str, place: str) -> bool:
    """Whether the run received this very row before it was stopped, without a note of it."""
    query = select(message.c.id).join(event, event.c.message_id == message.c.id)
    same = (message.c.id == message_id, message.c.source == run.source, message.c.place == place)
    fresh = (event.c.kind == EventKind.RECEIVED.value, event.c.at >= run.started_at)
    return connection.scalar(query.where(*same, *fresh).limit(1)) is not None


def verdict(connection: Connection, message_id: str) -> Verdict | None:
    """What was decided about a message."""
    columns = (decision.c.label, decision.c.complaint, decision.c.route, decision.c.cues)
    row = connection.execute(select(*columns).where(decision.c.message_id == message_id)).first()
    if row is None:
        return None
    cues = ((cue["kind"], cue["text"], cue["provision"]) for cue in row.cues)
    return Verdict(label=row.label, complaint=row.complaint, route=row.route, cues=listed(cues))
