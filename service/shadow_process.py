"""The process that asks a challenger, and the thread of the service that keeps it going while one is in the shadow.

A process of its own, at low priority: what the challenger takes, blocks or breaks is not the service's. One that
gives no answer within a minute is ended by the system's own alarm.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from threading import Event
from time import monotonic

import structlog
from sqlalchemy.exc import SQLAlchemyError

from pipeline.classify import MODELS, MessageClassifier
from pipeline.errors import UntrustedModel
from service.logs import to_standard_error
from service.models import Models
from service.settings import Settings
from service.shadow import Challenger, NoShadow, Worker
from service.store import shadow as store
from service.store.database import Database
from service.store.shadow import Run

_PATIENCE = 60
"""Seconds a batch may take."""
_LOOK_SECONDS = 2.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 30.0, 3_600.0
_END_SECONDS = 5
_NICE = 10
_log = structlog.get_logger()


class Pauses:
    """How long to wait before what ended is started again: twice as long each time, until one has lived an hour."""

    def __init__(self) -> None:
        self._last = 0.0

    def after(self, lived: float) -> float:
        """Seconds, after one that lived so long."""
        before = 0.0 if lived >= _LONGEST_PAUSE else self._last
        self._last = min(max(2 * before, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        return self._last


class Keeper:
    """Starts the process while a run is on, ends it with the run or the service, and starts it again if it dies."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database
        self._process: subprocess.Popen[bytes] | None = None
        self._run_id = 0
        self._pauses = Pauses()
        self._began = self._not_before = 0.0

    def run(self, stop: Event) -> None:
        """Until `stop` is set."""
        while not stop.wait(_LOOK_SECONDS):
            self._look()
        self._end()

    def _look(self) -> None:
        try:
            with self._database.reading() as connection:
                run = store.running(connection)
        except SQLAlchemyError:
            return
        if run is None:
            self._end()
            return
        if run.id != self._run_id:
            self._run_id, self._pauses, self._not_before = run.id, Pauses(), 0.0
        if self._process and self._process.poll() is not None:
            pause = self._pauses.after(monotonic() - self._began)
            _log.warning("shadow_ended", status=self._process.returncode, again_in=pause)
            self._process, self._not_before = None, monotonic() + pause
        if self._process is None and monotonic() >= self._not_before:
            self._began = monotonic()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "service.shadow_process"],
                env={**os.environ, **_environment(self._settings)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def opener(settings: Settings) -> Callable[[Run], Challenger]:
    """Loads the very model that was put in the shadow; UntrustedModel where it is another one by now."""
    models = Models(settings.models or MODELS)

    def open_model(run: Run) -> Challenger:
        model = models.whole(run.version)
        if model.manifest_sha256 != run.manifest_sha256:
            raise UntrustedModel(f"{run.version} has changed since it was put in the shadow: start it again.")
        return MessageClassifier.open(model.folder, settings.profile).classify

    return open_model


def main() -> None:
    """Until told to end, the service that started it is gone, or the challenger cannot be loaded."""
    os.nice(_NICE)
    to_standard_error()
    parent, settings = os.getppid(), Settings()
    worker = Worker(Database(settings.database), opener(settings), before=lambda: signal.alarm(_PATIENCE))
    pause = Event()
    while os.getppid() == parent:
        try:
            taken = worker.look()
        except NoShadow:
            sys.exit(1)
        if not taken:
            signal.alarm(0)
            pause.wait(_LOOK_SECONDS)


def _environment(settings: Settings) -> dict[str, str]:
    """What the service was told by options, as the process reads it."""
    given = {"HEARD_DATABASE": settings.database, "HEARD_PROFILE": settings.profile}
    return given | ({"HEARD_MODELS": str(settings.models)} if settings.models else {})


if __name__ == "__main__":
    main()
