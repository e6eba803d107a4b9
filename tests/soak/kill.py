"""Kill the intake hundreds of times while numbered messages go in; then count them. `make soak` runs it.

python -m tests.soak.kill MODEL [--kills 300] [--messages 20000] [--seed N] [--database URL]
On PostgreSQL every fifth kill also ends the server's backends. Prints what is wrong; exits 1 where anything is.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from pipeline.classify import MessageClassifier
from service.store.database import Database
from tests.builders import a_message
from tests.faults import harness

_EVERY = 5


def main() -> int:
    """One soak, as the command line says."""
    given = _arguments()
    classifier = MessageClassifier.open(given.model, "hos-2024")
    classifier.classify([a_message()], explain=True)
    with tempfile.TemporaryDirectory() as folder:
        url = given.database or f"sqlite:///{folder}/heard.db"
        database = Database(url)
        database.migrate()
        database.close()
        messages, ledger = harness.canaries(given.messages), Path(folder) / "told"
        began = time.monotonic()
        kills = _killed(url, classifier, messages, ledger, given)
        took = time.monotonic() - began
        found = harness.faults(url, messages, ledger)
    print(
        f"{url.partition(':')[0]}: {kills} kills, {len(messages):,} messages, seed {given.seed}, {took:.0f} s: "
        f"{len(found)} faults"
    )
    for fault in found[:20]:
        print(f"  {fault}")
    return 1 if found else 0


def _killed(url: str, classifier: MessageClassifier, messages: list, ledger: Path, given: argparse.Namespace) -> int:
    """The kills, spread over the time the messages take."""
    rhythm = given.messages / given.rate / given.kills
    runs = harness.killed_runs(
        url,
        classifier,
        messages,
        ledger,
        kills=given.kills,
        seed=given.seed,
        rhythm=rhythm,
        after_kill=lambda number: _end_backends(url) if number % _EVERY == 0 else None,
    )
    return sum(1 for _ in runs)


def _end_backends(url: str) -> None:
    if not url.startswith("postgresql"):
        return
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            connection.execute(text(f"{others} AND datname = current_database()"))
    except OperationalError:  # ended itself
        pass
    finally:
        engine.dispose()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a fast model's folder")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=20_261_127)
    parser.add_argument("--rate", type=float, default=100, help="messages a second, about")
    parser.add_argument("--database", help="an empty database; a new SQLite file if left out")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
