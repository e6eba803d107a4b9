"""Where imports stand. Every function works on a connection it is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from pipeline.domain import Channel
from service.imported import Outcome, Totals, Verdict, listed
from service.store.import_tables import import_map, import_row, import_run
from service.store.tables import decision


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an import is run on: the same file with the same options goes on where it was stopped.

    `pairs` and `channel` are how its columns are read, kept so that a row set aside can be read again as it was.
    """

    source: str
    file_name: str
    file_sha256: str
    plan_sha256: str
    pairs: tuple[str, ...] = ()
    channel: Channel | None = None


@dataclass(frozen=True, kw_only=True)
class ReadWith:
    """A map as pairs `field=Column`, and the channel of rows that do not name one."""

    pairs: tuple[str, ...]
    channel: Channel | None = None


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


def read_with(connection: Connection, source: str, place: str, at: datetime) -> ReadWith | None:
    """How the columns were read of what came from a place at some moment; else how they are read of its source.

    The file of `in.xlsx#Sheet1#3/Comments` is `in.xlsx`; but the name of a file may hold a # too, so the longest fits.
    """
    length = func.length(import_run.c.file_name)
    begins = func.substr(f"{place}#", 1, length + 1) == import_run.c.file_name + "#"
    runs = select(import_run.c.pairs, import_run.c.channel).where(
        import_run.c.source == source, begins, import_run.c.started_at <= at
    )
    row = connection.execute(runs.order_by(length.desc(), import_run.c.id.desc()).limit(1)).first()
    if row is not None and row.pairs:
        return ReadWith(pairs=tuple(row.pairs), channel=Channel(row.channel) if row.channel else None)
    pairs = saved_map(connection, source)
    return ReadWith(pairs=tuple(pairs)) if pairs else None


def unfinished(connection: Connection, plan: Plan) -> Run | None:
    """The run of this very plan that was stopped, with what it had done."""
    same = [getattr(import_run.c, name) == getattr(plan, name) for name in ("source", "file_sha256", "plan_sha256")]
    query = select(import_run.c.id, import_run.c.started_at).where(import_run.c.finished_at.is_(None), *same)
    row = connection.execute(query.order_by(import_run.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    outcomes = select(import_row.c.outcome).where(import_row.c.run_id == row.id).order_by(import_row.c.number)
    done = tuple(Outcome(outcome) for outcome in connection.scalars(outcomes))
    return Run(number=row.id, source=plan.source, started_at=row.started_at, done=done)


def begin(connection: Connection, plan: Plan, at: datetime) -> Run:
    """A new run."""
    row = vars(plan) | {"pairs": list(plan.pairs), "channel": plan.channel and plan.channel.value}
    query = insert(import_run).values(**row, started_at=at).returning(import_run.c.id)
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


def verdicts(connection: Connection, ids: Sequence[str]) -> dict[str, Verdict]:
    """What was decided about messages, by id."""
    columns = (decision.c.message_id, decision.c.label, decision.c.complaint, decision.c.route, decision.c.cues)
    rows = connection.execute(select(*columns).where(decision.c.message_id.in_(ids)))
    return {str(row.message_id): _verdict(row) for row in rows}


def _verdict(row: Any) -> Verdict:
    cues = ((cue["kind"], cue["text"], cue["provision"]) for cue in row.cues)
    return Verdict(label=row.label, complaint=row.complaint, route=row.route, cues=listed(cues))
