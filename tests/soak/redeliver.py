"""Deliver 10,000 messages one to five times each, in any order, to eight processes at once. `make soak-again` runs it.

python -m tests.soak.redeliver MODEL [--messages 10000] [--workers 8] [--seed N] [--database URL or postgresql]
Then counts: prints deliveries, messages, decisions and what is wrong; exits 1 where anything is.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from pipeline.classify import MessageClassifier
from pipeline.domain import Message
from service.intake import Intake
from service.recording import Asked
from service.store import tables
from service.store.database import Database
from service.together import LARGEST
from tests.builders import a_message
from tests.faults import harness
from tests.soak.places import a_database

_MOST = 5


def main() -> int:
    """One soak, as the command line says."""
    given = _arguments()
    classifier = MessageClassifier.open(given.model, "hos-2024")
    classifier.classify([a_message()], explain=True)
    chance, messages = random.Random(given.seed), harness.canaries(given.messages)
    delivered = [message for message in messages for _ in range(chance.randint(1, _MOST))]
    chance.shuffle(delivered)
    with tempfile.TemporaryDirectory() as folder, a_database(given.database, folder) as (url, _cluster):
        began = time.monotonic()
        found = _delivered(url, classifier, [delivered[worker :: given.workers] for worker in range(given.workers)])
        found += harness.faults(url, messages)
        arrivals, decisions = _counted(url)
        took = time.monotonic() - began
    told_again = sum(_is_keyed(message) for message in delivered) - sum(_is_keyed(message) for message in messages)
    if arrivals != len(delivered) - told_again:
        found.append(f"{arrivals} arrivals of {len(delivered)} deliveries, {told_again} of them answered by their key")
    print(
        f"{url.partition(':')[0]}: {len(delivered):,} deliveries of {len(messages):,} messages by {given.workers} "
        f"processes, seed {given.seed}, {took:.0f} s: {decisions:,} decisions, {len(found)} faults"
    )
    for fault in found[:20]:
        print(f"  {fault}")
    return 1 if found else 0


def _delivered(url: str, classifier: MessageClassifier, piles: Sequence[Sequence[Message]]) -> list[str]:
    def work(worker: int) -> None:
        database = Database(url)
        intake = harness.an_intake(database, classifier)
        chance, left = random.Random(worker), list(piles[worker])
        while left:
            size = chance.randint(1, LARGEST)
            some, left = left[:size], left[size:]
            asked = [_asked(intake, message, f"worker-{worker}") for message in some]
            intake.receive_each(asked)
            left += [one.message for one in asked if _is_refused(one)]
        database.close()

    children = [harness.in_child(lambda worker=worker: work(worker)) for worker in range(len(piles))]
    ended = [harness.exit_status(child) for child in children]
    return [f"worker {worker} ended with {status}" for worker, status in enumerate(ended) if status]


def _is_refused(asked: Asked) -> bool:
    """Whether the database was too busy: its sender delivers it again. Anything else is a fault."""
    try:
        asked.answer()
    except OperationalError:
        return True
    return False


def _asked(intake: Intake, message: Message, source: str) -> Asked:
    key = f"key of {message.id}" if _is_keyed(message) else None
    return intake.asked(message, source=source, key=key, body_sha256="same")


def _is_keyed(message: Message) -> bool:
    """Every second message comes with an Idempotency-Key."""
    return int(message.id[-1]) % 2 == 1


def _counted(url: str) -> tuple[int, int]:
    """Arrivals and decisions."""
    database = Database(url)
    with database.reading() as connection:
        counts = [
            connection.scalar(select(func.count()).select_from(each)) for each in (tables.arrival, tables.decision)
        ]
    database.close()
    return int(counts[0] or 0), int(counts[1] or 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a fast model's folder")
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--seed", type=int, default=20_261_128)
    parser.add_argument(
        "--database", help="an empty database, or postgresql: a cluster of its own; a new SQLite file if left out"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
