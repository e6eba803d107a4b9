"""Which labels are likely wrong, and which messages are worth labelling next.

Doubts follow confident learning (Northcutt, Jiang and Chuang, 2021): a label is doubted where a model that did not
learn from its author is as sure of another label as it is on average of messages that bear it. (cleanlab does this too;
its licence, AGPL, does not fit here.) What to label next are messages near the line where the route changes, one from
each group of like messages.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import entropy
from sklearn.cluster import MiniBatchKMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer

from pipeline.domain import Label, LabelledMessage, PreparedMessage, Thresholds
from pipeline.errors import CorpusError

_FOLDS = 5
_TIMES = 5
"""How many uncertain messages are grouped for each that is asked for."""


@dataclass(frozen=True, kw_only=True)
class Doubt:
    """A label to look at again; `margin` is by how much the model prefers the other."""

    message_id: str
    label: Label
    rather: Label
    margin: float


def doubts(rows: Sequence[LabelledMessage], texts: Sequence[str], *, seed: int) -> list[Doubt]:
    """Likely mistakes, worst first. `texts` are the prepared words of `rows`."""
    authors = [row.author for row in rows]
    if len(set(authors)) < 2 or len({row.label for row in rows}) < 2:
        raise CorpusError("Doubts need rows of two authors or more, and of two labels or more.")
    given = np.array([tuple(Label).index(row.label) for row in rows])
    model = make_pipeline(
        TfidfVectorizer(min_df=2, ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=3.0, class_weight="balanced", max_iter=1000, tol=1e-3, random_state=seed),
    )
    folds = GroupKFold(min(_FOLDS, len(set(authors))))
    present = np.unique(given)
    found = np.zeros((len(rows), len(Label)))
    found[:, present] = cross_val_predict(model, list(texts), given, groups=authors, cv=folds, method="predict_proba")
    return doubted([row.message.id for row in rows], given, found)


def doubted(ids: Sequence[str], given: np.ndarray, probabilities: np.ndarray) -> list[Doubt]:
    """Confident learning on probabilities that were found without each row's own label."""
    labels = tuple(Label)
    sure = np.array([probabilities[given == k, k].mean() if (given == k).any() else np.inf for k in range(len(labels))])
    confident = np.where(probabilities >= sure, probabilities, -1.0)
    rather, rows = confident.argmax(axis=1), np.arange(len(given))
    wrong = np.flatnonzero((confident.max(axis=1) >= 0) & (rather != given))
    margins = probabilities[rows, rather] - probabilities[rows, given]
    ordered = sorted(wrong, key=lambda i: -margins[i])
    return [
        Doubt(message_id=ids[int(i)], label=labels[given[i]], rather=labels[rather[i]], margin=float(margins[i]))
        for i in ordered
    ]


def uncertainty(probabilities: np.ndarray, thresholds: Sequence[Thresholds]) -> np.ndarray:
    """1 at the review threshold and falling away from it on either side, in log odds; entropy settles the rest."""
    clipped = np.clip(probabilities[:, 0], 1e-6, 1 - 1e-6)
    lines = np.clip([each.review for each in thresholds], 1e-6, 1 - 1e-6)
    away = np.abs(np.log(clipped / (1 - clipped)) - np.log(lines / (1 - lines)))
    return np.asarray(np.exp(-away) + 0.1 * entropy(probabilities, axis=1))


def next_to_label(prepared: Sequence[PreparedMessage], uncertain: np.ndarray, count: int, *, seed: int) -> list[int]:
    """The places of `count` messages: uncertain, and unlike each other."""
    order = np.argsort(-uncertain, kind="stable")[: count * _TIMES]
    if len(order) <= count:
        return [int(place) for place in order]
    words = TfidfVectorizer(sublinear_tf=True).fit_transform([prepared[int(place)].text for place in order])
    if words.shape[1] > 64:
        words = make_pipeline(TruncatedSVD(32, random_state=seed), Normalizer()).fit_transform(words)
    groups = MiniBatchKMeans(count, random_state=seed, n_init=3, batch_size=4096).fit_predict(words)
    firsts = [int(order[np.flatnonzero(groups == group)[0]]) for group in np.unique(groups)]
    spare = [int(place) for place in order if int(place) not in set(firsts)]
    return [*firsts, *spare][:count]
