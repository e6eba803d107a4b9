"""Thresholds with a stated guarantee, distribution-free and exact for finite samples.

The lower one follows the order-statistic rule (conformal risk control in its binomial form): with n calibration
complaints, the largest k whose Clopper-Pearson upper bound stays within alpha. It holds for any model as long as
new messages are exchangeable with the calibration messages. Rows that a model's own scores chose, such as officers'
reviews, are not: they may lower a threshold, never raise it (docs/decisions/0016).
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta

from pipeline.domain import Thresholds
from pipeline.errors import NoGuarantee
from pipeline.params import ThresholdParams

_GRID = np.round(np.arange(0.99, 0.495, -0.01), 2)
"""Fixed in advance and walked from the top down; the walk stops at the first value that fails, so that each value is
tested only if all above it passed and no correction is needed (fixed-sequence testing)."""


def complaints_needed(alpha: float, delta: float) -> int:
    """The fewest calibration complaints for which anything can be promised: (1 - alpha)^n <= delta."""
    return int(np.ceil(np.log(delta) / np.log1p(-alpha)))


def choose(
    probabilities: Sequence[float] | np.ndarray, is_complaint: Sequence[bool] | np.ndarray, params: ThresholdParams
) -> Thresholds:
    """Thresholds from calibration messages that the model did not learn from.

    `probabilities` are complaint probabilities, `is_complaint` the adjudicated labels, in the same order.
    NoGuarantee if there are too few complaints for alpha and delta.
    """
    scores = np.asarray(probabilities, dtype=float)
    truth = np.asarray(is_complaint, dtype=bool)
    complaints = np.sort(scores[truth])
    n = len(complaints)
    k = allowed_misses(n, params.alpha, params.delta)
    review = float(complaints[k])
    stage_1 = max(_sure_enough(scores, truth, params), review)
    return Thresholds(review=review, stage_1=stage_1, alpha=params.alpha, delta=params.delta, n=n, k=k)


@cache
def allowed_misses(n: int, alpha: float, delta: float) -> int:
    """The largest k with beta.ppf(1 - delta, k + 1, n - k) <= alpha; NoGuarantee if there is none."""
    needed = complaints_needed(alpha, delta)
    if n < needed:
        raise NoGuarantee(
            f"{n} calibration complaints are too few to promise a miss rate of at most {100 * alpha:.4g}% with "
            f"confidence {100 * (1 - delta):.4g}%: {needed} are needed. Label more, or promise less in params.yaml."
        )
    ks = np.arange(n)
    return int(ks[beta.ppf(1 - delta, ks + 1, n - ks) <= alpha].max())


def line_by_weight(
    scores: Sequence[float] | np.ndarray, weights: Sequence[float] | np.ndarray, params: ThresholdParams
) -> float | None:
    """The review threshold that complaints ask for of which each stands for `weights` like it; None if for too few.

    The same rule at their effective number (Kish), so an approximation: never the ground of a promise.
    """
    order = np.argsort(np.asarray(scores, dtype=float), kind="stable")
    ordered, weigh = np.asarray(scores, dtype=float)[order], np.asarray(weights, dtype=float)[order]
    if not len(ordered):
        return None
    n = weigh.sum() ** 2 / (weigh**2).sum()
    below = np.concatenate([[0.0], np.cumsum(weigh)[:-1]]) / weigh.sum() * n
    fits = beta.ppf(1 - params.delta, below + 1, np.maximum(n - below, 1e-9)) <= params.alpha
    return float(ordered[np.flatnonzero(fits).max()]) if fits.any() else None


def precision_bound(hits: ArrayLike, total: ArrayLike, delta: float) -> np.ndarray:
    """One-sided Clopper-Pearson lower bounds of `hits` out of `total`, each with confidence 1 - delta."""
    some, all_of_them = np.asarray(hits), np.asarray(total)
    return np.where(some == 0, 0.0, beta.ppf(delta, np.maximum(some, 1), all_of_them - some + 1))


def _sure_enough(scores: np.ndarray, truth: np.ndarray, params: ThresholdParams) -> float:
    """The lowest grid value whose precision bound, and that of every value tested above it, reaches the target.

    Where too few score above a value to pass whatever their labels, it is not tested.
    """
    above = scores >= _GRID[:, np.newaxis]
    totals, hits = above.sum(axis=1), (above & truth).sum(axis=1)
    tested = precision_bound(totals, totals, params.precision_delta) >= params.precision
    passed = precision_bound(hits, totals, params.precision_delta)[tested] >= params.precision
    in_a_row = int(np.logical_and.accumulate(passed).sum())
    return float(_GRID[tested][in_a_row - 1]) if in_a_row else 1.0
