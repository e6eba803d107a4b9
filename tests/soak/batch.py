"""A back-book scored by `heard score`, killed with kill -9 at random and given the same command again until it ends.

`make soak-batch` (ROWS, KILLS, SEED, MODEL). Two kills of three are of the command, one is of one of its processes.
Prints a line a kill, the rate and the most memory of the command and of one process; ends with status 1 where a row
is lost or doubled, or where a process outlives the command that began it.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.books import faults, write_book
from tests.conftest import train_in

_LOOK = 0.1
_ENDS = 10.0
"""Seconds within which everything has ended after a kill."""


class Watched:
    """The command, started again after each kill, and the most memory it and one of its processes took, in MB."""

    def __init__(self, command: list[str], output: Path) -> None:
        self.command, self.output = command, output
        self.most = {"command": 0, "process": 0}

    def run(self, until: int | None, chance: random.Random) -> int:
        """Run until so many parts are there and a moment more, then kill; None lets it end. The status it ends with."""
        child = psutil.Popen(self.command, stderr=subprocess.DEVNULL)
        while child.poll() is None and (until is None or self.parts() < until):
            self._weigh(child)
            time.sleep(_LOOK)
        if until is not None:
            time.sleep(chance.uniform(0, 3))
            self._strike(child, chance)
        return child.wait()

    def parts(self) -> int:
        """How many are finished."""
        return sum(1 for _ in self.output.glob("part-*"))

    def _weigh(self, child: psutil.Popen) -> None:
        for what, process in [("command", child), *(("process", each) for each in _processes(child))]:
            try:
                self.most[what] = max(self.most[what], process.memory_info().rss // 1_000_000)
            except psutil.NoSuchProcess:
                continue

    def _strike(self, child: psutil.Popen, chance: random.Random) -> None:
        every = _processes(child)
        victim = chance.choice(every) if every and chance.random() < 1 / 3 else child
        if victim.is_running():
            victim.kill()
        _, left = psutil.wait_procs([child, *every], timeout=_ENDS)
        if left:
            raise SystemExit(f"{len(left)} processes are still there {_ENDS:.0f} s after a kill")


def soak(model: Path, folder: Path, rows: int, kills: int, seed: int) -> bool:
    """Whether every row is decided or refused once after all kills."""
    chance = random.Random(seed)
    book, output = folder / "book.parquet", folder / "out"
    write_book(book, rows, seed)
    part_rows = max(1, min(10_000, rows // (4 * kills + 1)))
    heard = [str(Path(sys.executable).parent / "heard"), "score", str(book), "--model", str(model)]
    watched = Watched([*heard, "--output", f"{output}/", "--part-rows", str(part_rows)], output)
    began = time.monotonic()
    for target in sorted(chance.choices(range(rows // part_rows), k=kills)):
        status = watched.run(target, chance)
        print(
            f"killed at {watched.parts()} parts, status {status}, after {time.monotonic() - began:,.0f} s", flush=True
        )
    status = watched.run(None, chance)
    seconds = time.monotonic() - began
    found = faults(output, rows)
    print(
        f"{rows:,} rows in parts of {part_rows:,}, {kills} kills, seed {seed}: {len(found)} faults; {seconds:,.0f} s "
        f"({rows / seconds:,.0f} rows a second, starting anew included); at most {watched.most['command']} MB in the "
        f"command, {watched.most['process']} MB in each of its processes"
    )
    for fault in found[:20]:
        print(f"  {fault}")
    return status == 1 and not found  # 1: rows without text are refused


def _processes(child: psutil.Popen) -> list[psutil.Process]:
    """Those that hold a model."""
    try:
        return [each for each in child.children() if "spawn_main" in " ".join(each.cmdline())]
    except psutil.Error:
        return []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", type=Path, help="a model's folder; a fast one is trained if left out")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "place").mkdir()
        model = given.model or train_in(folder / "place")
        raise SystemExit(0 if soak(model, folder, given.rows, given.kills, given.seed) else 1)


if __name__ == "__main__":
    main()
