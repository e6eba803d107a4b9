"""Remove what is past its time, by class, in batches that each stand on their own (UK GDPR Art. 5(1)(e), P25)."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from service import audit
from service.audit_chain import ACTOR, AuditEvent
from service.crashpoints import crashpoint
from service.periods import Periods, Removal
from service.privacy import HoldKind, Kept, is_held
from service.store import holds
from service.store import retention as store
from service.store.database import Database
from service.store.wiping import wipe

_BATCH = 500


@dataclass(kw_only=True)
class Removed:
    """What a run removed. `held` would have been but for a hold; `waiting` are cases past their time left to a person.

    `wiped` is False where others use the database: its journal may hold something yet.
    """

    messages: Counter[Removal] = field(default_factory=Counter)
    held: int = 0
    settled: int = 0
    keys: int = 0
    sent: int = 0
    waiting: int = 0
    wiped: bool = True


def _now() -> datetime:
    return datetime.now(UTC)


class Retention:
    """A run can be killed at any time and started again: nothing goes early, and the next run takes what is left."""

    def __init__(
        self,
        database: Database,
        url: str,
        periods: Periods,
        *,
        now: Callable[[], datetime] = _now,
        batch: int = _BATCH,
    ) -> None:
        self._database = database
        self._url = url
        self._periods = periods
        self._now = now
        self._batch = batch

    def run(self, *, dry: bool = False) -> Removed:
        """Remove, or with `dry` only count, what is past its time now."""
        now, removed = self._now(), Removed()
        for some in self._due(now):
            self._messages(some, now, removed, dry=dry)
        for cases in self._settled(now):
            self._cases(cases, now, removed, dry=dry)
        with self._database.reading() as connection:
            removed.waiting = store.waiting_since(connection, now - self._periods.settled)
        if not dry:
            with self._database.writing() as connection:
                removed.keys = store.forget_keys(connection, now)
            removed.sent = self._sent(now)
            removed.wiped = wipe(self._url, whole=False)
        return removed

    def _due(self, now: datetime) -> Iterator[list[Kept]]:
        """Found while nothing is locked: a long table must not hold up who writes."""
        after, before = "", self._periods.before(now)
        while True:
            with self._database.reading() as connection:
                some = store.due(connection, before, after=after, limit=self._batch)
            if not some:
                return
            yield some
            after = some[-1].id

    def _messages(self, some: Sequence[Kept], now: datetime, removed: Removed, *, dry: bool) -> None:
        if dry:
            with self._database.reading() as connection:
                free = _free(some, holds.covered(connection))
        else:
            with self._database.writing() as connection:
                names = [kept.id for kept in some]  # as they are now: one may have been reopened
                still = store.due(connection, self._periods.before(now), limit=self._batch, among=names)
                free = _free(still, holds.covered(connection))
                store.remove(connection, {kept.id: kept.why for kept in free}, now)
                counted = Counter(kept.why for kept in free)
                _record(connection, now, {why.value: count for why, count in counted.items()})
                crashpoint("retention_in_batch")
            crashpoint("retention_after_batch")
        removed.held += len(some) - len(free)
        removed.messages.update(kept.why for kept in free)

    def _settled(self, now: datetime) -> Iterator[list[tuple[int, Kept]]]:
        after = 0
        while True:
            with self._database.reading() as connection:
                some = store.settled(connection, now - self._periods.settled, after=after, limit=self._batch)
            if not some:
                return
            yield some
            after = some[-1][0]

    def _cases(self, some: Sequence[tuple[int, Kept]], now: datetime, removed: Removed, *, dry: bool) -> None:
        with self._database.reading() as connection:
            covered = holds.covered(connection)
        free = [number for number, kept in some if not is_held(kept, covered)]
        if not dry and free:
            with self._database.writing() as connection:
                store.empty_cases(connection, free)
                _record(connection, now, {"settled_quarantine": len(free)})
        removed.settled += len(free)

    def _sent(self, now: datetime) -> int:
        total = 0
        while True:
            with self._database.writing() as connection:
                gone = store.forget_sent(connection, now - self._periods.settled, limit=self._batch)
            if not gone:
                return total
            total += gone


def _free(some: Sequence[Kept], covered: Collection[tuple[HoldKind, str]]) -> list[Kept]:
    return [kept for kept in some if not is_held(kept, covered)]


def _record(connection: Connection, now: datetime, counts: dict[str, int]) -> None:
    if counts:
        event = AuditEvent(at=now, kind="retention.removed", actor=ACTOR, detail=dict(counts))
        audit.record(connection, event)
