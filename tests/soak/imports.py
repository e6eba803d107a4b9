"""A large table into a database, killed at random and run again until it ends: is every row in exactly once?

`make soak-import` (ROWS, KILLS, SEED). The decisions are made by a stand-in, so that a million rows take minutes
instead of days; reading, identities, intake, database and progress are the real ones. Prints one line a process, the
highest memory of all, the rate, and what was found; ends with status 1 where a row is missing or twice, where 512 MB
were not enough, or where a process loaded what trains encoders.
"""

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import func, select

from pipeline.domain import Decision, Message, Route
from pipeline.policy import load_profile
from pipeline.read.opened import Choice, open_table
from service.deadlines import Calendar
from service.import_checks import Notes
from service.imported import Totals
from service.importing import Import, items_of
from service.intake import Intake
from service.settings import Nation
from service.store import tables
from service.store.database import Database
from service.store.imports import Plan
from tests.builders import a_decision

_PLAN = Plan(source="soak", file_name="soak.csv", file_sha256="0" * 64, plan_sha256="0" * 64)
_MEGABYTES = 512
_WORDS = ("no heating", "the lift is out", "thank you", "nobody came on Friday", "damp in the back bedroom")


class StandIn:
    """Decides in no time: review for one message in ten, nothing for the others."""

    profile = load_profile("hos-2024")

    def classify(self, messages: Sequence[Message], *, explain: bool = False) -> list[Decision]:  # noqa: ARG002  # as MessageClassifier has it
        return [
            a_decision(
                message_id=message.id,
                text=message.text,
                route=Route.NO_ACTION if hash(message.id) % 10 else Route.REVIEW,
            )
            for message in messages
        ]


def write_table(path: Path, rows: int, seed: int) -> None:
    """Rows without ids, one in fifty the same as another."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8") as file:
        file.write("score,comment\n")
        for number in range(rows):
            words = chance.choice(_WORDS)
            file.write(f"{number % 5},{words}{'' if number % 50 == 0 else f' {number}'}\n")


def import_once(path: Path, database: Database) -> Totals:
    """One process's part."""
    intake = Intake(database, StandIn(), Calendar(Nation.ENGLAND))
    totals, notes = Totals(), Notes()
    with open_table(path, Choice()) as opened:
        run = Import(database, intake, _PLAN)
        print(f"going on at {run.already:,}", flush=True)
        for _ in run.take(items_of(opened, notes), totals):
            pass
    print(f"ended: {dict(totals.outcomes)}", flush=True)
    if "torch" in sys.modules:
        raise SystemExit("the import loaded torch")
    return totals


def soak(rows: int, kills: int, seed: int) -> bool:
    """Whether every row is in exactly once after all kills."""
    chance = random.Random(seed)
    with TemporaryDirectory() as folder:
        path, url = Path(folder) / "soak.csv", f"sqlite:///{folder}/heard.db"
        write_table(path, rows, seed)
        database = Database(url)
        database.migrate()
        targets = sorted(chance.sample(range(1, rows), kills))
        began, most, ended = time.monotonic(), 0, 1
        for target in [*targets, rows + 1]:
            child = subprocess.Popen([sys.executable, "-m", "tests.soak.imports", "--child", str(path), url])
            while child.poll() is None and _count(database, tables.message) < target:
                most = max(most, _megabytes(child.pid))
                time.sleep(0.02 + rows / 2_000_000)
            child.kill()
            ended = child.wait()
            took = f"after {time.monotonic() - began:,.0f} s, at most {most} MB so far"
            what = f"killed at {_count(database, tables.message):,} messages" if target <= rows else "done"
            print(f"{what} {took}", flush=True)
        found, came = _count(database, tables.message), _count(database, tables.arrival)
        seconds = time.monotonic() - began
        print(
            f"{rows:,} rows, {kills} kills, seed {seed}: {found:,} messages, {came:,} arrivals, {seconds:,.0f} s "
            f"({rows / seconds:,.0f} rows a second, starting anew included), at most {most} MB"
        )
        return found == came == rows and most < _MEGABYTES and ended == 0


def _megabytes(process: int) -> int:
    """The most memory a process of ours has used; 0 where it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _count(database: Database, table: object) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", nargs=2, metavar=("FILE", "URL"))
    given = parser.parse_args()
    if given.child:
        import_once(Path(given.child[0]), Database(given.child[1]))
    else:
        raise SystemExit(0 if soak(given.rows, given.kills, given.seed) else 1)


if __name__ == "__main__":
    main()
