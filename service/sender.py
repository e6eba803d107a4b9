"""Sends what stands in the outbox: at least once each, in order for each message, no target waiting for another (P20).

A target has a thread of its own while there is something for it. Several senders may run: who claims an event holds a
lease on it, and a sender that was too late finds its lease lost. One that is killed between sending and writing it
down leaves the event to be sent again, under the same id.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Protocol

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from pipeline.errors import HeardError, SettingsError
from service.crashpoints import crashpoint
from service.outbox import body_of
from service.store import outbox as store
from service.store import webhooks
from service.store.database import Database
from service.store.items import database_time
from service.store.outbox import Parcel
from service.vault import Vault
from service.webhook_post import Answer
from service.webhooks import LONGEST_WAIT, Target, pause_after, signed, wait_after

LEASE = timedelta(seconds=60)
"""Longer than a try can take."""
_LOOK_SECONDS = 0.5
_END_SECONDS = 5
_GONE = 410
_AGENT = {"content-type": "application/json", "user-agent": "heard-webhooks/1"}

_log = structlog.get_logger()


class Post(Protocol):
    """How an event leaves."""

    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, allow_private: bool) -> Answer:
        """Send; what went wrong is answered, not raised."""
        ...


@dataclass(frozen=True, kw_only=True)
class _Try:
    """An event and where it goes, claimed."""

    parcel: Parcel
    target: Target
    body: bytes


class Sender:
    """`now` asks for the time inside a transaction: the database's, unless told otherwise."""

    def __init__(
        self,
        database: Database,
        post: Post,
        *,
        vault: Vault | None = None,
        now: Callable[[Connection], datetime] = database_time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._post = post
        self._vault = vault or Vault.as_set()
        self._refused = ""
        self._now = now
        self._chance = chance

    def run(self, stop: Event) -> None:
        """Send what is due until `stop` is set. Not without the key that opens the secrets."""
        try:
            self._vault.seal_again(self._database)
        except (SettingsError, SQLAlchemyError) as error:
            _log.error("webhooks_not_sent", reason=str(error) if isinstance(error, SettingsError) else "the database")
        working: dict[int, Thread] = {}
        while not stop.wait(_LOOK_SECONDS):
            for webhook_id in self._due():
                if webhook_id not in working or not working[webhook_id].is_alive():
                    working[webhook_id] = Thread(
                        target=self.drain, args=(webhook_id, stop), name=f"webhook {webhook_id}", daemon=True
                    )
                    working[webhook_id].start()
        for thread in working.values():
            thread.join(_END_SECONDS)

    def once(self, stop: Event) -> None:
        """Send all that is due now, all targets at the same time, then end."""
        threads = [Thread(target=self.drain, args=(name, stop), daemon=True) for name in self._due()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def drain(self, webhook_id: int, stop: Event) -> None:
        """Send what is due to one target, one event after the other."""
        try:
            made = self._step(webhook_id, None)
            while made is not None and not stop.is_set():
                answer = send(self._post, made.target, made.parcel.event_id, made.body)
                crashpoint("outbox_after_send")
                made = self._step(webhook_id, (made, answer))
        except SettingsError as error:
            if self._refused != str(error):
                _log.error("webhooks_not_sent", reason=str(error))
            self._refused = str(error)
        except (SQLAlchemyError, HeardError) as error:
            _log.error("webhook_sender_failed", webhook=webhook_id, reason=type(error).__name__)

    def _due(self) -> list[int]:
        try:
            with self._database.reading() as connection:
                return store.due_targets(connection, self._now(connection))
        except SQLAlchemyError as error:
            _log.error("webhook_sender_failed", reason=f"the database: {type(error).__name__}")
            return []

    def _step(self, webhook_id: int, last: tuple[_Try, Answer] | None) -> _Try | None:
        """Write down how the last try went and claim the next event: one commit an event."""
        with self._database.writing() as connection:
            now = self._now(connection)
            if last is not None:
                self._settle(connection, *last, now)
            made = self._claimed(connection, webhook_id, now)
            crashpoint("outbox_before_commit")
        crashpoint("outbox_after_claim")
        return made

    def _claimed(self, connection: Connection, webhook_id: int, now: datetime) -> _Try | None:
        parcel = store.claim(connection, webhook_id, now, now + LEASE)
        target = webhooks.target(connection, webhook_id, now) if parcel else None
        if parcel is None or target is None:
            return None
        words = store.words(connection, parcel.message_id) if target.with_text else {}
        return _Try(parcel=parcel, target=self._vault.opened(target), body=body_of(parcel, words))

    def _settle(self, connection: Connection, made: _Try, answer: Answer, now: datetime) -> None:
        parcel = made.parcel
        if not answer.failure:
            if not store.sent(connection, parcel, now):
                _log.warning("webhook_lease_lost", webhook=parcel.webhook_id, event_id=parcel.event_id)
            return
        failures = webhooks.failed(connection, parcel.webhook_id, answer.failure)
        if answer.status == _GONE:
            webhooks.disable(connection, parcel.webhook_id, now)
            _log.error("webhook_disabled", webhook=parcel.webhook_id, reason="the target answered 410: it is gone")
        self._retry(connection, parcel, answer, now)
        rest = max(_asked(answer), pause_after(failures) or timedelta())
        if rest:
            webhooks.pause(connection, parcel.webhook_id, now + rest)

    def _retry(self, connection: Connection, parcel: Parcel, answer: Answer, now: datetime) -> None:
        wait = wait_after(parcel.tries, self._chance())
        if wait is None:
            if store.give_up(connection, parcel, now, answer.failure):
                where = {"webhook": parcel.webhook_id, "event_id": parcel.event_id}
                _log.error("webhook_event_dead", **where, number=parcel.id, tries=parcel.tries, reason=answer.failure)
            return
        store.put_off(connection, parcel, now + max(wait, _asked(answer)), answer.failure)


def send(post: Post, target: Target, event_id: str, body: bytes) -> Answer:
    """One try, signed with the time of this moment."""
    headers = {**_AGENT, **signed(target.secrets, event_id, datetime.now(UTC), body)}
    return post.post(target.url, headers, body, allow_private=target.allow_private)


def _asked(answer: Answer) -> timedelta:
    return min(answer.retry_after or timedelta(), LONGEST_WAIT)
