"""Whether what comes in now is still like what came in before. Pure.

The population stability index looks at one number at a time; the classifier two-sample test (Lopez-Paz and Oquab, 2017)
at the words: where nothing changed, no classifier tells new messages from old better than chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import mannwhitneyu
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from pipeline.metrics import Floats, auc

MOVED = 0.25
"""A stability index from which the field speaks of a shift; from 0.1 of a change to watch."""

_BINS = 10
_FOLDS = 5
_FEWEST = 30
"""Messages of each kind below which nothing is said of their words."""
_MOST = 2_000
"""Messages of each kind that are looked at; more only cost time."""


@dataclass(frozen=True, kw_only=True)
class WordTest:
    """How well a classifier tells new messages from old: 0.5 is chance; `p` is that of so much by chance."""

    auc: float
    p: float


def stability_index(before: Floats, now: Floats) -> float:
    """PSI of numbers between 0 and 1 over tenths of `before`; nan where either is empty.

    Half a message is added to every bin, so that an empty one does not make it infinite.
    """
    old, new = np.asarray(before, dtype=float), np.asarray(now, dtype=float)
    if not len(old) or not len(new):
        return float("nan")
    edges = np.unique(np.quantile(old, np.linspace(0, 1, _BINS + 1)[1:-1]))
    expected, actual = (_shares(np.searchsorted(edges, part, side="right"), len(edges) + 1) for part in (old, new))
    return _index(expected, actual)


def mix_index(before: Mapping[str, int], now: Mapping[str, int]) -> float:
    """PSI of a mix of kinds, counted by name; nan where either is empty. Half a message is added to every kind."""
    if not sum(before.values()) or not sum(now.values()):
        return float("nan")
    kinds = sorted({*before, *now})
    expected, actual = (_smoothed(np.array([part.get(kind, 0) for kind in kinds])) for part in (before, now))
    return _index(expected, actual)


def word_test(before: Sequence[str], now: Sequence[str], *, seed: int) -> WordTest | None:
    """The classifier two-sample test over words; None where there are too few messages to say."""
    if min(len(before), len(now)) < _FEWEST:
        return None
    rng = np.random.default_rng(seed)
    old, new = (_some(texts, rng) for texts in (before, now))
    fresh = np.repeat([0, 1], [len(old), len(new)])
    model = make_pipeline(
        TfidfVectorizer(min_df=2, sublinear_tf=True), LogisticRegression(class_weight="balanced", max_iter=1000)
    )
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    scores = cross_val_predict(model, [*old, *new], fresh, cv=folds, method="predict_proba")[:, 1]
    test = mannwhitneyu(scores[fresh == 1], scores[fresh == 0], alternative="greater")
    return WordTest(auc=auc(scores, fresh == 1), p=float(test.pvalue))


def _shares(bins: np.ndarray, count: int) -> np.ndarray:
    return _smoothed(np.bincount(bins, minlength=count))


def _smoothed(counts: np.ndarray) -> np.ndarray:
    held = counts + 0.5
    return np.asarray(held / held.sum())


def _index(expected: np.ndarray, actual: np.ndarray) -> float:
    return float(((actual - expected) * np.log(actual / expected)).sum())


def _some(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    if len(texts) <= _MOST:
        return list(texts)
    return [texts[int(place)] for place in rng.choice(len(texts), _MOST, replace=False)]
