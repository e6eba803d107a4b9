"""`make bench-serve`: how long one POST /v1/score takes, at 1 and at 16 clients, against a server started for it.

Prints command, seed and milliseconds; the machine is noisy, so the medians of the rounds are what to quote.
"""

import argparse
import http.client
import json
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
SEED = 20261122


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000, help="requests a round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    bodies = _bodies(options.requests)
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).parent / "heard"), "serve", "--port", str(port)]
        server = subprocess.Popen([*command, "--database", f"sqlite:///{folder}/heard.db"])
        try:
            _wait(port)
            _round(port, bodies[:100], 4)
            print(f"python benchmarks/serve.py --requests {options.requests} --rounds {options.rounds}, seed {SEED}")
            for clients in (1, 16):
                rounds = [_round(port, bodies, clients) for _ in range(options.rounds)]
                for name in ("median ms", "p99 ms", "per second"):
                    values = [found[name] for found in rounds]
                    spread = f"[{min(values):.1f}, {max(values):.1f}]"
                    print(f"{clients:2d} clients  {name:10s} {statistics.median(values):8.1f}  {spread}")
        finally:
            server.terminate()
            server.wait(30)


def _bodies(count: int) -> list[bytes]:
    rows = [json.loads(line) for path in sorted((CHECKOUT / "data" / "raw").glob("*.jsonl")) for line in path.open()]
    drawn = random.Random(SEED).choices(rows, k=count)
    return [json.dumps({name: row[name] for name in ("id", "text", "channel")}).encode() for row in drawn]


def _round(port: int, bodies: list[bytes], clients: int) -> dict[str, float]:
    waiting = iter(bodies)
    lock, times = threading.Lock(), []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                return
            start = time.perf_counter()
            connection.request("POST", "/v1/score", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            times.append((time.perf_counter() - start) * 1000)
            if answer.status != http.client.OK:
                raise SystemExit(f"answer {answer.status}")

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    centiles = statistics.quantiles(times, n=100)
    return {"median ms": centiles[49], "p99 ms": centiles[98], "per second": len(times) / elapsed}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not become ready")


if __name__ == "__main__":
    main()
