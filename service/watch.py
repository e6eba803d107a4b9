"""`heard watch`: every source in a thread of its own, back-off after trouble, an alarm where one falls silent."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError
from tenacity import RetryCallState, Retrying, retry_if_exception_type, sleep_using_event, stop_when_event_set
from tenacity.wait import wait_random_exponential

from pipeline.errors import HeardError
from service.folder import WatchedFolder
from service.inbox import Inbox
from service.intake import Intake
from service.sources import LoginRefused, MailboxSource, Source, Trouble
from service.store import inboxes as store
from service.store.database import Database
from service.store.locks import sole

LOGIN_PAUSE = timedelta(minutes=1)
"""After a refused login the next one waits so long, whoever starts it: more would lock the account (F25)."""
_AT_ONCE, _LONGEST_PAUSE = 1, 300
_BACK_OFF = wait_random_exponential(multiplier=2, max=_LONGEST_PAUSE)
_TROUBLES = (HeardError, SQLAlchemyError)

_log = structlog.get_logger()


class Looked(Protocol):
    """A kind of source: what the watcher needs of it."""

    kind: str

    @property
    def source(self) -> Source:
        """What was configured."""
        ...

    def session(self, looked: Callable[[], None], stop: Event, *, once: bool) -> None:
        """Look until `stop` is set, or once; `looked` is called after each look. HeardError where it cannot."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


class Watcher:
    """Keeps one source watched whatever happens to it, and says so where it cannot."""

    def __init__(self, looked_at: Looked, database: Database, url: str, now: Callable[[], datetime] = _now) -> None:
        self._looked_at = looked_at
        self._source = looked_at.source
        self._database = database
        self._url = url
        self._now = now
        self._has_looked = False
        self._silence_told = False

    def once(self, stop: Event) -> bool:
        """One look; whether it could be made."""
        try:
            return self._session(stop, once=True)
        except _TROUBLES as trouble:
            self._failed(trouble)
            return False

    def run(self, stop: Event) -> None:
        """Look until `stop` is set; stand by while another process does."""
        while not stop.is_set():
            retrying = Retrying(
                retry=retry_if_exception_type(_TROUBLES),
                wait=_pause,
                sleep=sleep_using_event(stop),
                stop=stop_when_event_set(stop),
                after=self._after,
                retry_error_callback=lambda _state: False,
            )
            if not retrying(self._begun, stop):
                stop.wait(self._source.poll_seconds)

    def _begun(self, stop: Event) -> bool:
        """A session; False where another process holds one. One that breaks after a good look is begun afresh."""
        self._has_looked = False
        try:
            return self._session(stop, once=False)
        except _TROUBLES as trouble:
            if not self._has_looked or isinstance(trouble, LoginRefused):
                raise
            self._failed(trouble)
            stop.wait(_AT_ONCE)
            return True

    def _session(self, stop: Event, *, once: bool) -> bool:
        with sole(self._url, f"watch {self._source.name}") as mine:
            if not mine:
                _log.info("watch_standby", source=self._source.name, reason="another process watches it")
                return False
            self._register()
            self._await_login(stop, once=once)
            self._looked_at.session(self._looked, stop, once=once)
            return True

    def _register(self) -> None:
        source = self._source
        with self._database.writing() as connection:
            store.register(
                connection,
                source.name,
                self._looked_at.kind,
                self._now(),
                silent_after=source.silent_after_hours * 3600,
                stopped_after=source.stopped_after_minutes * 60,
            )

    def _await_login(self, stop: Event, *, once: bool) -> None:
        with self._database.reading() as connection:
            refused_at = store.source(connection, self._source.name).refused_at
        left = LOGIN_PAUSE - (self._now() - refused_at) if refused_at else timedelta()
        if left <= timedelta():
            return
        if once:
            raise Trouble("the login was refused less than a minute ago: correct it, then try again in a minute.")
        stop.wait(min(left, LOGIN_PAUSE).total_seconds())

    def _looked(self) -> None:
        self._has_looked = True
        now = self._now()
        with self._database.writing() as connection:
            store.looked(connection, self._source.name, now)
            silent = store.source(connection, self._source.name).is_silent(now)
        if silent and not self._silence_told:
            hours = self._source.silent_after_hours
            _log.error("watch_silent", source=self._source.name, reason=f"no message for more than {hours:g} hours")
        self._silence_told = silent

    def _after(self, state: RetryCallState) -> None:
        trouble = state.outcome.exception() if state.outcome else None
        if trouble is not None:
            self._failed(trouble)

    def _failed(self, trouble: BaseException) -> None:
        """Log it and keep it for `heard watch status`, unless it is the database itself that does not answer."""
        reason = str(trouble) if isinstance(trouble, HeardError) else f"the database: {type(trouble).__name__}."
        _log.error("watch_failed", source=self._source.name, reason=reason)
        try:
            with self._database.writing() as connection:
                refused = isinstance(trouble, LoginRefused)
                store.failed(connection, self._source.name, self._now(), reason, refused=refused)
        except SQLAlchemyError as error:
            _log.error("watch_failed", source=self._source.name, reason=f"the database: {type(error).__name__}.")


def watch(
    sources: Iterable[Source], database: Database, url: str, intake: Intake, stop: Event, *, once: bool = False
) -> bool:
    """Watch every source until `stop` is set, or look once at each; whether every look could be made."""
    watchers = [Watcher(_looked_at(source, database, intake), database, url) for source in sources]
    with ThreadPoolExecutor(max_workers=len(watchers), thread_name_prefix="watch") as pool:
        futures = [pool.submit(watcher.once if once else watcher.run, stop) for watcher in watchers]
        for future in futures:
            future.add_done_callback(lambda done: stop.set() if done.exception() else None)
        return all(future.result() is not False for future in futures)


def _looked_at(source: Source, database: Database, intake: Intake) -> Looked:
    if isinstance(source, MailboxSource):
        return Inbox(source, database, intake)
    return WatchedFolder(source, database, intake)


def _pause(state: RetryCallState) -> float:
    seconds = _BACK_OFF(state)
    refused = state.outcome is not None and isinstance(state.outcome.exception(), LoginRefused)
    return max(seconds, LOGIN_PAUSE.total_seconds()) if refused else seconds
