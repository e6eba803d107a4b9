"""Officers' turns, each one transaction: who asks, the item as they saw it, and the answer kept with a key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from service.outbox import Outbox
from service.queue import QueueItem
from service.refusals import ActionKeyInUse, Changed, NoSuchItem
from service.store import action_keys, items
from service.store.database import Database
from service.turn import Turn


@dataclass(frozen=True, kw_only=True)
class Key:
    """An Idempotency-Key and the hash of the request it came with."""

    name: str
    request_sha256: str


@dataclass(frozen=True, kw_only=True)
class Asking:
    """Who asks. `version` is that of the item as they saw it, where they say so."""

    by: str
    version: int | None = None
    key: Key | None = None


class Turns:
    """`now` asks for the time inside the transaction: the database's, unless told otherwise."""

    def __init__(
        self,
        database: Database,
        now: Callable[[Connection], datetime] = items.database_time,
        outbox: Outbox | None = None,
    ) -> None:
        self.database = database
        self.now = now
        self.outbox = outbox or Outbox()

    def act(self, item_id: int, asking: Asking, act: Callable[[Turn], None]) -> QueueItem:
        """Do something with one item; answers the item as it then is. ActionRefused: nothing was changed."""

        def do(connection: Connection, now: datetime) -> QueueItem:
            turn = self.begin(connection, item_id, asking, now)
            act(turn)
            return turn.item

        return self.once(asking, do)

    def once(self, asking: Asking, act: Callable[[Connection, datetime], QueueItem]) -> QueueItem:
        """Run in a transaction of its own; with a key that was used before, only answer again."""
        try:
            return self._run(asking, act)
        except IntegrityError:  # another process was first with this case; its row is there now
            return self._run(asking, act)

    def begin(self, connection: Connection, item_id: int, asking: Asking, now: datetime) -> Turn:
        """The turn at one item, which nobody else changes meanwhile."""
        item = items.item(connection, item_id, lock=True)
        if item is None:
            raise NoSuchItem(f"There is no item {item_id}.")
        turn = Turn(connection=connection, item=item, by=asking.by, now=now, outbox=self.outbox)
        if asking.version not in {None, item.version}:
            raise Changed(f"{turn.standing()} It has changed since you read it: read it again.", item)
        return turn

    def _run(self, asking: Asking, act: Callable[[Connection, datetime], QueueItem]) -> QueueItem:
        with self.database.writing() as connection:
            now, key = self.now(connection), asking.key
            if key and not action_keys.take(connection, key.name, key.request_sha256, now):
                earlier = action_keys.answer(connection, key.name, key.request_sha256)
                if earlier is None:
                    raise ActionKeyInUse("This Idempotency-Key was used with another request. Use a new key.")
                return earlier
            answer = act(connection, now)
            if key:
                action_keys.keep(connection, key.name, answer)
            return answer
