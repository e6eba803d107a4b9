"""The pages as a browser sees them: a service on a port, its queues filled, without a model."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn

from pipeline.domain import CueKind, Flag
from service.api.context import Context
from service.app import build_context, create_app
from service.claiming import Claiming
from service.queue import QueueItem, QueueName
from service.settings import Settings
from service.store.reviews import Review
from service.store.tables import decision
from service.turns import Asking
from tests.builders import COMPLAINT, a_cue
from tests.desk import put

KHAN, PATEL = "A. Khan", "S. Patel"


@dataclass(frozen=True)
class Site:
    """One running service. Items are put straight into its database."""

    address: str
    parts: Context

    def put(
        self, queue: QueueName = QueueName.REVIEW, *, days: int = 2, blind: bool = False, **given: Any
    ) -> QueueItem:
        """A message received so many days ago, and its item."""
        received = datetime.now(UTC) - timedelta(days=days)
        made = {"cues": (), "provisions": {}, **given.pop("decision", {})}
        message_id = given.pop("message_id", f"m-{time.monotonic_ns()}")
        with self.parts.database.writing() as connection:
            item = put(
                connection, self.parts.calendar, message_id, queue, received, decision=made, blind=blind, **given
            )
            if blind:
                connection.execute(decision.update().where(decision.c.message_id == message_id).values(blind=True))
        return item

    def claim(self, item: QueueItem, by: str = KHAN, *, lease: timedelta | None = None) -> int:
        claiming = Claiming(self.parts.reviewing._turns, lease=lease) if lease else self.parts.claiming
        return claiming.claim(item.id, Asking(by=by)).fence

    def review(self, item: QueueItem, verdict: Any, by: str = KHAN, **given: Any) -> None:
        made = Review(verdict=verdict, saw_suggestion=True, **given)
        self.parts.reviewing.review(item.id, Asking(by=by), self.claim(item, by), made)


def a_noticed_decision(**given: Any) -> dict[str, Any]:
    """A decision with marks in COMPLAINT and every flag an officer must see."""
    start = COMPLAINT.index("third time")
    cue = a_cue()
    found = type(cue)(kind=CueKind.REPEAT_CONTACT, text="third time", start=start, end=start + 10)
    return {
        "cues": (found,),
        "provisions": {CueKind.REPEAT_CONTACT: "HOS 1.5"},
        "flags": (Flag.HAZARD, Flag.VULNERABILITY, Flag.ADJUSTMENT, Flag.EXCLUSION),
        "reasons": ("May be a complaint (50%), not sure enough to say.",),
        **given,
    }


@contextmanager
def a_site_without_a_port(database: str, folder: Path, **settings: Any) -> Iterator[Site]:
    """The parts alone, for a client in the same process."""
    models = folder / "no-models"
    models.mkdir(parents=True, exist_ok=True)
    parts = build_context(Settings(database=database, models=models, deliver=False, **settings))
    yield Site(address="", parts=parts)
    parts.database.close()


@contextmanager
def a_site(folder: Path, **settings: Any) -> Iterator[Site]:
    """Served until the block ends."""
    models = folder / "no-models"
    models.mkdir(parents=True, exist_ok=True)
    address = f"sqlite:///{folder / 'heard.db'}"
    parts = build_context(Settings(database=address, models=models, deliver=False, **settings))
    server = uvicorn.Server(uvicorn.Config(create_app(parts), port=0, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Site(address=f"http://127.0.0.1:{port}", parts=parts)
    server.should_exit = True
    thread.join(timeout=10)
