"""What a promise costs: miss rate, review workload and false flags for a ladder of promises.

Thresholds are chosen on one half of the authors and measured on the other, both ways, over seeded halvings: a
message is never judged by thresholds that saw its author. The model must not have learned from any of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
from sklearn.model_selection import GroupShuffleSplit

from pipeline.domain import Channel, Thresholds
from pipeline.errors import NoGuarantee
from pipeline.judging import Example, Judged, route_values
from pipeline.params import ThresholdParams
from pipeline.thresholds import choose, complaints_needed

LADDER = (0.01, 0.02, 0.03, 0.05, 0.075, 0.10, 0.15)
"""Shares of complaints missed at most, shown beside the one asked for."""

HALVINGS = 20

POOLED = "pooled"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Means over halves that the thresholds were not chosen on. In 1 - delta of the halves the miss rate was at most
    `miss_rate_high`; `broken` is the share of halves in which it was above what was promised.
    """

    miss_rate: float
    miss_rate_high: float
    broken: float
    workload_review: float
    false_flags_stage_1: float
    non_complaints_seen: float


@dataclass(frozen=True, kw_only=True)
class Promise:
    """At most `alpha` of complaints missed, in one channel or `pooled`, where there are `n` complaints.

    `thresholds` is None if `n` is below `needed`, `cost` if some half of the authors cannot be chosen or measured on.
    """

    scope: str
    alpha: float
    n: int
    needed: int
    thresholds: Thresholds | None
    cost: Cost | None


def ladder(
    examples: Sequence[Example], probabilities: np.ndarray, params: ThresholdParams, *, seed: int
) -> list[Promise]:
    """A promise for each alpha of the ladder and that of `params`, pooled and for each channel that occurs.

    `probabilities` of shape (n, 3) are those of `examples`.
    """
    channels = np.array([row.message.channel for row, _ in examples])
    scopes = {POOLED: np.full(len(channels), fill_value=True)} | {
        name.value: channels == name for name in Channel if name in channels
    }
    by_author = parted_by_author(examples)
    groups = np.array([row.author if by_author else row.scenario for row, _ in examples])
    everything = Judged(rows=list(examples), probabilities=probabilities, thresholds=[])
    return [
        _promise(scope, _rows(everything, np.flatnonzero(here)), groups[here], replace(params, alpha=alpha), seed)
        for scope, here in scopes.items()
        for alpha in sorted({*LADDER, params.alpha})
    ]


def parted_by_author(examples: Sequence[Example]) -> bool:
    """Whether halves are halves of the authors; a lone author's messages are parted by scenario."""
    return len({row.author for row, _ in examples}) > 1


def _promise(scope: str, part: Judged, groups: np.ndarray, params: ThresholdParams, seed: int) -> Promise:
    try:
        thresholds = choose(part.scores, part.is_complaint, params)
    except NoGuarantee:
        thresholds = None
    return Promise(
        scope=scope,
        alpha=params.alpha,
        n=int(part.is_complaint.sum()),
        needed=complaints_needed(params.alpha, params.delta),
        thresholds=thresholds,
        cost=_cost(part, groups, params, seed) if thresholds else None,
    )


def _cost(part: Judged, groups: np.ndarray, params: ThresholdParams, seed: int) -> Cost | None:
    if len(set(groups)) == 1:
        return None
    halvings = GroupShuffleSplit(n_splits=HALVINGS, test_size=0.5, random_state=seed).split(groups, groups=groups)
    halves = [(_rows(part, one), _rows(part, other)) for one, other in halvings]
    if any(len(set(half.is_complaint)) == 1 for half in chain.from_iterable(halves)):
        return None
    try:
        measured = [
            _measured(chosen_on, measured_on, params)
            for one, other in halves
            for chosen_on, measured_on in ((one, other), (other, one))
        ]
    except NoGuarantee:
        return None
    shares = {name: np.array([values[name] for values in measured]) for name in measured[0]}
    return Cost(
        miss_rate=float(shares["miss_rate"].mean()),
        miss_rate_high=float(np.quantile(shares["miss_rate"], 1 - params.delta)),
        broken=float((shares["miss_rate"] > params.alpha).mean()),
        workload_review=float(shares["workload_review"].mean()),
        false_flags_stage_1=float(shares["false_flags_stage_1"].mean()),
        non_complaints_seen=float(shares["non_complaints_seen"].mean()),
    )


def _measured(chosen_on: Judged, measured_on: Judged, params: ThresholdParams) -> dict[str, float]:
    thresholds = choose(chosen_on.scores, chosen_on.is_complaint, params)
    return route_values(replace(measured_on, thresholds=[thresholds] * len(measured_on.rows)))


def _rows(part: Judged, places: np.ndarray) -> Judged:
    return replace(part, rows=[part.rows[i] for i in places], probabilities=part.probabilities[places])
