"""What is measured, with intervals: recall of complaints, miss rate, workload, ranking, calibration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import beta, rankdata
from sklearn.metrics import f1_score

from pipeline.domain import Label

Rows = np.ndarray
Floats = Sequence[float] | np.ndarray
Bools = Sequence[bool] | np.ndarray


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A measured value with its 95 % interval and how many messages it rests on."""

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.n}"


def auc(scores: Floats, positive: Bools) -> float:
    """The chance that a positive scores above a negative (ties half); nan if one kind is missing."""
    s, y = np.asarray(scores, dtype=float), np.asarray(positive, dtype=bool)
    pos, neg = int(y.sum()), int((~y).sum())
    if not pos or not neg:
        return float("nan")
    return float((rankdata(s)[y].sum() - pos * (pos + 1) / 2) / (pos * neg))


def like_length_auc(scores: Floats, positive: Bools, words: Floats) -> float:
    """AUC over pairs whose lengths in words differ by at most a quarter: length alone is near 0.5 here."""
    s, y, n = np.asarray(scores, dtype=float), np.asarray(positive, dtype=bool), np.asarray(words, dtype=float)
    wins, pairs = 0.0, 0
    for length in np.unique(n[y]):
        alike = np.sort(s[~y & (n >= 0.8 * length) & (n <= 1.25 * length)])
        mine = s[y & (n == length)]
        wins += (np.searchsorted(alike, mine, "left") + np.searchsorted(alike, mine, "right")).sum() / 2
        pairs += len(alike) * len(mine)
    return float(wins / pairs) if pairs else float("nan")


def share(hits: int, total: int) -> Figure:
    """A proportion with its Clopper-Pearson interval."""
    low = 0.0 if hits == 0 else float(beta.ppf(0.025, hits, total - hits + 1))
    high = 1.0 if hits == total else float(beta.ppf(0.975, hits + 1, total - hits))
    return Figure(value=hits / total if total else float("nan"), low=low, high=high, n=total)


def macro_f1(truth: Sequence[str], found: Sequence[str]) -> float:
    """Mean F1 over the labels that occur in `truth`."""
    labels = sorted(set(truth))
    return float(f1_score(list(truth), list(found), labels=labels, average="macro", zero_division=0.0))


def brier(probabilities: np.ndarray, truth: Sequence[Label]) -> float:
    """Mean squared error over the three labels, 0 (perfect) to 2. `probabilities` has shape (n, 3)."""
    target = np.array([[label is column for column in Label] for label in truth], dtype=float)
    return float(((probabilities - target) ** 2).sum(axis=1).mean())


def calibration_error(scores: Floats, positive: Bools, bins: int = 15) -> float:
    """Expected calibration error of the complaint probability over bins of equal size."""
    s, y = np.asarray(scores, dtype=float), np.asarray(positive, dtype=float)
    parts = np.array_split(np.argsort(s, kind="stable"), bins)
    return float(sum(len(part) * abs(s[part].mean() - y[part].mean()) for part in parts if len(part)) / len(s))


def interval(measure: Callable[[Rows], float], groups: Sequence[str], *, draws: int = 500, seed: int = 0) -> Figure:
    """`measure(rows)` on all rows, with a 95 % bootstrap interval drawn by whole groups (authors, scenarios).

    `measure` gets row numbers. Drawing groups keeps like messages together, so the interval is honest about
    how few voices there are.
    """
    names = np.asarray(groups)
    members = {name: np.flatnonzero(names == name) for name in np.unique(names)}
    keys = list(members)
    rng = np.random.default_rng(seed)
    rows = np.arange(len(names))
    drawn = [
        measure(np.concatenate([members[keys[i]] for i in rng.integers(len(keys), size=len(keys))]))
        for _ in range(draws)
    ]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Figure(value=measure(rows), low=float(low), high=float(high), n=len(names))
