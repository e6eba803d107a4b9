import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from pipeline.errors import NoGuarantee
from pipeline.params import ThresholdParams
from pipeline.thresholds import allowed_misses, choose, complaints_needed, precision_bound

PARAMS = ThresholdParams(alpha=0.05, delta=0.1, precision=0.8, precision_delta=0.1)


@pytest.mark.parametrize(
    ("alpha", "delta", "needed"), [(0.05, 0.10, 45), (0.05, 0.05, 59), (0.02, 0.05, 149), (0.01, 0.05, 299)]
)
def test_the_fewest_complaints_for_a_promise_are_those_of_the_exact_rule(
    alpha: float, delta: float, needed: int
) -> None:
    assert complaints_needed(alpha, delta) == needed
    assert allowed_misses(needed, alpha, delta) == 0
    with pytest.raises(NoGuarantee, match=f"{needed} are needed"):
        allowed_misses(needed - 1, alpha, delta)


@given(st.integers(45, 2000))
def test_k_is_the_largest_that_keeps_the_promise(n: int) -> None:
    k = allowed_misses(n, 0.05, 0.1)
    assert beta.ppf(0.9, k + 1, n - k) <= 0.05 < beta.ppf(0.9, k + 2, n - k - 1)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_the_promise_is_kept_in_nine_of_ten_draws(seed: int) -> None:
    """Complaint scores are uniform, so the true miss rate of a threshold is the threshold itself."""
    rng = np.random.default_rng(seed)
    kept = [choose(rng.random(200), np.ones(200, dtype=bool), PARAMS).review <= 0.05 for _ in range(200)]
    assert np.mean(kept) >= 0.82  # 0.9 less four standard errors


def test_stage_1_starts_where_flags_are_right_often_enough() -> None:
    scores = np.concatenate([np.full(300, 0.9), np.full(300, 0.6), np.full(300, 0.1)])
    truth = np.concatenate([np.ones(300), np.tile([1, 0], 150), np.zeros(300)]).astype(bool)
    found = choose(scores, truth, PARAMS)
    assert 0.6 < found.stage_1 <= 0.9
    assert found.review == pytest.approx(0.6)


def test_the_walk_down_to_stage_1_stops_at_the_first_value_that_fails() -> None:
    """Where nearly all flags above 0.95 are wrong, that all between 0.6 and 0.95 are right does not help."""
    scores = np.concatenate([np.full(60, 0.97), np.full(2000, 0.7)])
    truth = np.concatenate([np.zeros(60), np.ones(2000)]).astype(bool)
    assert choose(scores, truth, PARAMS).stage_1 == 1.0


def test_where_no_value_is_sure_enough_everything_above_review_is_reviewed() -> None:
    rng = np.random.default_rng(1)
    found = choose(rng.random(400), rng.random(400) < 0.3, PARAMS)
    assert found.stage_1 == 1.0


def test_precision_bound_is_clopper_pearson() -> None:
    assert precision_bound(0, 10, 0.1) == 0.0
    assert precision_bound(10, 10, 0.1) == pytest.approx(0.1 ** (1 / 10))
