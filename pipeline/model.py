"""params -> unfitted scikit-learn estimators."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from pipeline.domain import Label, PreparedMessage
from pipeline.encode import Encoder
from pipeline.features import CharacterGrams, CueCounts, SideBySide, Texts, WordGrams, through
from pipeline.linear import Linear
from pipeline.params import ModelParams

_SMALLEST = 1e-4
"""Below this a probability of the fast model says no more than "hardly"."""

_TOLERANCE = 1e-3
"""Ten times the default: half the time to fit, the same ranking to three digits."""


@dataclass(frozen=True, kw_only=True)
class Estimators:
    """What a model folder holds, fitted: `features` turns prepared messages into a sparse matrix, `label` that matrix
    into calibrated probabilities of the labels' values, `topic` prepared messages into topics. With an `encoder`,
    `stack` turns what both say into calibrated probabilities.
    """

    features: Any
    label: Linear
    topic: Any
    encoder: Encoder | None = None
    stack: Any = None

    def probabilities(self, prepared: list[PreparedMessage]) -> np.ndarray:
        """Calibrated probabilities of shape (messages, 3), columns in the order of `Label`."""
        fast = self.fast_probabilities(prepared)
        if self.encoder is None:
            return fast
        logits = self.encoder.logits([message.text for message in prepared])
        return _by_row(self.stack, stacked(fast, logits))

    def fast_probabilities(self, prepared: list[PreparedMessage]) -> np.ndarray:
        """What words, character n-grams and cues say alone, of the same shape."""
        matrix = self.features.transform(prepared)
        return self.label.probabilities(matrix)[:, self._columns]

    def topics(self, prepared: Sequence[PreparedMessage]) -> np.ndarray:
        """The likeliest topic a message."""
        return self._topic_product.likeliest(through(self.topic[:-1], prepared))

    def __getstate__(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def _topic_product(self) -> Linear:
        return Linear.of(self.topic[-1])

    @cached_property
    def _columns(self) -> list[int]:
        return [list(self.label.classes).index(label.value) for label in Label]


def build_features(params: ModelParams) -> SideBySide:
    """Words, character n-grams and cues."""
    words = WordGrams(
        token_pattern=r"(?u)\b\w[\w']*\b|[!?]+",  # noqa: S106  # not a password
        ngram_range=(1, params.word_ngrams),
        min_df=params.min_messages,
    )
    characters = CharacterGrams(ngram_range=(2, params.char_ngrams), min_df=params.min_messages + 1)
    return SideBySide(
        [
            ("words", Pipeline([("texts", Texts()), ("tfidf", words)])),
            ("characters", Pipeline([("texts", Texts()), ("tfidf", characters)])),
            ("cues", CueCounts()),
        ]
    )


def build_label_estimator(params: ModelParams) -> LogisticRegression:
    """A regularised logistic regression over the three labels, which are balanced by the weights of the rows."""
    return _regression(params.c, params.seed).set_params(class_weight=None)


def build_stack(params: ModelParams) -> LogisticRegression:
    """From the columns of `stacked` to probabilities; classes are numbers in the order of `Label`."""
    return LogisticRegression(C=params.stack_c, max_iter=2000, random_state=params.seed)


def stacked(fast: np.ndarray, logits: np.ndarray) -> np.ndarray:
    """Log probabilities of the fast model and of the encoder side by side, of shape (messages, 6)."""
    encoder = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return np.hstack([np.log(np.clip(fast, _SMALLEST, 1)), encoder])


def _by_row(stack: LogisticRegression, columns: np.ndarray) -> np.ndarray:
    """Its `predict_proba` without a matrix product, whose last digit depends on how many rows there are."""
    odds = (columns[:, np.newaxis, :] * stack.coef_).sum(axis=2) + stack.intercept_
    return np.asarray(softmax(odds, axis=1))


def build_topic_estimator(params: ModelParams) -> Pipeline:
    """Words into a logistic regression over the topics."""
    words = WordGrams(min_df=params.min_messages)
    return Pipeline([("texts", Texts()), ("tfidf", words), ("classifier", _regression(params.topic_c, params.seed))])


def _regression(c: float, seed: int) -> LogisticRegression:
    return LogisticRegression(C=c, class_weight="balanced", tol=_TOLERANCE, max_iter=2000, random_state=seed)
