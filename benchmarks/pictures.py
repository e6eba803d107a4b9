"""The pictures of `make bench-models`: docs/pictures/models-*.png."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from benchmarks.candidates import Answer
from benchmarks.trials import Measured, Trial, is_complaint
from pipeline.domain import Label
from pipeline.judging import Example

SHOWN = 6
"""How many candidates a picture of curves shows: the best by AUC."""


def draw(
    trials: Sequence[Trial], measured: dict[str, Measured], judged: str, rows: list[Example], folder: Path
) -> None:
    """Precision and recall, risk and coverage, reliability, quality and speed, of what was said of the set `judged`."""
    best = sorted(trials, key=lambda trial: -measured[trial.candidate.name].auc.value)[:SHOWN]
    said = {trial.candidate.name: trial.answers[judged] for trial in best}
    for name, curves in (
        ("precision-recall", _precision_recall),
        ("risk-coverage", _risk_coverage),
        ("reliability", _reliability),
    ):
        figure = Figure(figsize=(7.2, 4.8), layout="constrained")
        axes = figure.subplots()
        curves(axes, said, rows)
        axes.legend(fontsize="small")
        _save(figure, folder / f"models-{name}.png")
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    _quality_speed(figure.subplots(), trials, measured)
    _save(figure, folder / "models-quality-speed.png")


def _precision_recall(axes: Axes, said: dict[str, Answer], rows: list[Example]) -> None:
    for name, answer in said.items():
        precision, recall, _ = precision_recall_curve(is_complaint(rows), answer.scores)
        axes.plot(recall, precision, label=name)
    axes.set(
        xlabel="recall of complaints",
        ylabel="precision",
        xlim=(0.4, 1),
        ylim=(0.4, 1.01),
        title="Complaints found, flags right",
    )


def _risk_coverage(axes: Axes, said: dict[str, Answer], rows: list[Example]) -> None:
    truth = np.array([list(Label).index(row.label) for row, _ in rows])
    for name, answer in said.items():
        surest = np.argsort(-answer.probabilities.max(axis=1), kind="stable")
        wrong = (answer.probabilities.argmax(axis=1) != truth)[surest]
        counts = np.arange(1, len(wrong) + 1)
        share = counts / len(wrong)
        axes.plot(share[len(wrong) // 50 :], (np.cumsum(wrong) / counts)[len(wrong) // 50 :], label=name)
    axes.set(
        xlabel="share of messages decided, the surest first",
        ylabel="share of them labelled wrongly",
        ylim=(0, None),
        title="What leaving the unsure to an officer brings",
    )


def _reliability(axes: Axes, said: dict[str, Answer], rows: list[Example]) -> None:
    complaint = is_complaint(rows)
    axes.plot([0, 1], [0, 1], linestyle="--", color="grey")
    for name, answer in said.items():
        chances = answer.probabilities[:, 0]
        parts = np.array_split(np.argsort(chances, kind="stable"), 10)
        given, true = [chances[part].mean() for part in parts], [complaint[part].mean() for part in parts]
        axes.plot(given, true, marker="o", markersize=3, label=name)
    axes.set(
        xlabel="complaint probability given", ylabel="share that are complaints", title="Are the probabilities true?"
    )


def _quality_speed(axes: Axes, trials: Sequence[Trial], measured: dict[str, Measured]) -> None:
    for number, trial in enumerate(sorted(trials, key=lambda trial: -measured[trial.candidate.name].auc.value)):
        figure = measured[trial.candidate.name].auc
        spread = [[figure.value - figure.low], [figure.high - figure.value]]
        marker, colour = "osD^"[number // 4], f"C{number % 10}"
        axes.errorbar(
            trial.per_second, figure.value, spread, fmt=marker, color=colour, capsize=2, label=trial.candidate.name
        )
    axes.set_xscale("log")
    axes.set(
        xlabel="messages a second, one core (prepared message to answer)",
        ylabel="AUC, complaint against the rest",
        title="Quality and speed",
    )
    axes.legend(fontsize="small", loc="lower left")


def _save(figure: Figure, path: Path) -> None:
    figure.savefig(path, dpi=110, metadata={"Software": None})
