"""What is decided about new messages and written of them: history, decision, item, events, and what others are told."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from pipeline.domain import Decision, Message
from service.audit import record_decision
from service.audit_chain import ACTOR
from service.contacts import HISTORY_KINDS, ContactKey, History
from service.crashpoints import crashpoint
from service.deadlines import Calendar
from service.outbox import Outbox
from service.queue import EventKind, QueueName, queue_for
from service.sampling import Sample, Sampling
from service.serving import Decides
from service.store import contacts, tables
from service.store import messages as store
from service.store.contacts import Earlier
from service.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """Where messages came from and when, and the time now."""

    source: str
    at: datetime
    now: datetime


@dataclass(frozen=True, kw_only=True)
class Made:
    """A decision made before the write transaction, and the history it was made with."""

    decision: Decision
    before: Earlier


@dataclass(frozen=True, kw_only=True)
class _New:
    """A new message with all that is written of it. `queue` is None where no officer sees it."""

    message: Message
    decision: Decision
    before: Earlier
    keys: tuple[ContactKey, ...]
    received_at: datetime
    sample: Sample | None
    queue: QueueName | None


class Accepting:
    """Decides outside the write transaction, writes inside one."""

    def __init__(
        self,
        classifier: Decides,
        calendar: Calendar,
        *,
        history: History | None = None,
        outbox: Outbox | None = None,
        sampling: Sampling | None = None,
    ) -> None:
        self._classifier = classifier
        self._calendar = calendar
        self._history = history or History()
        self._outbox = outbox or Outbox()
        self._sampling = sampling or Sampling(share=0)

    def made_if_new(self, database: Database, messages: Sequence[Message], arrived_at: datetime) -> dict[str, Made]:
        """By id, without those received before: a redelivery is not decided again."""
        with database.reading() as connection:
            known = store.known_contents(connection, [message.id for message in messages])
            new = [message for message in messages if message.id not in known]
            before = [
                self._before(connection, message, self.keys_of(message), _received_at(message, arrived_at))
                for message in new
            ]
        decisions = self._decide(new, before)
        made = (Made(decision=decision, before=earlier) for decision, earlier in zip(decisions, before, strict=True))
        return {message.id: one for message, one in zip(new, made, strict=True)}

    def keys_of(self, message: Message) -> tuple[ContactKey, ...]:
        """By what later messages find this one: two of a key must not be decided at once."""
        return self._history.keys_of(message)

    def _before(
        self, connection: Connection, message: Message, keys: tuple[ContactKey, ...], received_at: datetime
    ) -> Earlier:
        since = received_at - self._history.window
        return contacts.earlier(connection, message.id, keys, since, received_at)

    def _decide(self, messages: Sequence[Message], before: Sequence[Earlier]) -> Sequence[Decision]:
        known = [
            _with_history(message, earlier, self.keys_of(message))
            for message, earlier in zip(messages, before, strict=True)
        ]
        return self._classifier.classify(known, explain=True) if known else ()

    def accept(
        self, connection: Connection, received: Sequence[Message], made: dict[str, Made], arrived: Arrived
    ) -> list[Decision]:
        """Write new messages that have no contact key in common; answers what was decided about each.

        Their history is looked up again: where it has grown meanwhile, they are decided again. Messages are written in
        the order of their ids, so that two who write the same ones wait for each other and never in a circle.
        """
        new = [self._new(connection, message, made.get(message.id), arrived) for message in received]
        messages = [_message_row(each, arrived) for each in new]
        store.insert_all(connection, tables.message, sorted(messages, key=itemgetter("id")))
        store.insert_all(connection, tables.contact, [row for each in new for row in _contact_rows(each)])
        crashpoint("intake_after_message")
        decisions = [store.decision_values(each.decision, arrived.now, each.sample) for each in new]
        store.insert_all(connection, tables.decision, decisions)
        crashpoint("intake_after_decision_row")
        items = [self._item_row(each, each.queue) for each in new if each.queue]
        store.insert_all(connection, tables.queue_item, items)
        if items:
            crashpoint("intake_after_item")
        store.insert_all(connection, tables.event, [row for each in new for row in _event_rows(each, arrived.now)])
        self._tell(connection, [each.decision for each in new], arrived.now)
        return [each.decision for each in new]

    def _new(self, connection: Connection, message: Message, made: Made | None, arrived: Arrived) -> _New:
        received_at, keys = _received_at(message, arrived.at), self.keys_of(message)
        before = self._before(connection, message, keys, received_at)
        usable = made and made.before.prior == before.prior
        decision = made.decision if made and usable else self._decide([message], [before])[0]
        sample = self._sampling.sample(message.id, decision.route)
        queue = QueueName.REVIEW if sample and sample.drawn else queue_for(decision.route)
        return _New(
            message=_with_history(message, before, keys),
            decision=decision,
            before=before,
            keys=keys,
            received_at=received_at,
            sample=sample,
            queue=None if sample and not sample.drawn else queue,
        )

    def _item_row(self, new: _New, queue: QueueName) -> dict[str, Any]:
        profile = self._classifier.profile
        dates = self._calendar.deadlines(new.received_at, profile.acknowledge_days, profile.answer_days)
        blind = bool(new.sample and new.sample.drawn)
        return store.item_values(new.decision, queue, new.received_at, dates, blind=blind)

    def _tell(self, connection: Connection, decisions: Sequence[Decision], now: datetime) -> None:
        self._outbox.all_decided(connection, decisions, now)
        for decision in decisions:
            record_decision(connection, decision, ACTOR, now)
        crashpoint("intake_after_outbox")


def _message_row(new: _New, arrived: Arrived) -> dict[str, Any]:
    return store.message_values(new.message, arrived.source, new.received_at, new.before)


def _contact_rows(new: _New) -> list[dict[str, Any]]:
    return contacts.key_values(new.message.id, new.keys, new.received_at)


def _event_rows(new: _New, now: datetime) -> list[dict[str, Any]]:
    kinds = (EventKind.RECEIVED, EventKind.DECIDED, *((EventKind.QUEUED,) if new.queue else ()))
    return [store.event_values(new.message.id, kind, now, ACTOR) for kind in kinds]


def _received_at(message: Message, arrived_at: datetime) -> datetime:
    """A date in the future does not move the clock."""
    return min(message.received_at or arrived_at, arrived_at)


def _with_history(message: Message, before: Earlier, keys: tuple[ContactKey, ...]) -> Message:
    """The message with its prior contacts counted, where the caller gave none and there is something to find by."""
    if message.prior_contacts is not None or not any(key.kind in HISTORY_KINDS for key in keys):
        return message
    return replace(message, prior_contacts=len(before.prior))
