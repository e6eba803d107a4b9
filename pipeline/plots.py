"""Pictures of an evaluation, and of what a promise costs."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve

from pipeline.domain import Channel
from pipeline.judging import Judged
from pipeline.trade import Promise

mpl.use("Agg")
_SIZE = (6.4, 4.4)


def draw_evaluation(judged: Judged, folder: Path) -> None:
    """precision_recall.png, risk_workload.png and reliability.png into `folder`."""
    for name, draw in (
        ("precision_recall", _precision_recall),
        ("risk_workload", _risk_workload),
        ("reliability", _reliability),
    ):
        figure = Figure(figsize=_SIZE, layout="constrained")
        draw(figure.subplots(), judged)
        figure.savefig(folder / f"{name}.png", dpi=110, metadata={"Software": None})


def draw_ladder(promises: Sequence[Promise], *, alpha: float, file: Path) -> None:
    """Miss rate against review workload, a line a channel, the promises of `alpha` marked; PNG into `file`."""
    figure = Figure(figsize=_SIZE, layout="constrained")
    axes = figure.subplots()
    for scope in dict.fromkeys(promise.scope for promise in promises if promise.cost):
        costs = {promise.alpha: promise.cost for promise in promises if promise.scope == scope and promise.cost}
        (line,) = axes.plot(
            [cost.workload_review for cost in costs.values()],
            [cost.miss_rate for cost in costs.values()],
            marker=".",
            label=scope.replace("_", " "),
        )
        if alpha in costs:
            asked = costs[alpha]
            axes.plot(asked.workload_review, asked.miss_rate, marker="o", markersize=10, color=line.get_color())
    axes.axhline(alpha, linestyle="--", color="grey")
    axes.set(
        title=f"What a promise costs (large: at most {100 * alpha:.4g}% missed)",
        xlabel="review workload (share of messages)",
        ylabel="miss rate (share of complaints)",
        ylim=(0, None),
    )
    axes.legend(title="channel")
    figure.savefig(file, dpi=110, metadata={"Software": None})


def _precision_recall(axes: mpl.axes.Axes, judged: Judged) -> None:
    for channel in Channel:
        part = judged.only([row.message.channel is channel for row, _ in judged.rows])
        precision, recall, _ = precision_recall_curve(part.is_complaint, part.scores)
        axes.plot(recall, precision, label=channel.value.replace("_", " "))
    axes.set(
        title="Complaints found and how many flags are right",
        xlabel="recall of complaints",
        ylabel="precision",
        ylim=(0, 1.02),
    )
    axes.legend(title="channel")


def _risk_workload(axes: mpl.axes.Axes, judged: Judged) -> None:
    grid = np.quantile(judged.scores, np.linspace(0, 1, 200))
    missed = [float((judged.scores[judged.is_complaint] < bar).mean()) for bar in grid]
    shown = [float((judged.scores >= bar).mean()) for bar in grid]
    axes.plot(shown, missed)
    axes.axhline(0.05, linestyle="--", color="grey")
    axes.annotate("5 % missed", (0.02, 0.06), color="grey")
    axes.set(
        title="What a lower miss rate costs",
        xlabel="share of messages an officer sees",
        ylabel="share of complaints missed",
    )


def _reliability(axes: mpl.axes.Axes, judged: Judged) -> None:
    order = np.argsort(judged.scores, kind="stable")
    parts = np.array_split(order, 10)
    axes.plot([0, 1], [0, 1], linestyle="--", color="grey")
    axes.plot(
        [judged.scores[part].mean() for part in parts], [judged.is_complaint[part].mean() for part in parts], marker="o"
    )
    axes.set(
        title="Are the probabilities true?", xlabel="complaint probability given", ylabel="share that are complaints"
    )
