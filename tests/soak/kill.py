"""Kill the intake hundreds of times while numbered messages go in; then count them. `make soak` runs it.

python -m tests.soak.kill MODEL [--kills 300] [--messages 20000] [--seed N] [--database URL | --database postgresql]
With `--database postgresql` a cluster of its own is made, and of 27 kills 20 are of the intake, 5 of one of its
processes (kill -9) and 2 stop all of it (`-m immediate`). Prints what is wrong; exits 1 where anything is.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pipeline.classify import MessageClassifier
from tests.builders import a_message
from tests.faults import harness
from tests.postgres import Cluster
from tests.soak.places import a_database

_OF = 27
_NOTICES = 2.0
_BACKENDS = {3, 8, 14, 19, 24}
_STOPS = {11, 26}
"""Which of 27 kills are of a process of PostgreSQL, and which stop it: 50 and 20 of 270 (reliability, section 5)."""


def main() -> int:
    """One soak, as the command line says."""
    given = _arguments()
    classifier = MessageClassifier.open(given.model, "hos-2024")
    classifier.classify([a_message()], explain=True)
    with tempfile.TemporaryDirectory() as folder, a_database(given.database, folder) as (url, cluster):
        messages, ledger = harness.canaries(given.messages), Path(folder) / "told"
        began = time.monotonic()
        struck = Counter[str]()
        runs = harness.killed_runs(
            url,
            classifier,
            messages,
            ledger,
            kills=given.kills,
            seed=given.seed,
            rhythm=given.messages / given.rate / given.kills,
            strike=lambda number, child: struck.update([_strike(cluster, number, child)]),
        )
        kills = sum(1 for _ in runs)
        took = time.monotonic() - began
        found = harness.faults(url, messages, ledger)
    print(
        f"{url.partition(':')[0]}: {kills} kills, {len(messages):,} messages, seed {given.seed}, {took:.0f} s: "
        f"{len(found)} faults"
    )
    print(f"  killed: {dict(struck)}" + (f"; PostgreSQL answered within {cluster.slowest:.1f} s" if cluster else ""))
    for fault in found[:20]:
        print(f"  {fault}")
    return 1 if found else 0


def _strike(cluster: Cluster | None, number: int, child: int) -> str:
    """Kill what is due; says what."""
    what = "intake"
    if cluster and number % _OF in _BACKENDS:
        what = "backend"
        cluster.kill_backend()
    elif cluster and number % _OF in _STOPS:
        what = "all of PostgreSQL"
        cluster.stop_at_once()
    if what == "intake":
        os.kill(child, signal.SIGKILL)
    elif cluster:
        cluster.await_answer()
        _give_it_time(child)
    return what


def _give_it_time(child: int) -> None:
    """The intake notices that its connection is gone, and ends; one that had none open goes on and is killed."""
    until = time.monotonic() + _NOTICES
    while time.monotonic() < until:
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, help="a fast model's folder")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--messages", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=20_261_127)
    parser.add_argument("--rate", type=float, default=100, help="messages a second, about")
    parser.add_argument(
        "--database", help="an empty database, or postgresql: a cluster of its own; a new SQLite file if left out"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
