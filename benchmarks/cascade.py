"""`make bench-cascade`: what it would bring, and cost, to spare the encoder messages of which the fast model is sure.

For a ladder of bounds: the share of messages spared, how many times as many messages a second that makes, and what
changes for the authors of the calibration split, whom neither model learned from: AUC, miss rate, review workload and
routes, under the thresholds of the model that serves. Prints a table and draws docs/pictures/cascade.png. The frozen
test is looked at with --final only, for bounds that lost nothing here.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
from matplotlib.figure import Figure as Picture
from rich.console import Console
from rich.table import Table

from pipeline import metrics
from pipeline.artefact import Artefact, load, serving_folder
from pipeline.classify import MODELS
from pipeline.domain import Route
from pipeline.judging import Example, Judged, routes
from pipeline.metrics import Figure
from pipeline.model import Estimators
from pipeline.policy import SEEN, load_profile
from pipeline.steps.places import Places

CHECKOUT = Path(__file__).resolve().parents[1]
SEED = 20261122
BOUNDS = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
_ROUTES_CHANGED = 0.005
_TIMED = 100


@dataclass(frozen=True, kw_only=True)
class Step:
    """What happens where a complaint probability of at most `bound`, or at least 1 - `bound`, spares the encoder.
    Differences are against no cascade, with intervals drawn by whole authors; `complaints` are those spared as sure to
    be none.
    """

    bound: float
    spared: float
    complaints: int
    times_as_fast: float
    auc: Figure
    miss_rate: Figure
    workload: Figure
    changed: float

    @property
    def loses_nothing(self) -> bool:
        """AUC and miss rate differ by nothing that the interval could tell from 0, and hardly a route changes."""
        return self.auc.high >= 0 and self.miss_rate.low <= 0 and self.changed < _ROUTES_CHANGED


def main() -> None:
    """Measure, print, draw."""
    options = _options()
    console = Console(width=150, highlight=False)
    folder = options.model or serving_folder(MODELS)
    if folder is None:
        raise SystemExit("No model is released or trained yet: run `heard train` first.")
    artefact = load(folder)
    split = "test" if options.final else "calibration"
    everybody: list[Example] = joblib.load(Places(root=CHECKOUT).prepared)
    examples = [example for example in everybody if example[0].split == split]
    console.print(
        f"python -m benchmarks.cascade, model {folder.name}, {split}: {len(examples):,} messages, seed {SEED}"
    )
    steps = ladder(examples, artefact, bounds=options.bounds or BOUNDS)
    print_steps(steps, console)
    if not options.final:
        draw(steps, CHECKOUT / "docs" / "pictures" / "cascade.png")


def ladder(examples: list[Example], artefact: Artefact, *, bounds: Sequence[float]) -> list[Step]:
    """A step for each bound."""
    prepared = [message for _, message in examples]
    fast = artefact.estimators.fast_probabilities(prepared)
    whole = artefact.estimators.probabilities(prepared)
    thresholds = [artefact.manifest.thresholds_for(row.message.channel) for row, _ in examples]
    without = Judged(rows=examples, probabilities=whole, thresholds=thresholds)
    share = fast_share(artefact.estimators, examples)
    return [_step(without, fast, bound, share) for bound in bounds]


def fast_share(estimators: Estimators, examples: list[Example]) -> float:
    """What part of the time the fast model takes, of the whole model's; the least of three rounds each."""
    prepared = [message for _, message in examples[:: max(1, len(examples) // _TIMED)]]
    fast, whole = [], []
    for _ in range(3):
        began = time.perf_counter()
        estimators.fast_probabilities(prepared)
        between = time.perf_counter()
        estimators.probabilities(prepared)
        fast.append(between - began)
        whole.append(time.perf_counter() - between)
    return min(fast) / min(whole)


def _step(without: Judged, fast: np.ndarray, bound: float, fast_share: float) -> Step:
    spared = (fast[:, 0] <= bound) | (fast[:, 0] >= 1 - bound)
    probabilities = np.where(spared[:, np.newaxis], fast, without.probabilities)
    cascade = Judged(rows=without.rows, probabilities=probabilities, thresholds=without.thresholds)
    before, after = _sent(without), _sent(cascade)
    complaint = without.is_complaint
    authors = [row.author for row, _ in without.rows]

    def gained(measure: Callable[[Judged, np.ndarray, np.ndarray], float]) -> Figure:
        return metrics.interval(
            lambda rows: measure(cascade, after, rows) - measure(without, before, rows), authors, draws=300, seed=SEED
        )

    return Step(
        bound=bound,
        spared=float(spared.mean()),
        complaints=int((complaint & (fast[:, 0] <= bound)).sum()),
        times_as_fast=float(1 / (fast_share + (1 - spared.mean()) * (1 - fast_share))),
        auc=gained(lambda judged, _, rows: metrics.auc(judged.scores[rows], complaint[rows])),
        miss_rate=gained(lambda _, sent, rows: float(_UNSEEN[sent[rows]][complaint[rows]].mean())),
        workload=gained(lambda _, sent, rows: float((sent[rows] == _REVIEW).mean())),
        changed=float((before != after).mean()),
    )


_ROUTES = tuple(Route)
_REVIEW = _ROUTES.index(Route.REVIEW)
_UNSEEN = np.array([route not in SEEN for route in _ROUTES])


def _sent(judged: Judged) -> np.ndarray:
    """Where each row would go, as a number."""
    return np.array([_ROUTES.index(route) for route in routes(judged, load_profile("hos-2024"))])


def print_steps(steps: Sequence[Step], console: Console) -> None:
    """One row a bound."""
    table = Table(
        "bound",
        "spared",
        "complaints among them",
        "times as fast",
        "AUC",
        "miss rate",
        "review",
        "routes moved",
        "loses nothing",
    )
    for step in steps:
        table.add_row(
            f"{step.bound:g}",
            f"{step.spared:.1%}",
            str(step.complaints),
            f"{step.times_as_fast:.2f}",
            *(_difference(figure) for figure in (step.auc, step.miss_rate, step.workload)),
            f"{step.changed:.2%}",
            "yes" if step.loses_nothing else "no",
        )
    console.print(table)


def _difference(figure: Figure) -> str:
    return f"{figure.value:+.4f} [{figure.low:+.4f}, {figure.high:+.4f}]"


def draw(steps: Sequence[Step], path: Path) -> None:
    """How many times as fast, against what it costs."""
    picture = Picture(figsize=(7.2, 6.4), layout="constrained")
    above, below = picture.subplots(2, 1, sharex=True)
    faster = [step.times_as_fast for step in steps]
    for name, colour in (("auc", "C0"), ("miss_rate", "C3"), ("workload", "C2")):
        figures: list[Figure] = [getattr(step, name) for step in steps]
        spread = [[each.value - each.low for each in figures], [each.high - each.value for each in figures]]
        above.errorbar(
            faster, [each.value for each in figures], spread, marker="o", capsize=2, color=colour, label=_SHOWN[name]
        )
    above.axhline(0, color="grey", linestyle="--")
    above.set(ylabel="difference to no cascade", title="Sparing the encoder what the fast model is sure of")
    above.legend(fontsize="small", loc="upper left")
    below.plot(faster, [100 * step.changed for step in steps], marker="o", color="C1")
    below.axhline(100 * _ROUTES_CHANGED, color="grey", linestyle="--")
    for step in steps:
        below.annotate(
            f"{step.bound:g}",
            (step.times_as_fast, 100 * step.changed),
            xytext=(4, -10),
            textcoords="offset points",
            fontsize=8,
        )
    below.set(xlabel="times as fast as with the encoder on every message", ylabel="% of routes moved (bound beside)")
    picture.savefig(path, dpi=110, metadata={"Software": None})


_SHOWN = {"auc": "AUC", "miss_rate": "miss rate", "workload": "review workload"}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, help="folder of a promoted model; the one that serves if left out")
    parser.add_argument("--bounds", type=float, nargs="*", help="other bounds than the ladder")
    parser.add_argument("--final", action="store_true", help="on the frozen test, once, for bounds that lost nothing")
    return parser.parse_args()


if __name__ == "__main__":
    main()
