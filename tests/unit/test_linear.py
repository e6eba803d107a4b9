"""A linear estimator as one product gives the estimator's own digits, for a row alone as among others."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random
from sklearn.linear_model import LogisticRegression

from pipeline.artefact import load
from pipeline.domain import Label
from pipeline.linear import Linear
from pipeline.preprocess import prepare
from tests.builders import COMPLAINT, REQUEST, THANKS, a_message

ROWS = csr_matrix(random(300, 40, density=0.2, random_state=1))


def classes(count: int) -> np.ndarray:
    return np.array([f"class {number % count}" for number in np.random.default_rng(1).permutation(300)])


@pytest.mark.parametrize("count", [2, 3, 5])
def test_the_likeliest_class_is_the_estimators(count: int) -> None:
    fitted = LogisticRegression().fit(ROWS, classes(count))
    assert (Linear.of(fitted).likeliest(ROWS) == fitted.predict(ROWS)).all()


@pytest.mark.parametrize("count", [2, 3])
def test_probabilities_are_the_estimators_and_the_same_whatever_stands_beside_a_row(count: int) -> None:
    fitted = LogisticRegression().fit(ROWS, classes(count))
    product = Linear.of(fitted)
    together = product.probabilities(ROWS)
    assert np.allclose(together, fitted.predict_proba(ROWS), rtol=1e-12, atol=0)
    assert (np.vstack([product.probabilities(ROWS[[place]]) for place in range(40)]) == together[:40]).all()


def test_a_model_answers_as_its_estimators_and_is_kept_without_what_was_made_for_speed(model: Path) -> None:
    estimators = replace(load(model).estimators)
    fresh = pickle.dumps(estimators)
    prepared = [prepare(a_message(text=text)) for text in (COMPLAINT, REQUEST, THANKS)]
    columns = [list(estimators.label.classes).index(label.value) for label in Label]
    expected = estimators.label.probabilities(estimators.features.transform(prepared))[:, columns]
    assert (estimators.fast_probabilities(prepared) == expected).all()
    assert list(estimators.topics(prepared)) == list(estimators.topic.predict(prepared))
    assert len(pickle.dumps(estimators)) == len(fresh)
