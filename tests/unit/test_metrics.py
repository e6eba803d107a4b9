import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from pipeline import metrics
from pipeline.domain import Label


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=40))
def test_auc_agrees_with_scikit_learn(pairs: list[tuple[int, bool]]) -> None:
    scores, positive = zip(*pairs, strict=True)
    if len(set(positive)) == 2:
        assert metrics.auc(scores, positive) == pytest.approx(roc_auc_score(positive, scores))


def test_length_alone_is_worth_nothing_over_pairs_of_like_length() -> None:
    rng = np.random.default_rng(2)
    words = rng.integers(20, 200, size=1500)
    positive = rng.random(1500) < words / 220
    plain = metrics.auc(words, positive)
    assert plain > 0.7
    assert metrics.like_length_auc(words, positive, words) - 0.5 < (plain - 0.5) / 2


def test_a_share_has_an_exact_interval() -> None:
    figure = metrics.share(0, 300)
    assert figure.high == pytest.approx(1 - 0.025 ** (1 / 300))
    assert figure.low == 0.0


def test_brier_is_zero_for_a_model_that_is_sure_and_right() -> None:
    assert metrics.brier(np.eye(3), list(Label)) == 0.0
    assert metrics.brier(np.eye(3)[[1, 2, 0]], list(Label)) == 2.0


def test_probabilities_that_come_true_have_no_calibration_error() -> None:
    rng = np.random.default_rng(3)
    p = rng.random(60_000)
    assert metrics.calibration_error(p, rng.random(60_000) < p) < 0.01
    assert metrics.calibration_error(p, rng.random(60_000) < p**3) > 0.1


def test_an_interval_by_author_is_wider_where_authors_differ() -> None:
    values = np.repeat([0.0, 1.0, 0.0, 1.0], 100)
    by_author = metrics.interval(lambda r: float(values[r].mean()), [f"a{i // 100}" for i in range(400)])
    by_row = metrics.interval(lambda r: float(values[r].mean()), [str(i) for i in range(400)])
    assert by_author.high - by_author.low > 3 * (by_row.high - by_row.low)
