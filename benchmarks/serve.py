"""`make bench-serve`: POST /v1/score beside `mlflow models serve` and a plain FastAPI route, with the same model.

All are started for it and asked in turn, round after round, so that a noisy machine is noisy for all. Prints requests a
second, p50 and p99 at 1 and at 16 clients, and how many times theirs heard does. A route that does nothing shows what
clients and HTTP alone allow.
"""

import argparse
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from pipeline.artefact import load, promote, save, serving_folder
from pipeline.classify import MODELS

CHECKOUT = Path(__file__).resolve().parents[1]
SEED = 20261122
_BIN = Path(sys.executable).parent


@dataclass(frozen=True, kw_only=True)
class Server:
    """Something that scores, and how it wants to be asked."""

    name: str
    port: int
    path: str
    process: "subprocess.Popen[bytes]"

    def body(self, row: dict[str, str]) -> bytes:
        """One message."""
        return json.dumps({"dataframe_records": [row]} if self.path == "/invocations" else row).encode()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=1000, help="requests a round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"python -m benchmarks.serve --requests {options.requests} --rounds {options.rounds}, seed {SEED}")
    drawn = random.Random(SEED).choices(rows(), k=options.requests)
    servers: list[Server] = []
    with tempfile.TemporaryDirectory() as folder:
        try:
            servers = _servers(Path(folder))
            for server in servers:
                _round(server, drawn[:50], 4)
            for clients in (1, 16):
                _compare(servers, drawn, clients, options.rounds)
        finally:
            for server in servers:
                server.process.terminate()
            for server in servers:
                server.process.wait(60)


def _compare(servers: list[Server], drawn: list[dict[str, str]], clients: int, rounds: int) -> None:
    found: dict[str, list[dict[str, float]]] = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            found[server.name].append(_round(server, drawn, clients))
    middle = {
        name: {key: statistics.median(one[key] for one in done) for key in done[0]} for name, done in found.items()
    }
    ours = middle["heard"]["a second"]
    for name, values in middle.items():
        told = ", ".join(f"{key} {value:.1f}" for key, value in values.items())
        print(f"{clients:2d} clients  {name:25s} {told}  (heard does {ours / values['a second']:.2f} times as many)")


def _servers(folder: Path) -> list[Server]:
    model = fast_model(folder)
    ports = [free_port() for _ in range(3)]
    heard = started(ports[0], model, f"sqlite:///{folder}/heard.db", folder)
    plain = subprocess.Popen(
        [_BIN / "uvicorn", "benchmarks.peer_routes:app", "--port", str(ports[1]), "--log-level", "warning"],
        cwd=CHECKOUT,
        env={**os.environ, "MODEL": str(model)},
    )
    subprocess.run([sys.executable, "-m", "benchmarks.peer_routes", model, folder / "mlflow"], cwd=CHECKOUT, check=True)
    mlflow = subprocess.Popen(
        [_BIN / "mlflow", "models", "serve", "-m", folder / "mlflow", "-p", str(ports[2]), "--env-manager", "local"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PATH": f"{_BIN}:{os.environ['PATH']}"},
    )
    servers = [
        Server(name="heard", port=ports[0], path="/v1/score", process=heard),
        Server(name="plain FastAPI", port=ports[1], path="/score", process=plain),
        Server(name="a route that does nothing", port=ports[1], path="/nothing", process=plain),
        Server(name="mlflow serve", port=ports[2], path="/invocations", process=mlflow),
    ]
    _wait(ports[1], "/docs")
    _wait(ports[2], "/ping")
    return servers


def fast_model(folder: Path) -> Path:
    """The model that serves without its encoder, as a folder of its own: all servers then do the same work."""
    whole = load(serving_folder(MODELS) or MODELS)
    bare = type(whole.estimators)(
        features=whole.estimators.features, label=whole.estimators.label, topic=whole.estimators.topic
    )
    manifest = save(
        folder / "models", estimators=bare, thresholds=whole.manifest.thresholds, data_sha256="", card="", metrics={}
    )
    promote(folder / "models" / manifest.version, by="benchmark")
    return folder / "models" / manifest.version


def started(port: int, model: Path, database: str, folder: Path) -> "subprocess.Popen[bytes]":
    """`heard serve`, ready."""
    command = [_BIN / "heard", "serve", "--port", str(port), "--model", model, "--database", database]
    environment = {**os.environ, "HEARD_REQUESTS_PER_MINUTE": "1000000"}
    server = subprocess.Popen(command, stderr=(folder / f"{port}.log").open("wb"), cwd=folder, env=environment)
    _wait(port, "/health/ready")
    return server


def rows() -> list[dict[str, str]]:
    """Messages of the corpus, as a caller sends them."""
    found = [json.loads(line) for path in sorted((CHECKOUT / "data" / "raw").glob("*.jsonl")) for line in path.open()]
    return [{name: row[name] for name in ("id", "text", "channel")} for row in found]


def _round(server: Server, drawn: list[dict[str, str]], clients: int) -> dict[str, float]:
    waiting = iter([server.body(row) for row in drawn])
    lock, times = threading.Lock(), []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                return
            start = time.perf_counter()
            connection.request("POST", server.path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            times.append((time.perf_counter() - start) * 1000)
            if answer.status != http.client.OK:
                raise SystemExit(f"{server.name} answers {answer.status}")

    began = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - began
    centiles = statistics.quantiles(times, n=100)
    return {"a second": len(times) / elapsed, "p50 ms": centiles[49], "p99 ms": centiles[98]}


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, path: str) -> None:
    for _ in range(600):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", path)
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit(f"port {port} did not become ready")


if __name__ == "__main__":
    main()
