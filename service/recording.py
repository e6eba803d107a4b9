"""What several senders bring at once is written in one transaction (group commit): the same rows as one by one.

Whoever comes while another writes waits in line, and the next to get its turn writes for all who wait by then. A commit
waits for the disk and a statement costs as much as a row, so that under load transactions grow fuller and the wait
hardly longer. Nobody is answered before what they brought is committed.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from pipeline.domain import Message
from service.accepting import Accepting, Arrived, Made
from service.aside import id_taken
from service.bulk import Apart, Became, all_received
from service.crashpoints import crashpoint
from service.imported import Outcome
from service.received import IdInUse, KeyInUse, Received
from service.store import messages as store
from service.store.database import Database
from service.store.messages import KeyUse

LARGEST = 16
"""Messages a transaction: as many as the model is asked about at once."""
_OTHER_BODY = "This Idempotency-Key was used with another body. Use a new key for a new message."

Did = TypeVar("Did")


@dataclass(kw_only=True, eq=False)
class Asked:
    """A message to write, what was decided about it, and what becomes of it. With a `key`, the hash of its body."""

    message: Message
    made: dict[str, Made]
    source: str
    arrived_at: datetime
    key: str | None = None
    body_sha256: str = ""
    came: Received | None = field(default=None, init=False)
    error: BaseException | None = field(default=None, init=False)

    @property
    def marks(self) -> set[object]:
        """What no other may have that is written in the same transaction, beside what the message says."""
        return {("key", self.key)} if self.key else set()

    def answer(self) -> Received:
        """What became of it, or what was raised."""
        if self.came is None:
            raise self.error or RuntimeError("It was asked for before it was written.")
        return self.came

    def repeat(self, use: KeyUse) -> None:
        """Its key was used before: the same answer, to the same body."""
        if use.body_sha256 == self.body_sha256:
            self.came = Received(message_id=use.message_id, new=use.new, again=True)
        else:
            self.error = KeyInUse(_OTHER_BODY, self.message.id)

    def became(self, met: Became) -> None:
        """It is committed."""
        if met.outcome is Outcome.REFUSED:
            self.error = IdInUse(id_taken(met.taken_id), met.taken_id)
        else:
            self.came = Received(message_id=met.message_id, new=met.outcome is Outcome.ACCEPTED)


class Recorder:
    """Writes messages: one transaction at a time in a process, with as many as wait and do not bear on each other."""

    def __init__(self, database: Database, accepting: Accepting, now: Callable[[], datetime]) -> None:
        self._database = database
        self._accepting = accepting
        self._now = now
        self._line: deque[Asked] = deque()
        self._turn = threading.Lock()

    def record(self, asked: Asked) -> Received:
        """Write it; IdInUse, KeyInUse, or what the database raised."""
        self._line.append(asked)
        with self._turn:
            while not (asked.came or asked.error):
                self._settle(self._taken())
        return asked.answer()

    def _taken(self) -> list[Asked]:
        """From the head of the line, as far as each can be written beside those before it."""
        batch, apart = list[Asked](), Apart(self._accepting.keys_of)
        while self._line and len(batch) < LARGEST:
            one = self._line[0]
            if (batch and one.source != batch[0].source) or not apart.takes(one.message, *one.marks):
                break
            batch.append(self._line.popleft())
        return batch

    def _settle(self, batch: Sequence[Asked]) -> None:
        if len(batch) > 1 and self._together(batch):
            return
        for asked in batch:
            try:
                tried(2, partial(self._write, [asked]))
            except BaseException as error:  # noqa: BLE001  # raised in the thread whose message it is
                asked.error = error

    def _together(self, batch: Sequence[Asked]) -> bool:
        """Whether it is known what became of all; else each is tried by itself, so that one does not spoil the rest."""
        try:
            self._write(batch)
        except (OperationalError, NoConnection) as error:
            for asked in batch:
                asked.error = error
        except Exception:  # noqa: BLE001  # it is met again, and raised, with the message that is the cause
            return False
        return True

    def _write(self, batch: Sequence[Asked]) -> None:
        with self._database.writing() as connection:
            crashpoint("intake_in_transaction")
            uses = store.key_uses(connection, [one.key for one in batch if one.key], self._now())
            new = [one for one in batch if not one.key or one.key not in uses]
            became = self._received(connection, new)
            crashpoint("intake_before_commit")
        for one in batch:
            if one.key and one.key in uses:
                one.repeat(uses[one.key])
        for one, met in zip(new, became, strict=True):
            one.became(met)

    def _received(self, connection: Connection, new: Sequence[Asked]) -> list[Became]:
        if not new:
            return []
        made = {name: made for one in new for name, made in one.made.items()}
        now, at = self._now(), min(one.arrived_at for one in new)
        arrived = Arrived(source=new[0].source, at=at, now=now)
        became = all_received(connection, [one.message for one in new], made, self._accepting, arrived)
        store.add_keys(connection, _uses(new, became), now)
        return became


def _uses(new: Sequence[Asked], became: Sequence[Became]) -> dict[str, KeyUse]:
    """In one order for every process, so that two wait for each other and never in a circle."""
    return {
        one.key: KeyUse(body_sha256=one.body_sha256, message_id=met.message_id, new=met.outcome is Outcome.ACCEPTED)
        for one, met in sorted(zip(new, became, strict=True), key=lambda pair: pair[0].key or "")
        if one.key and met.outcome is not Outcome.REFUSED
    }


def tried(unique: int, act: Callable[[], Did]) -> Did:
    """Do it again where another process was first with an id or key: its row is there the next time.

    So each of the `unique` ids and keys that are written can be met once, and an error beyond them is one of ours.
    """
    for _ in range(unique):
        with suppress(IntegrityError):
            return act()
    return act()
