"""Send events to a target that fails three times in ten, then drain what an outage left. `make soak-webhooks` runs it.

python -m tests.soak.webhooks [--events 10000] [--backlog 50000] [--seed N] [--database URL]
Every event must arrive, verified by the reference library, in order for each message. The clock is turned to the next
try whenever nothing is due. Exits 1 where something is wrong.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import threading
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select
from standardwebhooks import Webhook

from service import webhook_targets
from service.outbox import Outbox
from service.sender import Sender
from service.store.database import Database
from service.store.outbox_tables import outbox, webhook
from service.webhook_post import Poster
from tests.builders import a_decision
from tests.desk import START
from tests.receiver import Act, Handler, Receiver, a_receiver, faulty

_A_CASE = 5
"""Events about one message."""


class Soak:
    """One database, one target, one clock."""

    def __init__(self, database: Database, receiver: Receiver) -> None:
        self.database = database
        self.receiver = receiver
        self.now = START
        self.secret = webhook_targets.add(database, receiver.url, "all", allow_private=True).secrets[0]

    def act(self, act: Act) -> None:
        """From now on: verify each request as it comes, since a signature is good for five minutes; then do this."""
        checks = Webhook(self.secret)

        def checked(handler: Handler) -> None:
            checks.verify(handler.body, dict(handler.headers.items()))
            act(handler)

        self.receiver.act = checked

    def write(self, count: int, name: str) -> None:
        """So many events, about a fifth as many messages."""
        made = Outbox()
        for first in range(0, count, 1_000):
            with self.database.writing() as connection:
                for number in range(first, min(first + 1_000, count)):
                    decision = a_decision(message_id=f"{name}-{number % (count // _A_CASE or 1)}")
                    made.decided(connection, decision, self.now)

    def send(self) -> None:
        """Everything, to the end."""
        sender = Sender(self.database, Poster(seconds=5), now=lambda _connection: self.now)
        while True:
            sender.once(threading.Event())
            query = select(outbox.c.due_at, outbox.c.leased_until, webhook.c.paused_until).join(webhook)
            with self.database.reading() as connection:
                waiting = connection.execute(query.where(outbox.c.status == "waiting")).all()
            if not waiting:
                return
            moments = [max(moment for moment in row if moment is not None) for row in waiting]
            later = timedelta(seconds=1)
            self.now = min((moment for moment in moments if moment > self.now), default=self.now + later)

    def faults(self) -> list[str]:
        """What did not arrive (also as it did not verify), or arrived in another order."""
        arrived: dict[str, list[str]] = defaultdict(list)
        for one in self.receiver.taken():
            arrived[json.loads(one.body)["data"]["message_id"]].append(one.headers["webhook-id"])
        written: dict[str, list[str]] = defaultdict(list)
        with self.database.reading() as connection:
            for message_id, event_id in connection.execute(
                select(outbox.c.message_id, outbox.c.event_id).order_by(outbox.c.id)
            ):
                written[message_id].append(event_id)
        return [name for name, events in written.items() if arrived[name] != events]


def main() -> int:
    """One soak, as the command line says."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as folder, a_receiver(Path(folder)) as receiver:
        os.environ["SSL_CERT_FILE"] = str(receiver.certificate)
        database = Database(given.database or f"sqlite:///{folder}/heard.db")
        database.migrate()
        soak = Soak(database, receiver)
        soak.act(faulty(given.seed))
        wrong = _timed(soak, given.events, "faults of three in ten")
        soak.act(lambda handler: handler.answer(204))
        receiver.got.clear()
        wrong += _timed(soak, given.backlog, "backlog after an outage") if not wrong else 0
        database.close()
    return 1 if wrong else 0


def _timed(soak: Soak, count: int, what: str) -> int:
    soak.receiver.got.clear()
    with soak.database.writing() as connection:
        connection.execute(outbox.delete())
    soak.write(count, what[:6])
    memory, began = _megabytes(), time.monotonic()
    soak.send()
    took, wrong = time.monotonic() - began, soak.faults()
    print(
        f"{what}: {count:,} events, {len(soak.receiver.got):,} requests, {took:.0f} s, {count / took:.0f} a second, "
        f"{_megabytes() - memory:+.0f} MB (what the receiver keeps included): {len(wrong)} cases wrong",
        flush=True,
    )
    return len(wrong)


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--backlog", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=20_261_127)
    parser.add_argument("--database", help="an empty database; a new SQLite file if left out")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
