"""What a model says of authors it never saw -> the numbers kept with it (`pipeline/evaluation.py`)."""

from collections.abc import Sequence

import numpy as np
from sklearn.metrics import precision_recall_curve

from pipeline.domain import Channel
from pipeline.evaluation import Bin, Evaluation, Group, Points, Share, Step
from pipeline.fairness import GroupFigures
from pipeline.judging import Judged, slice_figures
from pipeline.metrics import Figure
from pipeline.params import Params
from pipeline.trade import POOLED, Promise, ladder

_POINTS = 80
_BINS = 10


def measured(test: Judged, calibration: Judged, groups: Sequence[GroupFigures], params: Params) -> Evaluation:
    """`test` is the frozen test; what promises cost is measured on `calibration`, halves against halves."""
    promises = ladder(calibration.rows, calibration.probabilities, params.thresholds, seed=params.model.seed)
    return Evaluation(
        messages=len(test.rows),
        complaints=int(test.is_complaint.sum()),
        alpha=params.thresholds.alpha,
        delta=params.thresholds.delta,
        precision_recall=_precision_recall(test),
        risk=_risk(test),
        reliability=_reliability(test),
        slices={name: _share(figure) for name, figure in slice_figures(test).items()},
        groups=tuple(map(_group, groups)),
        trade=tuple(_step(promise) for promise in promises if promise.scope == POOLED),
    )


def _precision_recall(judged: Judged) -> dict[str, Points]:
    found = {}
    for channel in Channel:
        part = judged.only([row.message.channel is channel for row, _ in judged.rows])
        if part.rows and part.is_complaint.any():
            precision, recall, _ = precision_recall_curve(part.is_complaint, part.scores)
            found[channel.value] = _thinned(recall, precision)
    return found


def _risk(judged: Judged) -> Points:
    if not judged.is_complaint.any():
        return ()
    grid = np.quantile(judged.scores, np.linspace(0, 1, _POINTS))
    shown = np.array([(judged.scores >= bar).mean() for bar in grid])
    missed = np.array([(judged.scores[judged.is_complaint] < bar).mean() for bar in grid])
    return _thinned(shown, missed)


def _reliability(judged: Judged) -> tuple[Bin, ...]:
    parts = np.array_split(np.argsort(judged.scores, kind="stable"), _BINS)
    return tuple(
        Bin(
            said=_rounded(judged.scores[part].mean()),
            found=_rounded(judged.is_complaint[part].mean()),
            n=len(part),
        )
        for part in parts
        if len(part)
    )


def _thinned(xs: np.ndarray, ys: np.ndarray) -> Points:
    """At most so many points as a picture shows, the first and the last among them."""
    places = np.unique(np.linspace(0, len(xs) - 1, _POINTS).round().astype(int))
    return tuple((_rounded(xs[i]), _rounded(ys[i])) for i in places)


def _group(found: GroupFigures) -> Group:
    return Group(
        characteristic=found.characteristic,
        group=found.group,
        miss_rate=_share(found.miss_rate),
        false_flags=_share(found.false_flags),
        verdict=found.verdict,
    )


def _share(figure: Figure) -> Share:
    return Share(value=_rounded(figure.value), low=_rounded(figure.low), high=_rounded(figure.high), n=int(figure.n))


def _step(promise: Promise) -> Step:
    chosen, cost = promise.thresholds, promise.cost
    return Step(
        alpha=promise.alpha,
        review=_rounded(chosen.review) if chosen else None,
        stage_1=_rounded(chosen.stage_1) if chosen else None,
        miss_rate=_rounded(cost.miss_rate) if cost else None,
        miss_rate_high=_rounded(cost.miss_rate_high) if cost else None,
        workload=_rounded(cost.workload_review) if cost else None,
        false_flags=_rounded(cost.false_flags_stage_1) if cost else None,
    )


def _rounded(value: float) -> float:
    return round(float(value), 5)
