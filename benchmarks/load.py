"""`make load`: POST /v1/messages at a steady rate for a while, and whether each message that was acknowledged is there.

Requests leave on a timetable whether or not earlier ones are answered, and a latency counts from when its request was
due, so that a service that stalls cannot hide it. The client is aiohttp: httpx took a whole core for 100 a second, and
it was the client that was measured. Prints the command, p50 and p99 in ms, answers by status, and how
many acknowledged messages the database does not hold.
"""

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from sqlalchemy import create_engine, text

from benchmarks.serve import SEED, fast_model, free_port, rows, started

_PATIENCE = 30.0


@dataclass(kw_only=True)
class Result:
    """What came of one run."""

    times: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    taken: set[str] = field(default_factory=set)


def main() -> None:
    """Start the service, send, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100, help="messages a second")
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--database", help="an empty PostgreSQL database; a new SQLite file if left out")
    parser.add_argument("--model", type=Path, help="a model folder; the released one without its encoder if left out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = given.model or fast_model(Path(folder))
        url = given.database or f"sqlite:///{folder}/heard.db"
        ports = [free_port() for _ in range(given.processes)]
        servers: list[subprocess.Popen[bytes]] = []
        try:
            servers = [started(port, model, url, Path(folder)) for port in ports]
            result = asyncio.run(_send(ports, given.rate, given.seconds))
        finally:
            for server in servers:
                server.terminate()
            for server in servers:
                server.wait(60)
        _print(result, lost=len(result.taken - _kept(url)), command=" ".join(sys.argv[1:]))


async def _send(ports: list[int], rate: float, seconds: int) -> Result:
    result, drawn = Result(), random.Random(SEED)
    kept = rows()
    connections = aiohttp.TCPConnector(limit=500, keepalive_timeout=2)  # the service ends one after five idle seconds
    async with aiohttp.ClientSession(connector=connections, timeout=aiohttp.ClientTimeout(_PATIENCE)) as client:
        for port in ports:
            for number in range(20):
                await _one(client, port, {**drawn.choice(kept), "id": f"warm-{port}-{number}"}, 0, Result())
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                due = began + number / rate
                await asyncio.sleep(max(0, due - time.perf_counter()))
                row = {**drawn.choice(kept), "id": f"load-{number}"}
                group.create_task(_one(client, ports[number % len(ports)], row, due, result))
    return result


async def _one(client: aiohttp.ClientSession, port: int, row: dict[str, str], due: float, result: Result) -> None:
    try:
        async with client.post(f"http://127.0.0.1:{port}/v1/messages", json=row) as answer:
            await answer.read()
            status = str(answer.status)
    except (aiohttp.ClientError, TimeoutError) as error:
        status = type(error).__name__
    result.statuses[status] += 1
    if status == "201":
        result.times.append((time.perf_counter() - due) * 1000)
        result.taken.add(row["id"])


def _kept(url: str) -> set[str]:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = set(connection.scalars(text("SELECT id FROM message JOIN decision ON message_id = message.id")))
    engine.dispose()
    return found


def _print(result: Result, *, lost: int, command: str) -> None:
    centiles = statistics.quantiles(result.times, n=100)
    print(f"python -m benchmarks.load {command}, seed {SEED}")
    print(f"answers {json.dumps(dict(sorted(result.statuses.items())))}")
    print(f"accepted: p50 {centiles[49]:.1f} ms, p99 {centiles[98]:.1f} ms; acknowledged but not there: {lost}")


if __name__ == "__main__":
    main()
