"""Falsify the audit record 1,000 times at random; each time it must be found. `make soak-audit` runs it.

python -m tests.soak.audit [--mutations 1000] [--rows 200] [--seed N] [--database URL]
With the key and the published head all must be found; without the head, all but those that need it. Exits 1 otherwise.
"""

import argparse
import random
import sys
import tempfile
from collections import Counter

from service.audit_key import AuditKey
from service.settings import Settings
from service.store import audit as store
from service.store.database import Database
from tests import tampering

_KEY = "the key of this soak and of nothing else"


def main() -> int:
    """One soak, as the command line says."""
    given = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        url = given.database or f"sqlite:///{folder}/heard.db"
        database = Database(url, AuditKey(lambda: Settings(audit_key=_KEY)))
        database.migrate()
        tampering.fill(database, given.rows)
        with_head, without = _falsified(database, given)
        database.close()
    missed = given.mutations - sum(with_head.values())
    print(
        f"{url.partition(':')[0]}: {given.mutations:,} mutations of {given.rows:,} rows, seed {given.seed}: "
        f"{sum(with_head.values()):,} found with the published head, {sum(without.values()):,} without"
    )
    for name in tampering.ways(b""):
        print(f"  {name:<28}{with_head[name]:>5} with the head {without[name]:>5} without")
    wrong = [name for name in with_head if (without[name] == with_head[name]) == (name in tampering.NEED_HEAD)]
    return 1 if missed or wrong else 0


def _falsified(database: Database, given: argparse.Namespace) -> tuple[Counter[str], Counter[str]]:
    """How many of each way were found with the head, and without it."""
    chance, key = random.Random(given.seed), _KEY.encode()
    ways = tampering.ways(key)
    with database.reading() as connection:
        head = store.head(connection)
    with_head, without = Counter[str](), Counter[str]()
    for number in range(given.mutations):
        name = list(ways)[number % len(ways)]
        seed = chance.getrandbits(64)
        for heads, found in (([head], with_head), ([], without)):
            once = random.Random(seed)
            faults = tampering.found(
                database, lambda connection, once=once, way=ways[name]: way(connection, once), key, heads
            )
            found[name] += bool(faults)
    return with_head, without


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutations", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--seed", type=int, default=20_261_127)
    parser.add_argument("--database", help="an empty database; a new SQLite file if left out")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
