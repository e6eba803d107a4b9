"""What it costs to look up who wrote before, from a thousand to a million messages kept.

python -m benchmarks.history [--database URL] [--sizes 1000 10000 100000 1000000]: rows are made up, seed 1.
"""

import argparse
import hashlib
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert
from sqlalchemy.engine import make_url

from benchmarks.curves import draw
from service.contacts import ContactKey, KeyKind
from service.store.contacts import earlier
from service.store.database import Database
from service.store.tables import contact, message

NOW = datetime(2026, 11, 27, tzinfo=UTC)
_PER_PERSON = 10
_TRIES = 300


def main() -> None:
    """Grow one database and time the look-up at each size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = given.database or f"sqlite:///{folder}/heard.db"
        database = Database(url)
        database.migrate()
        name, kept, found = make_url(url).get_backend_name(), 0, dict[float, float]()
        for size in given.sizes:
            fill(database, kept, size)
            kept = size
            found[size] = cost(database, size)
            print(f"{name} {size:>9,} messages: {found[size]:.3f} ms a look-up")
        database.close()
    draw(
        f"history-{name}",
        {name: found},
        title=f"Who wrote before: a look-up, {name}",
        labels=("past messages", "milliseconds"),
    )


def fill(database: Database, start: int, end: int) -> None:
    """Messages with their keys, in batches."""
    for first in range(start, end, 5_000):
        numbers = range(first, min(first + 5_000, end))
        with database.writing() as connection:
            connection.execute(insert(message), [row(number) for number in numbers])
            keys = [
                {
                    "kind": "sender",
                    "key_sha256": person(number).sha256,
                    "received_at": at(number),
                    "message_id": f"m-{number}",
                }
                for number in numbers
            ]
            connection.execute(insert(contact), keys)


def row(number: int) -> dict[str, object]:
    """One message, as small as may be."""
    empty = dict.fromkeys(("subject", "text", "sender", "source", "place", "case_reference", "property_reference"), "")
    return {
        **empty,
        "id": f"m-{number}",
        "content_sha256": "0",
        "channel": "email",
        "received_at": at(number),
        "prior_ids": [],
    }


def person(number: int) -> ContactKey:
    """Ten messages a person."""
    digest = hashlib.sha256(str(number // _PER_PERSON).encode()).hexdigest()
    return ContactKey(kind=KeyKind.SENDER, sha256=digest)


def at(number: int) -> datetime:
    """Within the last 90 days."""
    return NOW - timedelta(seconds=number % 7_000_000 + 1)


def cost(database: Database, size: int) -> float:
    """Median milliseconds of a look-up, each of another person."""
    times = []
    with database.reading() as connection:
        for number in range(_TRIES):
            key = person((number * 7_919) % size)
            began = time.perf_counter()
            found = earlier(connection, "new", [key], NOW - timedelta(days=90), NOW)
            times.append((time.perf_counter() - began) * 1_000)
            if len(found.prior) != _PER_PERSON:
                sys.exit("the look-up does not find what is there")
    return statistics.median(times)


if __name__ == "__main__":
    main()
