from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from pipeline.domain import Label
from pipeline.errors import NoGuarantee
from pipeline.judging import Example
from pipeline.params import ThresholdParams
from pipeline.thresholds import allowed_misses, choose, complaints_needed, line_by_weight, precision_bound
from pipeline.training import choose_thresholds
from tests.builders import a_labelled, a_message, a_prepared

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


def an_example(number: int, label: Label = Label.COMPLAINT, **given: Any) -> Example:
    return a_labelled(message=a_message(id=f"m-{number}"), label=label, **given), a_prepared()


def test_rows_that_a_models_scores_chose_never_raise_a_line() -> None:
    """Officers saw only what scored above a line: chosen on all alike, the line would climb and the promise break."""
    rng = np.random.default_rng(3)
    own = [an_example(number) for number in range(200)]
    reviewed = [an_example(number, slices=("everyday", "reviewed")) for number in range(200, 800)]
    scores = np.concatenate([rng.random(200), 0.5 + rng.random(600) / 2])
    alone = choose_thresholds(own, scores[:200], PARAMS)
    assert choose(scores, np.ones(800, dtype=bool), PARAMS).review > alone["pooled"].review
    assert choose_thresholds([*own, *reviewed], scores, PARAMS) == alone


@pytest.mark.parametrize("weighted", [{"slices": ("everyday", "reviewed", "blind"), "weight": 50.0}, {"weight": 50.0}])
def test_what_the_blind_sample_finds_below_the_line_lowers_it(weighted: dict[str, Any]) -> None:
    rng = np.random.default_rng(3)
    own = [an_example(number) for number in range(200)]
    found = [an_example(number, **weighted) for number in range(200, 300)]
    scores = np.concatenate([rng.random(200), rng.random(100) / 100])
    before, after = choose_thresholds(own, scores[:200], PARAMS), choose_thresholds([*own, *found], scores, PARAMS)
    assert after["pooled"].review < 0.01 < before["pooled"].review
    assert (after["pooled"].n, after["pooled"].k) == (before["pooled"].n, before["pooled"].k)
    assert after["pooled"].stage_1 == before["pooled"].stage_1


def test_too_few_weighted_complaints_change_nothing() -> None:
    own, few = [an_example(number) for number in range(200)], [an_example(n, weight=9.0) for n in range(200, 240)]
    scores = np.concatenate([np.linspace(0, 1, 200), np.zeros(40)])
    assert choose_thresholds([*own, *few], scores, PARAMS) == choose_thresholds(own, scores[:200], PARAMS)


def test_a_promise_never_rests_on_weighted_rows() -> None:
    rows = [an_example(number, weight=2.0) for number in range(400)]
    with pytest.raises(NoGuarantee, match="0 calibration complaints"):
        choose_thresholds(rows, np.linspace(0, 1, 400), PARAMS)


@given(st.integers(45, 2000))
def test_equal_weights_come_to_the_exact_rule(n: int) -> None:
    scores = np.linspace(0, 1, n)
    for weight in (1.0, 7.0):
        assert line_by_weight(scores, np.full(n, weight), PARAMS) == scores[allowed_misses(n, 0.05, 0.1)]


def test_where_nothing_is_known_no_line_is_asked_for() -> None:
    assert line_by_weight([], [], PARAMS) is None
    assert line_by_weight(np.linspace(0, 1, 44), np.ones(44), PARAMS) is None
    few = np.concatenate([np.full(5, 50.0), np.ones(95)])
    assert line_by_weight(np.linspace(0, 1, 100), few, PARAMS) is None  # 100 rows, worth about 9
