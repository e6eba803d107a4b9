"""Shadow mode: a challenger says what it would have done with live messages, and decides nothing.

It reads decisions after they are committed, so it cannot delay or change one; a process of its own asks it
(`service/shadow_process.py`), so that neither its weight nor its end is felt.
"""

import os
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from pipeline.domain import Decision, Message
from pipeline.errors import HeardError
from service.audit import record
from service.audit_chain import AuditEvent
from service.models import Models, NotPromotable
from service.store import shadow as store
from service.store.audit import wait_for_place
from service.store.database import Database
from service.store.items import database_time
from service.store.model_tables import Outcome
from service.store.shadow import Answered, Counted, Run

MOST_WAITING = 1_000
"""Of more than these the oldest are dropped, and counted."""
_BATCH = 16
_DROPPED_AT_ONCE = 5_000
_LEASE = timedelta(seconds=120)
_SHOWN = 20
_LOADING = "It is being loaded: where that takes more than a minute it is broken off, and tried again ever more seldom."
_log = structlog.get_logger()

Challenger = Callable[[Sequence[Message]], Sequence[Decision]]


class NoShadow(HeardError):
    """A challenger cannot be asked, or none is."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """One run: what became of the messages, how the challenger would have routed those it was asked about."""

    run: Run
    outcomes: dict[Outcome, int]
    waiting: int
    counts: list[Counted]
    moved: list[tuple[str, str, str, float, float]]

    @property
    def scored(self) -> int:
        """How many messages both models decided about."""
        return self.outcomes[Outcome.SCORED]

    @property
    def elsewhere(self) -> int:
        """How many of them would have gone elsewhere."""
        return sum(one.messages for one in self.counts if one.route != one.served_route)

    def by_channel(self) -> list[tuple[str, int, int, float, float]]:
        """Channel, messages, how many would have gone elsewhere, mean shift of the probability, mean distance."""
        return [_of_channel(name, self.counts) for name in sorted({one.channel for one in self.counts})]

    def changes(self) -> list[tuple[str, str, int]]:
        """From which route to which, and how many."""
        found: dict[tuple[str, str], int] = {}
        for one in self.counts:
            if one.route != one.served_route:
                key = one.served_route, one.route
                found[key] = found.get(key, 0) + one.messages
        return sorted(((*key, count) for key, count in found.items()), key=lambda row: -row[2])


def start(database: Database, models: Models, version: str, *, by: str) -> Run:
    """Ask this model about every message decided from now on; it takes the place of another challenger."""
    try:
        model = models.whole(version)
    except NotPromotable as error:
        raise NoShadow(str(error)) from None
    if model.serves:
        raise NoShadow(f"{version} serves: only another model can stand in its shadow.")
    with database.writing() as connection:
        now = database_time(connection)
        _end(connection, by=by, now=now)
        store.begin(connection, version, model.manifest_sha256, by=by, at=now)
        _record(connection, "shadow.started", version, by, now)
        begun = store.running(connection)
    assert begun is not None  # noqa: S101  # written above, in this transaction
    return begun


def stop(database: Database, *, by: str) -> Run:
    """Ask nobody any more; NoShadow where nobody is."""
    with database.writing() as connection:
        found = _end(connection, by=by, now=database_time(connection))
    if found is None:
        raise NoShadow("No model is in the shadow.")
    return found


def report(connection: Connection) -> Report | None:
    """The run that is on, else the last one; None before the first."""
    run = store.last(connection)
    if run is None:
        return None
    return Report(
        run=run,
        outcomes=store.outcomes(connection, run.id),
        waiting=0 if run.ended_at else store.waiting(connection, run),
        counts=store.counted(connection, run.id),
        moved=store.moved(connection, run.id, _SHOWN),
    )


class Worker:
    """Asks the challenger, a few messages at a time. `before` is called before each batch: a watchdog is set there."""

    def __init__(
        self,
        database: Database,
        open_model: Callable[[Run], Challenger],
        *,
        most: int = MOST_WAITING,
        before: Callable[[], object] = lambda: None,
    ) -> None:
        self._database = database
        self._open = open_model
        self._most = most
        self._before = before
        self._name = f"{socket.gethostname()[:60]} {os.getpid()} {secrets.token_hex(4)}"
        self._loaded: tuple[int, Challenger] | None = None

    def look(self) -> int:
        """One batch; answers how many messages were taken, 0 where there is nothing to do. NoShadow: it cannot load."""
        with self._database.reading() as connection:
            run = store.running(connection)
            waits = run and store.waiting(connection, run)
        if run is None or not waits:
            return 0
        challenger = self._challenger(run)
        return self._asked(run, challenger) if challenger else 0

    def _challenger(self, run: Run) -> Challenger | None:
        """Loaded by who holds the run; None where another worker does."""
        if self._loaded and self._loaded[0] == run.id:
            return self._loaded[1]
        with self._database.writing() as connection:
            if not self._holds(connection, run, database_time(connection)):
                return None
            store.say(connection, run.id, _LOADING)
        self._before()
        try:
            challenger = self._open(run)
        except Exception as error:  # noqa: BLE001  # unpacking a model may raise anything; it is said on the page
            why = str(error) if isinstance(error, HeardError) else f"It cannot be loaded ({type(error).__name__})."
            if why != run.fault:
                _log.warning("shadow_not_loaded", version=run.version, why=why)
            self._say(run, why)
            raise NoShadow(why) from None
        self._say(run, "")
        self._loaded = run.id, challenger
        return challenger

    def _holds(self, connection: Connection, run: Run, now: datetime) -> bool:
        return store.hold(connection, run.id, self._name, now=now, until=now + _LEASE)

    def _asked(self, run: Run, challenger: Challenger) -> int:
        with self._database.writing() as connection:
            now = database_time(connection)
            if not self._holds(connection, run, now):
                return 0
            late = store.waiting(connection, run) - self._most
            if late > 0:
                store.drop(connection, run, min(late, _DROPPED_AT_ONCE), now)
            messages = store.take(connection, run, _BATCH, now)
        self._before()
        answers = self._answers(challenger, messages)
        if answers:
            with self._database.writing() as connection:
                store.answer(connection, run.id, answers)
        return len(messages)

    def _answers(self, challenger: Challenger, messages: Sequence[Message]) -> list[Answered]:
        """Where a batch fails its messages are tried one by one; what fails then stays written down as failed."""
        try:
            return [_answered(made) for made in challenger(messages)] if messages else []
        except Exception as error:  # noqa: BLE001  # a challenger may raise anything, and is only watched
            _log.warning("shadow_failed", messages=[one.id for one in messages], why=type(error).__name__)
            if len(messages) == 1:
                return []
            return [found for one in messages for found in self._answers(challenger, [one])]

    def _say(self, run: Run, fault: str) -> None:
        with self._database.writing() as connection:
            store.say(connection, run.id, fault)


def _answered(made: Decision) -> Answered:
    complaint = made.prediction.complaint
    if not 0 <= complaint <= 1:
        raise ValueError("no probability")
    return Answered(message_id=made.message_id, route=made.route.value, complaint=complaint)


def _end(connection: Connection, *, by: str, now: datetime) -> Run | None:
    """Of two who start or stop at once the second sees what the first did: what they do is recorded in turn."""
    wait_for_place(connection)
    found = store.running(connection)
    if found:
        store.end(connection, found.id, by=by, at=now)
        _record(connection, "shadow.stopped", found.version, by, now)
    return found


def _record(connection: Connection, kind: str, version: str, by: str, at: datetime) -> None:
    record(connection, AuditEvent(at=at, kind=kind, actor=by, about=f"model:{version}"))


def _of_channel(name: str, counts: Sequence[Counted]) -> tuple[str, int, int, float, float]:
    mine = [one for one in counts if one.channel == name]
    messages = sum(one.messages for one in mine)
    elsewhere = sum(one.messages for one in mine if one.route != one.served_route)
    shift = sum(one.messages * one.shift for one in mine) / messages
    return name, messages, elsewhere, shift, sum(one.messages * one.distance for one in mine) / messages
