"""What came in while the model gave no answer is decided once there is one (P11): `heard decide --undetermined`.

Each message in a transaction of its own, once: one that an officer has decided, or somebody else has decided here
meanwhile, is left as it is, and so is one that an officer works on. Its dates have run since receipt and still do.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from pipeline.domain import Decision, Message, Route
from pipeline.undetermined import NO_MODEL
from service.audit import record_decision
from service.audit_chain import ACTOR
from service.crashpoints import crashpoint
from service.outbox import Outbox
from service.queue import DECIDED_LATER, EventKind, QueueName, QueueStatus, queue_for, status_after
from service.sampling import Sampling, place_of
from service.serving import Decides
from service.store import items, messages, undetermined
from service.store.database import Database
from service.turn import Turn

_BATCH = 64
_WHY = "The model gave no answer when it came."


@dataclass(kw_only=True)
class Decided:
    """What a run came to: by route; those an officer works on; those for which the model gave no answer again."""

    routes: Counter[Route] = field(default_factory=Counter)
    held: int = 0
    waiting: int = 0

    @property
    def whole(self) -> bool:
        """Nothing is left to do."""
        return not self.held and not self.waiting


class Later:
    """`now` asks for the time inside a transaction: the database's, unless told otherwise."""

    def __init__(
        self,
        database: Database,
        classifier: Decides,
        *,
        outbox: Outbox | None = None,
        sampling: Sampling | None = None,
        now: Callable[[Connection], datetime] = items.database_time,
    ) -> None:
        self._database = database
        self._classifier = classifier
        self._outbox = outbox or Outbox()
        self._sampling = sampling or Sampling(share=0)
        self._now = now

    def run(self) -> Decided:
        """Decide all that waits for a model; ends where it gives no answer to any of a batch."""
        done = Decided()
        for some in self._waiting():
            made = self._answers(some)
            if not made:
                break
            for one in made:
                self._replace(one, done)
        with self._database.reading() as connection:
            done.waiting = undetermined.count(connection) - done.held
        return done

    def _answers(self, some: Sequence[Message]) -> list[Decision]:
        """What the model decides; those it gave no answer for together are asked about one by one."""
        made = self._classifier.classify(some, explain=True)
        alone = [one for one, first in zip(some, made, strict=True) if first.model_version == NO_MODEL]
        again = [found for one in alone for found in self._classifier.classify([one], explain=True)]
        return [one for one in (*made, *again) if one.model_version != NO_MODEL]

    def _waiting(self) -> Iterator[Sequence[Message]]:
        after = ""
        while True:
            with self._database.reading() as connection:
                some = undetermined.messages(connection, after=after, limit=_BATCH)
            if not some:
                return
            yield some
            after = some[-1].id

    def _replace(self, made: Decision, done: Decided) -> None:
        with self._database.writing() as connection:
            now = self._now(connection)
            row = messages.item_row(connection, made.message_id)
            item = items.item(connection, row["id"], lock=True) if row else None
            if item is None or item.status is not QueueStatus.NEW:
                return
            if item.held_at(now):
                done.held += 1
                return
            sample = self._sampling.sample(made.message_id, made.route)
            if not undetermined.replace(connection, made, now, sample):
                return
            turn = Turn(connection=connection, item=item, by=ACTOR, now=now, outbox=self._outbox)
            _move(turn, made, blind=bool(sample and sample.drawn))
            messages.add_event(connection, made.message_id, EventKind.DECIDED, now, ACTOR, detail=_WHY)
            self._outbox.decided(connection, made, now)
            record_decision(connection, made, ACTOR, now)
            crashpoint("decide_before_commit")
        done.routes[made.route] += 1


def _move(turn: Turn, made: Decision, *, blind: bool) -> None:
    """Where the decision leads; what is filed leaves the queue, unless it is drawn for the blind sample."""
    kind = DECIDED_LATER[Route.REVIEW if blind else made.route]
    turn.write(
        kind,
        reason=_WHY,
        status=status_after(kind, turn.item.status),
        queue=QueueName.REVIEW if blind else queue_for(made.route) or turn.item.queue,
        risk=place_of(made.message_id) if blind else made.prediction.complaint,
        blind=blind,
    )
