"""The fast model's regression: labels of messages and, beside them, what a teacher says of their sentences."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, vstack
from sklearn.model_selection import GroupKFold
from sklearn.utils.class_weight import compute_class_weight

from pipeline.domain import Label, PreparedMessage
from pipeline.features import SideBySide
from pipeline.judging import Example
from pipeline.linear import Linear
from pipeline.model import build_label_estimator
from pipeline.params import ModelParams
from pipeline.sentences import Taught, sentences_of

_HARDLY = 0.03
"""A label to which the teacher gives less is not learned from."""

_SHARPNESS = (-3.0, 3.0)
"""Exponents of e between which it is sought."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What a regression learns: `labels`, `weights` and `authors` a row of `matrix`."""

    matrix: csr_matrix
    labels: np.ndarray
    weights: np.ndarray
    authors: np.ndarray

    @classmethod
    def of(cls, examples: Sequence[Example], matrix: csr_matrix, weights: np.ndarray) -> Self:
        """Rows of `matrix` and `weights`, of which each label has as much in all as the others."""
        labels = np.array([row.label.value for row, _ in examples])
        classes = np.unique(labels)
        balanced = compute_class_weight("balanced", classes=classes, y=labels, sample_weight=weights)
        authors = np.array([row.author for row, _ in examples])
        return cls(
            matrix=matrix,
            labels=labels,
            weights=weights * balanced[np.searchsorted(classes, labels)],
            authors=authors,
        )

    def only(self, keep: np.ndarray) -> Self:
        """The rows of these numbers, or those marked."""
        return replace(
            self,
            matrix=self.matrix[keep],
            labels=self.labels[keep],
            weights=self.weights[keep],
            authors=self.authors[keep],
        )


def rows_of_sentences(
    examples: Sequence[Example], features: SideBySide, rows: Rows, taught: Taught, params: ModelParams
) -> Rows:
    """A row a sentence and label, weighing what the teacher gives the label; those of a message weigh together
    `params.sentences` times what it weighs. A message whose text has other sentences by now teaches none.
    """
    found: list[tuple[int, PreparedMessage, np.ndarray]] = []
    for number, (row, message) in enumerate(examples):
        said = taught.get(row.message.id, np.empty((0, len(Label))))
        sentences = sentences_of(message) if len(said) else []
        if len(sentences) == len(said):
            found += [(number, sentence, each) for sentence, each in zip(sentences, said, strict=True)]
    parents = np.array([number for number, _, _ in found], dtype=int)
    shares = np.array([each for _, _, each in found]).reshape(-1, len(Label))
    matrix = features.transform([sentence for _, sentence, _ in found]) if found else rows.matrix[:0]
    weights = params.sentences * rows.weights[parents] / np.bincount(parents, minlength=1)[parents]
    places, labels = np.nonzero(shares > _HARDLY)
    return Rows(
        matrix=matrix[places],
        labels=np.array([label.value for label in Label])[labels],
        weights=weights[places] * shares[places, labels],
        authors=rows.authors[parents][places],
    )


def calibrated_line(rows: Rows, sentences: Rows, params: ModelParams) -> Linear:
    """A regression over both, its probabilities calibrated on `rows` that author-grouped folds left out."""
    return replace(_line(rows, sentences, params), sharpness=_sharpness(rows, sentences, params))


def _line(rows: Rows, sentences: Rows, params: ModelParams) -> Linear:
    matrix = vstack([rows.matrix, sentences.matrix], format="csr")
    labels = np.concatenate([rows.labels, sentences.labels])
    weights = np.concatenate([rows.weights, sentences.weights])
    return Linear.of(build_label_estimator(params).fit(matrix, labels, sample_weight=weights))


def _sharpness(rows: Rows, sentences: Rows, params: ModelParams) -> float:
    """What the odds are best multiplied by (temperature scaling: Guo et al. 2017)."""
    count = min(params.folds, len(set(rows.authors)))
    odds = np.empty((len(rows.labels), len(set(rows.labels))))
    for learned, apart in GroupKFold(n_splits=count).split(rows.matrix, rows.labels, rows.authors):
        known = np.isin(sentences.authors, rows.authors[learned])
        odds[apart] = _line(rows.only(learned), sentences.only(known), params).odds(rows.matrix[apart])
    truth = np.searchsorted(np.unique(rows.labels), rows.labels)

    def lost(exponent: float) -> float:
        sharpened = np.exp(exponent) * odds
        logs = sharpened - np.logaddexp.reduce(sharpened, axis=1, keepdims=True)
        return float(-rows.weights @ logs[np.arange(len(truth)), truth])

    return float(np.exp(minimize_scalar(lost, bounds=_SHARPNESS, method="bounded").x))
