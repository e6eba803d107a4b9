"""`make bench`: heard and its peers in one run on one machine: quality, speed and serving.

Calls `benchmarks.models`, `benchmarks.speed` and `benchmarks.serve` one after the other, which print their tables and
ratios with spread, and draws quality against speed. Encoders are never fetched: without their folders those
rows are left out, and it says so. With --quick everything is small: it shows that all runs, not how fast.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.contestants import CHECKOUT, FAST, MINILM, PEERS, RELEASED
from pipeline.artefact import serving_folder
from pipeline.classify import MODELS

_PICTURE = CHECKOUT / "docs" / "pictures" / "bench-frontier.png"
_PROCESSED = CHECKOUT / "data" / "processed"
_FROZEN = "frozen all-MiniLM-L6-v2 + logistic regression"
_SAME = {
    FAST: "heard, fast model",
    RELEASED: "heard, model with encoder",
    **{name: name for name in PEERS},
    "frozen MiniLM + LR, torch": _FROZEN,
    "frozen MiniLM + LR, onnxruntime": _FROZEN,
}
"""Who is timed in `benchmarks.speed` -> whose row of `benchmarks.models` says its AUC."""


def main() -> None:
    """Run all three; draw."""
    options = _options()
    if not options.encoder and not MINILM.is_dir():
        print("No encoder folder is named or stands in data/local/encoders: rows of frozen encoders are left out.")
    _run("models", *_about_models(options))
    _run("speed", *(["--rounds", "2", "--messages", "200"] if options.quick else []))
    _run("serve", *(["--rounds", "1", "--requests", "100"] if options.quick else []))
    found = both(_kept("bench_models.json"), _kept("bench_speed.json"))
    if not options.quick and found:
        draw(found, _PICTURE)
        print(f"{_PICTURE.relative_to(CHECKOUT)} shows {', '.join(found)}")


def _about_models(options: argparse.Namespace) -> list[str]:
    """How `benchmarks.models` is called: with the encoders that are here, and the model that serves."""
    folders = options.encoder or [MINILM] * MINILM.is_dir()
    given = {
        "--encoder": folders,
        "--model": filter(None, [serving_folder(MODELS)]),
        "--also": filter(None, [options.also]),
    }
    named = [part for name, paths in given.items() for path in paths for part in (name, str(path))]
    return [*named, *["--final"] * options.final, *["--quick"] * options.quick]


def both(models: dict[str, Any], speed: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """Messages a second by two processes, and AUC on the calibration authors, of who was measured for both."""
    judged, timed = models.get("candidates", {}), speed.get("per_second", {})
    return {
        name: (timed[name]["two"]["median"], judged[row]["sets"]["calibration authors"]["auc"]["value"])
        for name, row in _SAME.items()
        if name in timed and row in judged
    }


def draw(found: dict[str, tuple[float, float]], path: Path) -> None:
    """Quality against speed: up and to the right is better."""
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    axes = figure.subplots()
    for name, (speed, auc) in found.items():
        axes.plot(speed, auc, "o", color="C0" if name in {FAST, RELEASED} else "C7")
        side = (
            {"xytext": (-6, 4), "ha": "right"} if _has_a_neighbour(speed, auc, found.values()) else {"xytext": (6, 4)}
        )
        axes.annotate(name, (speed, auc), textcoords="offset points", fontsize="small", **side)
    axes.set(
        xscale="log",
        xlabel="messages a second, two processes",
        ylabel="AUC, complaint against the rest, calibration authors",
        title="Quality and speed",
    )
    axes.margins(x=0.6, y=0.12)
    figure.savefig(path, dpi=110)


def _has_a_neighbour(speed: float, auc: float, points: Iterable[tuple[float, float]]) -> bool:
    """Whether a name to the right of a point would run into another point."""
    return any(1 < other / speed < 30 and abs(height - auc) < 0.006 for other, height in points)


def _kept(name: str) -> dict[str, Any]:
    path = _PROCESSED / name
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def _run(name: str, *arguments: str) -> None:
    print(f"== python -m benchmarks.{name} {' '.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], cwd=CHECKOUT, check=False)
    if done.returncode:
        raise SystemExit(f"benchmarks.{name} ended with {done.returncode}: see above.")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", type=Path, action="append", default=[], help="folder of a sentence encoder: a row")
    parser.add_argument("--also", type=Path, help="as for benchmarks.models")
    parser.add_argument("--final", action="store_true", help="judge on the frozen test too")
    parser.add_argument("--quick", action="store_true", help="small: shows that all runs")
    return parser.parse_args()


if __name__ == "__main__":
    main()
