"""Messages that come in: decided, and written in as few transactions as may be, with the same rows as one by one.

A commit waits for the disk, and a statement costs as much as a row.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from pipeline.domain import Message
from pipeline.errors import HeardError
from service.accepting import Accepting, Arrived, Made
from service.aside import id_taken
from service.bulk import Apart, Became, all_received
from service.crashpoints import crashpoint
from service.imported import Outcome
from service.received import IdInUse, KeyInUse, Received
from service.store import messages as store
from service.store.database import Database
from service.store.messages import KeyUse

_RETRIES = 2
"""A message's id and its key can each be met once, where another process was first with it."""
_NOTHING_WRITTEN = {"08", "25", "53", "57"}
"""PostgreSQL's classes of errors: connection, read-only, resources, intervention."""
_OTHER_BODY = "This Idempotency-Key was used with another body. Use a new key for a new message."

Did = TypeVar("Did")


@dataclass(kw_only=True, eq=False)
class Asked:
    """A message from `source`, and what becomes of it. With an Idempotency-Key, the hash of the body it came with."""

    message: Message
    source: str
    arrived_at: datetime
    key: str | None = None
    body_sha256: str = ""
    came: Received | None = field(default=None, init=False)
    error: Exception | None = field(default=None, init=False)

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
    """Decides about messages outside the write transaction, and writes them inside one."""

    def __init__(self, database: Database, accepting: Accepting, now: Callable[[], datetime]) -> None:
        self._database = database
        self._accepting = accepting
        self._now = now

    def record(self, asked: Sequence[Asked]) -> None:
        """Each as if by itself: it knows afterwards what became of it. All come from one source."""
        down: Exception | None = None
        for batch in self._parted(asked):
            down = _fail(batch, down) if down else self._settle(batch)

    def _parted(self, asked: Sequence[Asked]) -> Iterator[list[Asked]]:
        """In order; what bears on one before it comes after that is written."""
        batch, apart = list[Asked](), self.apart()
        for one in asked:
            try:
                fits = apart.takes(one.message, *one.marks)
            except Exception as error:  # noqa: BLE001  # a sender that cannot be read must not stop those beside it
                one.error = error
                continue
            if not fits:
                yield batch
                batch, apart = [], self.apart()
                apart.takes(one.message, *one.marks)
            batch.append(one)
        if batch:
            yield batch

    def apart(self) -> Apart:
        """Which messages may come together."""
        return Apart(self._accepting.keys_of)

    def _settle(self, batch: Sequence[Asked]) -> Exception | None:
        """Answers with what nothing could be written for, where that is so."""
        try:
            self._take(batch)
        except Exception as error:  # noqa: BLE001  # raised to who brought it; it must not spoil those beside it
            if _concerns_all(error):
                return _fail(batch, error)
            if len(batch) == 1:
                _fail(batch, error)
                return None
            down: Exception | None = None
            for one in batch:
                down = _fail([one], down) if down else self._settle([one])
            return down
        return None

    def _take(self, batch: Sequence[Asked]) -> None:
        at = min(one.arrived_at for one in batch)
        made = self._accepting.made_if_new(self._database, [one.message for one in batch], at)
        crashpoint("intake_after_decision")
        tried(_RETRIES, lambda: self._write(batch, made, at))
        crashpoint("intake_after_commit")

    def _write(self, batch: Sequence[Asked], made: dict[str, Made], at: datetime) -> None:
        with self._database.writing() as connection:
            crashpoint("intake_in_transaction")
            uses = store.key_uses(connection, [one.key for one in batch if one.key], self._now())
            new = [one for one in batch if not one.key or one.key not in uses]
            became = self._received(connection, new, made, at)
            crashpoint("intake_before_commit")
        for one in batch:
            if one.key and one.key in uses:
                one.repeat(uses[one.key])
        for one, met in zip(new, became, strict=True):
            one.became(met)

    def _received(
        self, connection: Connection, new: Sequence[Asked], made: dict[str, Made], at: datetime
    ) -> list[Became]:
        if not new:
            return []
        arrived = Arrived(source=new[0].source, at=at, now=self._now())
        became = all_received(connection, [one.message for one in new], made, self._accepting, arrived)
        store.add_keys(connection, _uses(new, became), arrived.now)
        return became


def _fail(batch: Sequence[Asked], error: Exception) -> Exception:
    for one in batch:
        one.error = error
    return error


def _concerns_all(error: Exception) -> bool:
    """Whether nothing can be written now, whatever it is: no connection, no room, no key."""
    if isinstance(error, (NoConnection, HeardError)):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, OperationalError) if state is None else state[:2] in _NOTHING_WRITTEN


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
