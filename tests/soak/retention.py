"""P25: kill a retention run over many messages at random moments; nothing may go too early, nothing be left over.

python -m tests.soak.retention [--messages 1000000] [--kills 20] [--seed 1]
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from service.store import checks
from service.store.database import Database
from service.store.retention_tables import tombstone
from service.store.tables import arrival, decision, event, message

_AT_ONCE = 5_000
_DECISION = {
    "label": "other", "route": "no_action", "complaint": 0.0, "service_request": 0.1, "other": 0.9, "topic": "other",
    "reasons": [], "cues": [], "flags": [], "category_hos": "", "category_lgsco": "", "jurisdiction": "hos",
    "profile": "hos-2024", "profile_version": "1", "model_version": "soak", "thresholds": {},
}  # fmt: skip


def fill(database: Database, total: int, now: datetime) -> None:
    """Half of them past the 365 days of their class, half not."""
    for start in range(0, total, _AT_ONCE):
        rows = []
        for number in range(start, min(start + _AT_ONCE, total)):
            at = now - timedelta(days=400 if number % 2 else 300)
            rows.append(
                {
                    "id": f"m-{number:08}",
                    "message_id": f"m-{number:08}",
                    "content_sha256": "",
                    "channel": "note",
                    "subject": "",
                    "text": "words",
                    "sender": "",
                    "source": "soak",
                    "received_at": at,
                    "at": at,
                    "arrived_at": at,
                    "day": at.date(),
                    "outcome": "accepted",
                    "decided_at": at,
                    "actor": "heard",
                }
            )
        with database.writing() as connection:
            connection.execute(insert(message), [_of(message, row) for row in rows])
            connection.execute(insert(arrival), [_of(arrival, row) for row in rows])
            connection.execute(insert(decision), [_of(decision, row) | _DECISION for row in rows])
            for kind in ("received", "decided"):
                connection.execute(insert(event), [_of(event, row) | {"kind": kind} for row in rows])


def _of(table, row):
    names = {column.name for column in table.columns} - ({"id"} if table is not message else set())
    return {name: value for name, value in row.items() if name in names}


def main() -> None:
    """Fill, kill, end, count."""
    options = argparse.ArgumentParser()
    for name, default in (("messages", 1_000_000), ("kills", 20), ("seed", 1)):
        options.add_argument(f"--{name}", type=int, default=default)
    given = options.parse_args()
    chance, now = random.Random(given.seed), datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/heard.db"
        database = Database(url)
        database.migrate()
        fill(database, given.messages, now)
        command = [Path(sys.executable).parent / "heard", "retention", "run", "--database", url]
        began, ended = time.monotonic(), 0
        subprocess.run([*command, "--dry-run"], check=True, stdout=subprocess.DEVNULL)
        starting = time.monotonic() - began
        for _ in range(given.kills):
            child = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=dict(os.environ))
            time.sleep(starting * chance.uniform(0.5, 2))
            child.kill()
            ended += child.wait() == 0
        began = time.monotonic()
        subprocess.run(command, check=True)
        seconds = time.monotonic() - began
        with database.reading() as connection:
            old = message.c.received_at < now - timedelta(days=365)
            left = connection.scalar(select(func.count()).where(old, message.c.text != ""))
            early = connection.scalar(select(func.count()).where(~old, message.c.text == ""))
            gone = connection.scalar(select(func.count()).select_from(tombstone))
            broken = checks.broken(connection)
        database.close()
    print(
        f"{given.messages:,} messages, {given.kills} kills ({ended} came after the end), seed {given.seed}: {gone:,} "
        f"removed, {left} left over, {early} too early, {len(broken)} broken relations; last run {seconds:.0f} s"
    )
    sys.exit(bool(left or early or broken))


if __name__ == "__main__":
    main()
