"""receive(message): classify, record and queue it, in one transaction. Nothing received vanishes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pipeline.classify import MessageClassifier
from pipeline.domain import Decision, Message
from pipeline.errors import InputError, RefusedRow
from pipeline.read.lines import line_of
from service.deadlines import Calendar
from service.queue import EventKind, queue_for
from service.store import messages as store
from service.store import quarantine
from service.store.database import Database
from service.store.messages import KeyUse
from service.store.quarantine import Case

ACTOR = "heard"
"""Who did what no person did."""


class IdInUse(InputError):
    """An id came again with other words."""


class KeyInUse(InputError):
    """An idempotency key came again with another body."""


class AlreadySettled(InputError):
    """Somebody else was first with something set aside."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """What became of a message. `new` is False where it had been received before."""

    message_id: str
    new: bool


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
        self, database: Database, classifier: MessageClassifier, calendar: Calendar, now: Callable[[], datetime] = _now
    ) -> None:
        self._database = database
        self._classifier = classifier
        self._calendar = calendar
        self._now = now

    def receive(self, message: Message, *, source: str, key: str | None = None, body_sha256: str = "") -> Received:
        """Store, decide and queue one message from `source`.

        The same id with the same words is a duplicate, recorded as such; with other words it is set aside for a
        person and IdInUse is raised. `key` is an Idempotency-Key, `body_sha256` the hash of the body it came with.
        """
        decision = self._decision_if_new(message)
        use = KeyUse(body_sha256=body_sha256, message_id=message.id) if key else None
        try:
            return self._record(message, decision, source, key, use)
        except IntegrityError:  # another process was first with this id or key; its row is there now
            return self._record(message, decision, source, key, use)

    def set_aside(self, refused: RefusedRow, *, source: str) -> bool:
        """Quarantine what could not be read; False where the very same was set aside before."""
        with self._database.writing() as connection:
            if store.is_quarantined(connection, source, refused.place, refused.reason, refused.raw):
                return False
            self._quarantine(connection, source, refused.place, refused.reason, refused.raw)
            return True

    def settle(self, case: Case, message: Message, settlement: Settlement) -> Received:
        """Receive what was set aside: its arrival turns from quarantined into accepted or duplicate, once.

        All in one transaction. The clock runs from the day it came in, not from today. AlreadySettled where somebody
        was first; IdInUse where the id belongs to other words: the case waits on.
        """
        decision = self._decision_if_new(message)
        try:
            return self._settle(case, message, decision, settlement)
        except IntegrityError:  # another process was first with this id; its row is there now
            return self._settle(case, message, decision, settlement)

    def _decision_if_new(self, message: Message) -> Decision | None:
        """None where the id was received before: a redelivery is not decided again."""
        with self._database.reading() as connection:
            if store.known_content(connection, message.id) is not None:
                return None
        return self._decide(message)

    def _decide(self, message: Message) -> Decision:
        return self._classifier.classify([message], explain=True)[0]

    def _record(
        self, message: Message, decision: Decision | None, source: str, key: str | None, use: KeyUse | None
    ) -> Received:
        conflict = None
        with self._database.writing() as connection:
            if key and use:
                earlier = store.key_use(connection, key, self._now())
                if earlier and earlier != use:
                    raise KeyInUse("This Idempotency-Key was used with another body. Use a new key for a new message.")
                if earlier:
                    return Received(message_id=earlier.message_id, new=True)
            known = store.known_content(connection, message.id)
            if known is None:
                now = self._now()
                self._accept(connection, message, decision or self._decide(message), source, now)
                store.add_arrival(connection, source, now, "accepted", message.id)
            elif known == store.content_sha256(message):
                store.add_arrival(connection, source, self._now(), "duplicate", message.id)
            else:
                conflict = _conflict(message)
                raw = message.raw or line_of(message)
                self._quarantine(connection, source, message.source or message.id, conflict, raw)
            if key and use and conflict is None:
                store.add_key(connection, key, use, self._now())
        if conflict:
            raise IdInUse(conflict)
        return Received(message_id=message.id, new=known is None)

    def _settle(self, case: Case, message: Message, decision: Decision | None, settlement: Settlement) -> Received:
        with self._database.writing() as connection:
            if not quarantine.close(connection, case.number, self._now()):
                raise AlreadySettled(f"Number {case.number} was settled by somebody else meanwhile.")
            known = store.known_content(connection, message.id)
            if known is None:
                self._accept(connection, message, decision or self._decide(message), case.source, case.arrived_at)
                quarantine.accept_arrival(connection, case.number, message.id)
            elif known == store.content_sha256(message):
                quarantine.repeat_arrival(connection, case.number, message.id)
            else:
                raise IdInUse(_conflict(message))
            store.add_event(
                connection, message.id, settlement.kind, self._now(), settlement.actor, detail=settlement.why
            )
        return Received(message_id=message.id, new=known is None)

    def _accept(
        self, connection: Connection, message: Message, decision: Decision, source: str, arrived_at: datetime
    ) -> None:
        now = self._now()
        received_at = min(message.received_at or arrived_at, arrived_at)
        store.add_message(connection, message, source, received_at)
        store.add_event(connection, message.id, EventKind.RECEIVED, now, ACTOR)
        store.add_decision(connection, decision, now)
        store.add_event(connection, message.id, EventKind.DECIDED, now, ACTOR)
        queue = queue_for(decision.route)
        if queue is not None:
            profile = self._classifier.profile
            dates = self._calendar.deadlines(received_at, profile.acknowledge_days, profile.answer_days)
            store.add_item(connection, decision, queue, received_at, dates)
            store.add_event(connection, message.id, EventKind.QUEUED, now, ACTOR)

    def _quarantine(self, connection: Connection, source: str, place: str, reason: str, raw: bytes) -> None:
        number = store.add_arrival(connection, source, self._now(), "quarantined", None)
        store.add_quarantine(connection, number, reason, place, raw)


def _conflict(message: Message) -> str:
    return f"The id {message.id} was received before with other words. Give this message an id of its own."
