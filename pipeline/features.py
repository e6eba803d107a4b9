"""scikit-learn transformers over PreparedMessage. Their import path is part of the model format.

Channel and length are left out on purpose: both are shortcuts that do not carry over (docs/figures.md).
"""

from collections.abc import Iterable
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.base import BaseEstimator, TransformerMixin

from pipeline.domain import CueKind, PreparedMessage

_FOR_THE_MODEL = tuple(kind for kind in CueKind if kind not in {CueKind.REPRESENTATIVE, CueKind.EXCLUSION_FLAG})


class Texts(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Prepared messages -> their texts in lower case."""

    def fit(self, messages: Iterable[PreparedMessage], y: Any = None) -> Self:  # noqa: ARG002  # scikit-learn's contract
        """Learn nothing."""
        self.fitted_ = True
        return self

    def transform(self, messages: Iterable[PreparedMessage]) -> list[str]:
        """One text a message."""
        return [message.text.casefold() for message in messages]


class CueCounts(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Prepared messages -> a row a message: 1 where a cue of the kind was found, 0.5 more where two or more."""

    def fit(self, messages: Iterable[PreparedMessage], y: Any = None) -> Self:  # noqa: ARG002  # scikit-learn's contract
        """Fix the order of the columns."""
        self.kinds_ = _FOR_THE_MODEL
        return self

    def transform(self, messages: Iterable[PreparedMessage]) -> csr_matrix:
        """A sparse matrix of shape (messages, cue kinds)."""
        return csr_matrix(np.array([self._row(message) for message in messages], dtype=np.float64))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:  # noqa: ARG002  # as above
        """The cue kinds."""
        return np.array([f"cue:{kind}" for kind in self.kinds_], dtype=object)

    def _row(self, message: PreparedMessage) -> list[float]:
        found = [cue.kind for cue in message.cues]
        return [min(found.count(kind), 1) + 0.5 * (found.count(kind) > 1) for kind in self.kinds_]
