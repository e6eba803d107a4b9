"""A back-book on Spark against local processes, on the same rows, in turns: `make bench-spark` (ROWS, ROUNDS, MODEL).

Spark is a standalone master and two workers of one core on this machine, as many cores as the local run takes. Times
are of the whole command, starting included; on a noisy machine quote the ratio.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq

from tests.books import write_book
from tests.conftest import train_in
from tests.spark_cluster import SparkCluster, missing

CORES = 2


def seconds_of(command: list[str], **environment: str) -> float:
    """How long a run takes; it refuses some rows, hence ends with status 1."""
    began = time.monotonic()
    done = subprocess.run(command, stderr=subprocess.PIPE, env={**os.environ, **environment}, text=True, check=False)
    if done.returncode != 1:
        raise SystemExit(done.stderr)
    return time.monotonic() - began


def compare(model: Path, folder: Path, rows: int, rounds: int) -> bool:
    """Print both and their ratio; whether they decide the same."""
    book = folder / "book.parquet"
    write_book(book, rows, seed=1)
    part_rows = str(max(1, min(10_000, rows // (5 * CORES))))
    heard = [str(Path(sys.executable).parent / "heard"), "score", str(book), "--model", str(model)]
    heard += ["--part-rows", part_rows, "--output"]
    local, spark = [], []
    with SparkCluster(CORES) as cluster:
        for number in range(rounds):
            here, there = folder / f"local-{number}", folder / f"spark-{number}"
            local.append(seconds_of([*heard, f"{here}/", "--processes", str(CORES)]))
            on_spark = ["--engine", "spark", "--spark-master", cluster.url]
            spark.append(seconds_of([*heard, f"{there}/", *on_spark], **cluster.environment))
            print(f"round {number + 1}: local {local[-1]:.1f} s, Spark {spark[-1]:.1f} s", flush=True)
    ratio = statistics.median(there / here for here, there in zip(local, spark, strict=True))
    same = pq.read_table(here).equals(pq.read_table(there))
    print(
        f"{rows:,} rows in parts of {part_rows}, {CORES} cores, {rounds} rounds: local {rows / min(local):,.0f} and "
        f"Spark {rows / min(spark):,.0f} rows a second at best; Spark takes {ratio:.2f} times as long (median); "
        f"decisions {'the same' if same else 'DIFFER'}"
    )
    return same


def main() -> None:
    """As the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--model", type=Path, help="a model's folder; a fast one is trained if left out")
    given = parser.parse_args()
    if missing():
        raise SystemExit(missing())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "place").mkdir()
        model = given.model or train_in(folder / "place")
        raise SystemExit(0 if compare(model, folder, given.rows, given.rounds) else 1)


if __name__ == "__main__":
    main()
