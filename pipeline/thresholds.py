"""Thresholds with a stated guarantee, distribution-free and exact for finite samples.

The lower one follows the order-statistic rule (conformal risk control in its binomial form): with n calibration
complaints, the largest k whose Clopper-Pearson upper bound stays within alpha. It holds for any model as long as
new messages are exchangeable with the calibration messages.
"""

from collections.abc import Sequence

import numpy as np
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


def allowed_misses(n: int, alpha: float, delta: float) -> int:
    """The largest k with beta.ppf(1 - delta, k + 1, n - k) <= alpha; NoGuarantee if there is none."""
    needed = complaints_needed(alpha, delta)
    if n < needed:
        raise NoGuarantee(
            f"{n} calibration complaints are too few to promise a miss rate of at most {alpha:.1%} with "
            f"confidence {1 - delta:.0%}: {needed} are needed. Label more, or promise less in params.yaml."
        )
    ks = np.arange(n)
    return int(ks[beta.ppf(1 - delta, ks + 1, n - ks) <= alpha].max())


def _sure_enough(scores: np.ndarray, truth: np.ndarray, params: ThresholdParams) -> float:
    """The lowest grid value whose precision bound, and that of every value tested above it, reaches the target."""
    chosen = 1.0
    for value in _GRID:
        above = scores >= value
        hits, total = int(truth[above].sum()), int(above.sum())
        if precision_bound(total, total, params.precision_delta) < params.precision:
            continue  # too few to pass whatever their labels, so nothing was tested
        if precision_bound(hits, total, params.precision_delta) < params.precision:
            break
        chosen = float(value)
    return chosen


def precision_bound(hits: int, total: int, delta: float) -> float:
    """One-sided Clopper-Pearson lower bound of `hits` out of `total`, with confidence 1 - delta."""
    return 0.0 if hits == 0 else float(beta.ppf(delta, hits, total - hits + 1))
