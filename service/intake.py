"""receive(message): classify, record and queue it, in one transaction. Nothing received vanishes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pipeline.domain import Decision, Message
from pipeline.errors import InputError, RefusedRow
from pipeline.read.lines import line_of
from service.audit import record_arrival, record_decision
from service.contacts import HISTORY_KINDS, ContactKey, History
from service.crashpoints import crashpoint
from service.deadlines import Calendar
from service.deliveries import told_apart
from service.outbox import Outbox
from service.queue import EventKind, QueueName, queue_for
from service.sampling import FILED, Sampling
from service.serving import Decides
from service.store import contacts, quarantine, samples
from service.store import messages as store
from service.store.contacts import Earlier
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


@dataclass(frozen=True, kw_only=True)
class _Made:
    """A decision made before the write transaction, and the history it was made with."""

    decision: Decision
    before: Earlier


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
        self._classifier = classifier
        self._calendar = calendar
        self._now = now
        self._history = history or History()
        self._outbox = outbox or Outbox()
        self._sampling = sampling or Sampling(share=0)

    def receive(self, message: Message, *, source: str, key: str | None = None, body_sha256: str = "") -> Received:
        """Store, decide and queue one message from `source`.

        The same id with the same words is a duplicate, recorded as such; with other words it is set aside for a
        person and IdInUse is raised. `key` is an Idempotency-Key, `body_sha256` the hash of the body it came with.
        Where the caller knows of no prior contacts they are counted here.
        """
        arrived_at = self._now()
        made = self._made_if_new(message, arrived_at)
        crashpoint("intake_after_decision")
        use = (key, KeyUse(body_sha256=body_sha256, message_id=message.id)) if key else None
        try:
            received = self._record(message, made, source, arrived_at, use)
        except IntegrityError:  # another process was first with this id or key; its row is there now
            received = self._record(message, made, source, arrived_at, use)
        crashpoint("intake_after_commit")
        return received

    def set_aside(self, refused: RefusedRow, *, source: str) -> bool:
        """Quarantine what could not be read; False where the very same was set aside before."""
        with self._database.writing() as connection:
            if store.is_quarantined(connection, source, refused.place, refused.reason, refused.raw):
                return False
            self._quarantine(connection, source, refused.place, refused.reason, refused.raw)
            crashpoint("quarantine_before_commit")
        crashpoint("quarantine_after_commit")
        return True

    def settle(self, case: Case, message: Message, settlement: Settlement) -> Received:
        """Receive what was set aside: its arrival turns from quarantined into accepted or duplicate, once.

        All in one transaction. The clock runs from the day it came in, not from today. AlreadySettled where somebody
        was first; IdInUse where the id belongs to other words: the case waits on.
        """
        made = self._made_if_new(message, case.arrived_at)
        try:
            received = self._settle(case, message, made, settlement)
        except IntegrityError:  # another process was first with this id; its row is there now
            received = self._settle(case, message, made, settlement)
        crashpoint("settle_after_commit")
        return received

    def _made_if_new(self, message: Message, arrived_at: datetime) -> _Made | None:
        """None where the id was received before: a redelivery is not decided again."""
        with self._database.reading() as connection:
            if store.known_content(connection, message.id) is not None:
                return None
            before = self._before(connection, message, _received_at(message, arrived_at))
        return _Made(decision=self._decide(message, before), before=before)

    def _before(self, connection: Connection, message: Message, received_at: datetime) -> Earlier:
        since = received_at - self._history.window
        return contacts.earlier(connection, message.id, self._history.keys_of(message), since, received_at)

    def _decide(self, message: Message, before: Earlier) -> Decision:
        known = _with_history(message, before, self._history.keys_of(message))
        return self._classifier.classify([known], explain=True)[0]

    def _record(
        self,
        message: Message,
        made: _Made | None,
        source: str,
        arrived_at: datetime,
        use: tuple[str, KeyUse] | None,
    ) -> Received:
        conflict = None
        with self._database.writing() as connection:
            crashpoint("intake_in_transaction")
            if use:
                earlier = store.key_use(connection, use[0], self._now())
                if earlier and earlier != use[1]:
                    raise KeyInUse("This Idempotency-Key was used with another body. Use a new key for a new message.")
                if earlier:
                    return Received(message_id=earlier.message_id, new=True)
            message = told_apart(message, source, store.delivery(connection, message.id))
            known = store.known_content(connection, message.id)
            if known is None:
                self._accept(connection, message, made, source, arrived_at)
                store.add_arrival(connection, source, arrived_at, "accepted", message.id)
            elif known == store.content_sha256(message):
                store.add_arrival(connection, source, arrived_at, "duplicate", message.id)
            else:
                conflict = _conflict(message)
                raw = message.raw or line_of(message)
                self._quarantine(connection, source, message.source or message.id, conflict, raw)
            if use and conflict is None:
                store.add_key(connection, *use, self._now())
            crashpoint("intake_before_commit")
        if conflict:
            raise IdInUse(conflict)
        return Received(message_id=message.id, new=known is None)

    def _settle(self, case: Case, message: Message, made: _Made | None, settlement: Settlement) -> Received:
        with self._database.writing() as connection:
            if not quarantine.close(connection, case.number, self._now()):
                raise AlreadySettled(f"Number {case.number} was settled by somebody else meanwhile.")
            crashpoint("settle_after_close")
            if settlement.kind is EventKind.RETRIED:  # else a person gave the id, and knows
                message = told_apart(message, case.source, store.delivery(connection, message.id))
            known = store.known_content(connection, message.id)
            if known is None:
                self._accept(connection, message, made, case.source, case.arrived_at)
                quarantine.accept_arrival(connection, case.number, message.id)
            elif known == store.content_sha256(message):
                quarantine.repeat_arrival(connection, case.number, message.id)
            else:
                raise IdInUse(_conflict(message))
            store.add_event(
                connection, message.id, settlement.kind, self._now(), settlement.actor, detail=settlement.why
            )
            record_arrival(
                connection, settlement.kind, case.number, by=settlement.actor, at=self._now(), message_id=message.id
            )
            crashpoint("settle_before_commit")
        return Received(message_id=message.id, new=known is None)

    def _accept(
        self, connection: Connection, message: Message, made: _Made | None, source: str, arrived_at: datetime
    ) -> None:
        """Write a new message. Its history is looked up again: where it has grown meanwhile, it is decided again."""
        now, received_at = self._now(), _received_at(message, arrived_at)
        keys, before = self._history.keys_of(message), self._before(connection, message, received_at)
        usable = made and made.decision.message_id == message.id and made.before.prior == before.prior
        decision = made.decision if made and usable else self._decide(message, before)
        store.add_message(connection, _with_history(message, before, keys), source, received_at, before)
        contacts.add_keys(connection, message.id, keys, received_at)
        store.add_event(connection, message.id, EventKind.RECEIVED, now, ACTOR)
        crashpoint("intake_after_message")
        store.add_decision(connection, decision, now)
        crashpoint("intake_after_decision_row")
        store.add_event(connection, message.id, EventKind.DECIDED, now, ACTOR)
        queue = queue_for(decision.route)
        if decision.route in FILED and self._sampling.share:
            blind = self._sampling.draws(message.id)
            samples.mark(connection, message.id, self._sampling.share, blind=blind)
            queue = QueueName.REVIEW if blind else None
        if queue is not None:
            profile = self._classifier.profile
            dates = self._calendar.deadlines(received_at, profile.acknowledge_days, profile.answer_days)
            store.add_item(connection, decision, queue, received_at, dates)
            store.add_event(connection, message.id, EventKind.QUEUED, now, ACTOR)
            crashpoint("intake_after_item")
        self._outbox.decided(connection, decision, now)
        record_decision(connection, decision, ACTOR, now)
        crashpoint("intake_after_outbox")

    def _quarantine(self, connection: Connection, source: str, place: str, reason: str, raw: bytes) -> None:
        number = store.add_arrival(connection, source, self._now(), "quarantined", None)
        store.add_quarantine(connection, number, reason, place, raw)
        record_arrival(connection, "set_aside", number, by=ACTOR, at=self._now())


def _received_at(message: Message, arrived_at: datetime) -> datetime:
    """A date in the future does not move the clock."""
    return min(message.received_at or arrived_at, arrived_at)


def _with_history(message: Message, before: Earlier, keys: tuple[ContactKey, ...]) -> Message:
    """The message with its prior contacts counted, where the caller gave none and there is something to find by."""
    if message.prior_contacts is not None or not any(key.kind in HISTORY_KINDS for key in keys):
        return message
    return replace(message, prior_contacts=len(before.prior))


def _conflict(message: Message) -> str:
    return f"The id {message.id} was received before with other words. Give this message an id of its own."
