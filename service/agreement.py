"""How well two readers of the same message agree, beyond what chance would bring about. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from sklearn.metrics import cohen_kappa_score

from pipeline.domain import Label
from pipeline.metrics import Figure, share

FEWEST = 20
"""Pairs below which a figure would be mostly chance."""
_LABELS = tuple(Label)


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """`counts` says how often the first reader said the one and the second the other."""

    counts: Mapping[tuple[Label, Label], int]

    @property
    def pairs(self) -> int:
        """Messages read twice."""
        return sum(self.counts.values())

    @property
    def agreed(self) -> Figure | None:
        """The share on which both said the same; None for too few pairs."""
        same = sum(count for (first, second), count in self.counts.items() if first is second)
        return share(same, self.pairs) if self.pairs >= FEWEST else None

    @property
    def kappa(self) -> Figure | None:
        """Cohen's kappa; None for too few pairs, and where all first or all second readings say the same."""
        return kappa(self.table) if self.pairs >= FEWEST else None

    @property
    def table(self) -> np.ndarray:
        """The counts, a row for each label of the first reader, a column for each of the second."""
        return np.array([[self.counts.get((first, second), 0) for second in _LABELS] for first in _LABELS])


def kappa(table: np.ndarray) -> Figure | None:
    """Cohen's kappa of a square table of counts, with its 95 % interval; None where either side used one label only,
    for then it is 0 or undefined whatever they read.

    The interval is by the large-sample standard error of Fleiss, Cohen and Everitt (Large sample standard errors of
    kappa and weighted kappa, Psychological Bulletin 72 (1969) 323-327). Where the readers agree on every message that
    error is 0; the lower bound is then that of the share agreed, the readers' use of the labels held as it is.
    """
    pairs = int(table.sum())
    part = table / pairs
    first, second = part.sum(axis=1), part.sum(axis=0)
    if np.isclose(max(first.max(), second.max()), 1):
        return None
    chance, same = float(first @ second), float(np.trace(part))
    rows, columns = np.indices(table.shape)
    value = float(cohen_kappa_score(rows.ravel(), columns.ravel(), sample_weight=table.ravel()))
    if np.isclose(same, 1):
        return Figure(value=value, low=(share(pairs, pairs).low - chance) / (1 - chance), high=1.0, n=pairs)
    reach = float(norm.ppf(0.975)) * _error(part, first, second, value) / np.sqrt(pairs)
    return Figure(value=value, low=max(-1.0, float(value - reach)), high=min(1.0, float(value + reach)), n=pairs)


def _error(part: np.ndarray, first: np.ndarray, second: np.ndarray, value: float) -> float:
    """The standard error for one pair."""
    chance, missing = float(first @ second), 1 - value
    on_diagonal = np.diag(part) @ (1 - (first + second) * missing) ** 2
    beside = part * (second[:, None] + first[None, :]) ** 2
    beside = missing**2 * (beside.sum() - np.trace(beside))
    return float(np.sqrt(on_diagonal + beside - (value - chance * missing) ** 2) / (1 - chance))
