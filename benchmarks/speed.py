"""`make bench-speed`: heard and its peers on the same 60-word messages in the same run.

Printed are messages a second by one and by two processes (a core each), what one message in process takes, memory,
what it takes to start, and ratios to each contestant with their spread. Rounds are interleaved, so that what else the
machine does meets all alike: the median of the ratios is what to quote, and the minimum of a time. Whatever is printed
is written to data/processed/bench_speed.json.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.contestants import CHECKOUT, FAST, RELEASED, Contestant, Worker, contestants
from pipeline.artefact import serving_folder
from pipeline.classify import MODELS
from pipeline.domain import Channel, Message
from pipeline.judging import Example
from pipeline.steps.places import Places

SEED = 20261122
WORDS = 60
WRITTEN = CHECKOUT / "data" / "processed" / "bench_speed.json"
_ALONE = 200
_START = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "onnx"}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Refuse())
from service.cli import main
main()
"""
"""`heard` as it starts where the extras are not installed: spaCy loads torch wherever it finds it."""

Rounds = list[dict[str, dict[str, float]]]


def main() -> None:
    """Measure, print, write."""
    options = _options()
    model = options.model or serving_folder(MODELS)
    if model is None:
        raise SystemExit("No model is released or trained yet: run `heard train` first.")
    messages = sixty_words(Places(root=CHECKOUT).prepared)
    console = Console(width=140, highlight=False)
    taking_part = []
    for contestant in contestants(model.resolve()):
        lacks = contestant.missing()
        if lacks:
            console.print(f"{contestant.name}: left out, {lacks}")
        else:
            taking_part.append(contestant)
    rounds, alone, memory = measured(taking_part, messages, count=options.messages, rounds=options.rounds)
    starts = starting(options.rounds)
    found = summary(rounds, alone, memory, starts)
    about = {
        "command": "python -m benchmarks.speed " + " ".join(sys.argv[1:]),
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
        "commit": _commit(),
        "model": model.name,
        "seed": SEED,
        "messages": options.messages,
        "rounds": options.rounds,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load_1m": round(os.getloadavg()[0], 1),
    }
    print_found(found, about, console)
    WRITTEN.write_text(json.dumps({**about, **found}, indent=2) + "\n", encoding="utf-8")


def sixty_words(prepared: Path) -> list[Message]:
    """The first 60 words of each corpus message that has as many, in an order drawn from the seed."""
    if not prepared.is_file():
        raise SystemExit(f"{prepared} is missing: run `python -m pipeline.steps prepare` (or `make repro`) first.")
    examples: list[Example] = joblib.load(prepared)
    texts = [(row.message, message.text.split()) for row, message in examples]
    found = [
        Message(id=message.id, text=" ".join(words[:WORDS]), channel=Channel.WEB_FORM)
        for message, words in texts
        if len(words) >= WORDS
    ]
    random.Random(SEED).shuffle(found)
    return found


def measured(
    taking_part: Sequence[Contestant], messages: list[Message], *, count: int, rounds: int
) -> tuple[Rounds, dict[str, list[float]], dict[str, float]]:
    """Messages a second by round, contestant and number of processes; milliseconds of messages alone; megabytes."""
    cores = sorted(os.sched_getaffinity(0))[:2] if hasattr(os, "sched_getaffinity") else [0, 1]
    with ExitStack() as stack:
        workers = {
            contestant.name: [stack.enter_context(Worker(contestant, core)) for core in (cores[0], cores[-1])]
            for contestant in taking_part
        }
        for contestant in taking_part:
            _both(workers[contestant.name], messages[: max(64, int(count * contestant.share))])
        found = []
        for number in range(rounds):
            drawn = random.Random(SEED + number).sample(messages, min(count, len(messages)))
            found.append({each.name: _round(workers[each.name], drawn, each.share) for each in taking_part})
        alone = {name: _alone(workers[name][0], messages) for name in (FAST, RELEASED)}
        memory = {name: _asked(pair[0], "memory") for name, pair in workers.items()}
    return found, alone, memory


def _round(pair: list[Worker], drawn: list[Message], share: float) -> dict[str, float]:
    part = drawn[: max(2, int(len(drawn) * share))]
    return {"one": len(part) / _asked(pair[0], "many", part), "two": len(part) / _both(pair, part)}


def _both(pair: list[Worker], messages: list[Message]) -> float:
    """Seconds until both have done their half."""
    began = time.perf_counter()
    for number, worker in enumerate(pair):
        worker.ask("many", messages[number::2])
    for worker in pair:
        worker.answer()
    return time.perf_counter() - began


def _alone(worker: Worker, messages: list[Message]) -> list[float]:
    found: list[float] = _asked(worker, "each", messages[-_ALONE:])
    return found


def _asked(worker: Worker, what: str, messages: Sequence[Message] = ()) -> Any:
    worker.ask(what, messages)
    return worker.answer()


def starting(rounds: int) -> dict[str, list[float]]:
    """Seconds from the call of `heard` to its end: help, and one message scored."""
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "one.jsonl"
        note.write_text('{"id": "1", "text": "The boiler is out again and nobody came.", "channel": "note"}\n')
        calls = {"heard --help": ["--help"], "heard score, one message": ["score", str(note)]}
        found: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(rounds):
            for name, arguments in calls.items():
                began = time.perf_counter()
                subprocess.run([sys.executable, "-c", _START, *arguments], check=True, capture_output=True)
                found[name].append(time.perf_counter() - began)
    return found


def summary(
    rounds: Rounds, alone: dict[str, list[float]], memory: dict[str, float], starts: dict[str, list[float]]
) -> dict[str, Any]:
    """What is printed and written: medians with the lowest and highest of the rounds."""
    names = list(rounds[0])
    ratios = {
        f"{ours} / {other}": _spread([one[ours]["two"] / one[other]["two"] for one in rounds])
        for ours in (FAST, RELEASED)
        for other in names
        if other not in {FAST, RELEASED}
    }
    return {
        "per_second": {
            name: {how: _spread([one[name][how] for one in rounds]) for how in ("one", "two")} for name in names
        },
        "ratios_two_processes": ratios,
        "one_message_ms": {
            name: {"min": min(times), "median": float(np.median(times)), "p95": float(np.quantile(times, 0.95))}
            for name, times in alone.items()
        },
        "memory_mb": memory,
        "start_s": {name: _spread(times) for name, times in starts.items()},
    }


def print_found(found: dict[str, Any], about: dict[str, Any], console: Console) -> None:
    """Tables and lines."""
    console.print(", ".join(f"{name} {value}" for name, value in about.items()))
    table = Table("contestant", "one process, messages/s", "two processes", "MB a process")
    for name, speeds in found["per_second"].items():
        cells = [_shown(speeds[how], "{:,.0f}") for how in ("one", "two")]
        table.add_row(name, *cells, f"{found['memory_mb'][name]:,.0f}")
    console.print(table)
    for name, ratio in found["ratios_two_processes"].items():
        console.print(f"{name}: {_shown(ratio, '{:.2f}')} times as fast, two processes each")
    for name, times in found["one_message_ms"].items():
        console.print(f"{name}, one message in process: " + ", ".join(f"{k} {v:.2f} ms" for k, v in times.items()))
    for name, times in found["start_s"].items():
        console.print(f"{name}: {_shown(times, '{:.2f}')} s")


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": float(np.median(values)), "min": min(values), "max": max(values)}


def _shown(spread: dict[str, float], form: str) -> str:
    low, middle, high = (form.format(spread[name]) for name in ("min", "median", "max"))
    return f"{middle} [{low}, {high}]"


def _commit() -> str:
    command = ["git", "-C", str(CHECKOUT), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of a promoted model; the one that serves if left out")
    parser.add_argument("--messages", type=int, default=2000, help="messages a round; slow contestants get fewer")
    parser.add_argument("--rounds", type=int, default=7)
    return parser.parse_args()


if __name__ == "__main__":
    main()
