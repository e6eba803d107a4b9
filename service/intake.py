"""receive(message): classify, record and queue it, in one transaction. Nothing received vanishes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from pipeline.domain import Message
from pipeline.errors import RefusedRow
from service.accepting import Accepting, Arrived, Made
from service.aside import in_conflict, set_aside
from service.audit import record_arrival
from service.bulk import Apart, Became, all_received
from service.contacts import History
from service.crashpoints import crashpoint
from service.deadlines import Calendar
from service.outbox import Outbox
from service.queue import EventKind
from service.received import AlreadySettled, IdInUse, Received
from service.recognised import Standing, standing, under_kept_id
from service.recording import Asked, Recorder, tried
from service.sampling import Sampling
from service.serving import Decides
from service.store import messages as store
from service.store import quarantine
from service.store.database import Database
from service.store.quarantine import Case


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """How something set aside became a message after all, who did it and why."""

    kind: EventKind
    actor: str
    why: str


def _now() -> datetime:
    return datetime.now(UTC)


class Intake:
    """The only way in, for files and for HTTP."""

    def __init__(
        self,
        database: Database,
        classifier: Decides,
        calendar: Calendar,
        now: Callable[[], datetime] = _now,
        history: History | None = None,
        *,
        outbox: Outbox | None = None,
        sampling: Sampling | None = None,
    ) -> None:
        self._database = database
        self._now = now
        self._accepting = Accepting(classifier, calendar, history=history, outbox=outbox, sampling=sampling)
        self._recorder = Recorder(database, self._accepting, now)

    def receive(self, message: Message, *, source: str, key: str | None = None, body_sha256: str = "") -> Received:
        """Store, decide and queue one message from `source`.

        The same id with the same words is a duplicate, recorded as such; with other words it is set aside for a
        person and IdInUse is raised. `key` is an Idempotency-Key, `body_sha256` the hash of the body it came with.
        Where the caller knows of no prior contacts they are counted here.
        """
        asked = self.asked(message, source=source, key=key, body_sha256=body_sha256)
        self.receive_each([asked])
        return asked.answer()

    def asked(self, message: Message, *, source: str, key: str | None = None, body_sha256: str = "") -> Asked:
        """What `receive_each` takes: a message that has arrived now."""
        return Asked(message=message, source=source, arrived_at=self._now(), key=key, body_sha256=body_sha256)

    def receive_each(self, asked: Sequence[Asked]) -> None:
        """As `receive`, for what came from one source at the same moment: each knows what became of it."""
        self._recorder.record(asked)

    def set_aside(self, refused: RefusedRow, *, source: str) -> bool:
        """Quarantine what could not be read; False where the very same was set aside before."""
        with self._database.writing() as connection:
            if not set_aside(connection, refused, source, self._now()):
                return False
            crashpoint("quarantine_before_commit")
        crashpoint("quarantine_after_commit")
        return True

    def receive_all(
        self,
        found: Sequence[Message | RefusedRow],
        *,
        source: str,
        within: Callable[[Connection, Sequence[Became]], None],
    ) -> list[Became]:
        """Receive or set aside what came together, in one transaction, in which `within` may write what it came to.

        What becomes of each is as if it had come by itself. No two may have an id or a contact key in common: `Apart`
        says which may come together.
        """
        at = self._now()
        made = self._accepting.made_if_new(self._database, [one for one in found if isinstance(one, Message)], at)
        return tried(len(found), lambda: self._all(found, made, self._arrival(source, at), within))

    def apart(self) -> Apart:
        """Which messages may come together."""
        return self._recorder.apart()

    def _all(
        self,
        found: Sequence[Message | RefusedRow],
        made: dict[str, Made],
        arrived: Arrived,
        within: Callable[[Connection, Sequence[Became]], None],
    ) -> list[Became]:
        with self._database.writing() as connection:
            became = all_received(connection, found, made, self._accepting, arrived)
            within(connection, became)
            crashpoint("intake_before_commit")
        crashpoint("intake_after_commit")
        return became

    def settle(self, case: Case, message: Message, settlement: Settlement) -> Received:
        """Receive what was set aside: its arrival turns from quarantined into accepted or duplicate, once.

        All in one transaction. The clock runs from the day it came in, not from today. AlreadySettled where somebody
        was first; IdInUse where the id belongs to other words: the case waits on.
        """
        made = self._accepting.made_if_new(self._database, [message], case.arrived_at)
        received = tried(1, lambda: self._settle(case, message, made, settlement))
        crashpoint("settle_after_commit")
        return received

    def _settle(self, case: Case, message: Message, made: dict[str, Made], settlement: Settlement) -> Received:
        with self._database.writing() as connection:
            if not quarantine.close(connection, case.number, self._now()):
                raise AlreadySettled(f"Number {case.number} was settled by somebody else meanwhile.")
            crashpoint("settle_after_close")
            if settlement.kind is EventKind.RETRIED:  # else a person gave the id, and knows
                message = under_kept_id(connection, message, case.source)
            found = standing(message, store.known_content(connection, message.id))
            if found is Standing.NEW:
                self._accepting.accept(connection, [message], made, self._arrival(case.source, case.arrived_at))
                quarantine.accept_arrival(connection, case.number, message.id)
            elif found is Standing.AGAIN:
                quarantine.repeat_arrival(connection, case.number, message.id)
            else:
                raise IdInUse(in_conflict(message).reason, message.id)
            store.add_event(
                connection, message.id, settlement.kind, self._now(), settlement.actor, detail=settlement.why
            )
            record_arrival(
                connection, settlement.kind, case.number, by=settlement.actor, at=self._now(), message_id=message.id
            )
            crashpoint("settle_before_commit")
        return Received(message_id=message.id, new=found is Standing.NEW)

    def _arrival(self, source: str, at: datetime) -> Arrived:
        return Arrived(source=source, at=at, now=self._now())
