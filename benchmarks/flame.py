"""`make flame`: where the time of a message goes, drawn call above call, the wider the longer.

One thread classifies 60-word messages for some seconds with caches filled, and py-spy (extra `bench`) looks 500 times
a second at what it does. Prints the calls with the most time of their own and draws docs/pictures/flame-NAME.png.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.contestants import CHECKOUT, Judge, heard_fast, heard_released
from benchmarks.limits import sixty_words
from pipeline.artefact import serving_folder
from pipeline.classify import MODELS
from pipeline.domain import Message
from pipeline.encode import Encoder

Stacks = Counter[tuple[str, ...]]
_FROM = "MessageClassifier.classify (pipeline/classify.py"
_NARROWEST = 0.004
"""Share of the whole below which a call is not drawn."""
_LABELLED = 0.03
_SHOWN = 12


def main() -> None:
    """Look, print, draw; with --busy be looked at."""
    options = _options()
    model = options.model or serving_folder(MODELS)
    if model is None:
        raise SystemExit("No model is released or trained yet: run `heard train` first.")
    if options.busy:
        Encoder.side_by_side = 1
        keep_busy((heard_released if options.released else heard_fast)(model), options.seconds)
        return
    name = options.name or ("released" if options.released else "fast")
    stacks = seen([*sys.argv[1:], "--busy"])
    console = Console(width=120, highlight=False)
    console.print(f"python -m benchmarks.flame, {model.name}, {stacks.total():,} looks at messages of 60 words")
    console.print(_table(stacks))
    path = CHECKOUT / "docs" / "pictures" / f"flame-{name}.png"
    draw(stacks, path, f"Where the time of a message goes: {name}")
    console.print(f"{path.relative_to(CHECKOUT)} drawn")


def keep_busy(classify: Judge, seconds: float) -> None:
    """Classify the same messages again and again."""
    messages = sixty_words()
    fill_caches(classify, messages)
    ends = time.perf_counter() + seconds
    while time.perf_counter() < ends:
        classify(messages)


def fill_caches(classify: Judge, messages: list[Message]) -> None:
    """The first time, which is left out of what is drawn."""
    classify(messages)


def seen(arguments: list[str]) -> Stacks:
    """What this module does with `arguments`: how often each stack of calls, from `classify` on, was met."""
    with tempfile.TemporaryDirectory() as folder:
        raw = Path(folder) / "stacks"
        looking = ["record", "--rate", "500", "--format", "raw", "--output", str(raw), "--"]
        busy = [sys.executable, "-m", "benchmarks.flame", *arguments]
        spy = str(Path(sys.executable).with_name("py-spy"))
        subprocess.run([spy, *looking, *busy], cwd=CHECKOUT, check=True, capture_output=True)
        lines = raw.read_text(encoding="utf-8").splitlines()
    stacks: Stacks = Counter()
    for line in lines:
        calls, _, times = line.rpartition(" ")
        stack = calls.split(";")
        first = next((place for place, call in enumerate(stack) if call.startswith(_FROM)), None)
        if first is not None and not any(call.startswith(fill_caches.__name__) for call in stack):
            stacks[tuple(_without_line(call) for call in stack[first:])] += int(times)
    return stacks


def _without_line(call: str) -> str:
    return call.rpartition(":")[0] + ")"


def draw(stacks: Stacks, path: Path, title: str) -> None:
    """One row a depth, from `classify` upwards."""
    figure = Figure(figsize=(12, 5.4), layout="constrained")
    axes = figure.subplots()
    for call, depth, start, share in _placed(stacks, 0, 0.0, stacks.total()):
        axes.barh(depth, share, left=start, height=0.94, color=f"C{sum(map(ord, call)) % 10}", alpha=0.5, lw=0)
        if share > _LABELLED:
            axes.text(start + 0.002, depth, _named(call)[: int(share * 150)], va="center", fontsize=6.5)
    axes.set(xlim=(0, 1), yticks=[], xlabel="share of the time", title=title)
    figure.savefig(path, dpi=110)


def _named(call: str) -> str:
    return call.partition(" (")[0].rpartition(".")[2] if "<locals>" in call else call.partition(" (")[0]


def _placed(stacks: Stacks, depth: int, start: float, whole: int) -> Iterator[tuple[str, int, float, float]]:
    """Each call wide enough to be seen: its name, its depth, where it starts and how wide it is."""
    for call in sorted({stack[depth] for stack in stacks if len(stack) > depth}):
        part = Counter({stack: times for stack, times in stacks.items() if len(stack) > depth and stack[depth] == call})
        share = part.total() / whole
        if share > _NARROWEST:
            yield call, depth, start, share
            yield from _placed(part, depth + 1, start, whole)
        start += share


def _table(stacks: Stacks) -> Table:
    own: Counter[str] = Counter()
    for stack, times in stacks.items():
        own[stack[-1]] += times
    table = Table("call", "share of the time, its own")
    for call, times in own.most_common(_SHOWN):
        table.add_row(call, f"{times / stacks.total():.1%}")
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of a promoted model; the one that serves if left out")
    parser.add_argument("--released", action="store_true", help="with the encoder; the fast model alone if left out")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--name", help="of the picture; fast or released if left out")
    parser.add_argument("--busy", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
