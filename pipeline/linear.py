"""Fitted linear estimators as one product: what scikit-learn checks at each call costs more than a message's answer."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.utils.extmath import softmax


@dataclass(frozen=True, kw_only=True)
class Linear:
    """`weights` of shape (columns, classes), `intercept` and `classes` of (classes,); odds are multiplied by
    `sharpness` (temperature scaling). The same digits as the estimator gives, whatever rows stand beside a row.
    """

    weights: np.ndarray
    intercept: np.ndarray
    classes: np.ndarray
    sharpness: float = 1.0

    @classmethod
    def of(cls, fitted: LogisticRegression, *, sharpness: float = 1.0) -> Self:
        """A fitted regression; the odds of one of two classes are shared between both."""
        coefficients, intercept = fitted.coef_, fitted.intercept_
        if len(coefficients) == 1:
            coefficients, intercept = (
                np.vstack([-coefficients, coefficients]) / 2,
                np.hstack([-intercept, intercept]) / 2,
            )
        weights = np.ascontiguousarray(coefficients.T)
        return cls(weights=weights, intercept=intercept, classes=fitted.classes_, sharpness=sharpness)

    def probabilities(self, matrix: csr_matrix) -> np.ndarray:
        """Of shape (rows, classes)."""
        return np.asarray(softmax(self.sharpness * self.odds(matrix)))

    def likeliest(self, matrix: csr_matrix) -> np.ndarray:
        """A class a row."""
        return np.asarray(self.classes[self.odds(matrix).argmax(axis=1)])

    def odds(self, matrix: csr_matrix) -> np.ndarray:
        """Log odds of shape (rows, classes), not sharpened."""
        return np.asarray(matrix @ self.weights + self.intercept)
