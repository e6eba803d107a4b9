"""The promise of thresholds.py, against an independent implementation and by repeating the draw."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mapie.risk_control import BinaryClassificationController, MultiLabelClassificationController
from scipy.stats import beta, binom

from pipeline.errors import NoGuarantee
from pipeline.params import ThresholdParams
from pipeline.thresholds import choose, complaints_needed

Population = Callable[[np.random.Generator, int], np.ndarray]

PROMISES = [(0.05, 0.10), (0.05, 0.05), (0.10, 0.10), (0.15, 0.20)]
REPETITIONS = 2_000


def params(alpha: float, delta: float) -> ThresholdParams:
    return ThresholdParams(alpha=alpha, delta=delta, precision=0.8, precision_delta=0.1)


def scored(complaints: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores without ties, and which are complaints': half as many others among them."""
    rng = np.random.default_rng(seed)
    truth = rng.permutation(np.arange(complaints + complaints // 2) < complaints)
    return np.where(truth, rng.beta(3, 1, len(truth)), rng.beta(1, 3, len(truth))), truth


def both(scores: np.ndarray) -> np.ndarray:
    return np.column_stack([1 - scores, scores])


def learn_then_test(
    scores: np.ndarray, truth: np.ndarray, alpha: float, delta: float, **options: Any
) -> BinaryClassificationController:
    """MAPIE's Learn Then Test on recall: of its bounds the one for losses of 0 or 1 is the binomial tail itself."""
    controller = BinaryClassificationController(
        both, risk="recall", target_level=1 - alpha, confidence_level=1 - delta, **options
    )
    return controller.calibrate(scores, truth)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("n", [64, 256, 512])
@pytest.mark.parametrize(("alpha", "delta"), PROMISES)
def test_over_all_complaint_scores_mapie_finds_the_very_same_threshold(
    n: int, alpha: float, delta: float, seed: int
) -> None:
    """Fixed-sequence testing of a monotone risk is the order-statistic rule. n is a power of two: MAPIE counts misses
    as ceil(n * share), which floating point leaves alone only there.
    """
    scores, truth = scored(n, seed)
    found = learn_then_test(
        scores, truth, alpha, delta, list_predict_params=np.sort(scores[truth]), fwer_method="fixed_sequence"
    )
    assert choose(scores, truth, params(alpha, delta)).review == found.valid_predict_params.max()


@pytest.mark.parametrize("n", [100, 200, 737])
@pytest.mark.parametrize(("alpha", "delta"), PROMISES)
def test_for_other_n_mapie_is_the_same_or_one_complaint_stricter_by_rounding(
    n: int, alpha: float, delta: float
) -> None:
    scores, truth = scored(n, seed=0)
    found = learn_then_test(
        scores, truth, alpha, delta, list_predict_params=np.sort(scores[truth]), fwer_method="fixed_sequence"
    )
    k = choose(scores, truth, params(alpha, delta)).k
    assert int((scores[truth] < found.valid_predict_params.max()).sum()) in {k, k - 1}


@pytest.mark.parametrize(("alpha", "delta"), PROMISES)
def test_mapie_refuses_to_promise_for_the_same_n(alpha: float, delta: float) -> None:
    n = complaints_needed(alpha, delta)
    grid = {"list_predict_params": np.array([0.0, 1.0]), "fwer_method": "fixed_sequence"}  # none missed, all missed
    assert learn_then_test(*scored(n, seed=0), alpha, delta, **grid).best_predict_param == 0.0
    with pytest.warns(UserWarning, match="No predict parameters were found"):
        learn_then_test(*scored(n - 1, seed=0), alpha, delta, **grid)
    with pytest.raises(NoGuarantee):
        choose(*scored(n - 1, seed=0), params(alpha, delta))


@pytest.mark.parametrize("fwer_method", ["fixed_sequence", "bonferroni_holm", "bonferroni"])
@pytest.mark.parametrize(("alpha", "delta"), PROMISES)
def test_no_rule_of_mapie_on_a_grid_allows_a_higher_threshold(alpha: float, delta: float, fwer_method: str) -> None:
    """Bonferroni's corrections pay for non-monotone risks, which a miss rate is not."""
    scores, truth = scored(512, seed=1)
    found = learn_then_test(scores, truth, alpha, delta, fwer_method=fwer_method)
    assert found.valid_predict_params.max() <= choose(scores, truth, params(alpha, delta)).review


def test_risk_controlling_prediction_sets_with_hoeffdings_bound_allow_no_higher_threshold() -> None:
    """MAPIE's other promise of the same form. (Its conformal risk control holds on average only: another promise.)"""
    scores, truth = scored(512, seed=2)
    controller = MultiLabelClassificationController(
        lambda rows: rows.reshape(-1, 1),
        risk="recall",
        method="rcps",
        rcps_bound="hoeffding",
        target_level=0.9,
        confidence_level=0.9,
    )
    controller.calibrate(scores[truth], np.ones((int(truth.sum()), 1), dtype=int))
    assert 0 < controller.best_predict_param[0] <= choose(scores, truth, params(0.1, 0.1)).review


def skilled(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.beta(5, 1, size)


def hopeless(rng: np.random.Generator, size: int) -> np.ndarray:
    return rng.random(size)


def two_minds(rng: np.random.Generator, size: int) -> np.ndarray:
    """Most complaints are plain, a tenth look like anything but."""
    return np.where(rng.random(size) < 0.1, rng.beta(1, 30, size), rng.beta(30, 1, size))


def in_steps(rng: np.random.Generator, size: int) -> np.ndarray:
    """Scores with many ties."""
    return np.round(rng.beta(3, 1, size), 1)


@pytest.mark.parametrize(("n", "alpha", "delta"), [(60, 0.05, 0.10), (250, 0.10, 0.05)])
@pytest.mark.parametrize("population", [skilled, hopeless, two_minds, in_steps])
def test_over_repeated_draws_the_promise_is_broken_no_more_often_than_delta(
    population: Population, n: int, alpha: float, delta: float
) -> None:
    """The true miss rate of a threshold is counted on 50,000 further complaints of the same population."""
    rng = np.random.default_rng(20261122)
    complaints = np.sort(population(rng, 50_000))
    broken = 0
    for _ in range(REPETITIONS):
        review = choose(population(rng, n), np.ones(n, dtype=bool), params(alpha, delta)).review
        broken += np.searchsorted(complaints, review, side="left") / len(complaints) > alpha
    assert broken <= binom.ppf(0.999, REPETITIONS, delta)


@pytest.mark.parametrize("n", [45, 60, 250])
def test_the_promise_is_broken_exactly_as_often_as_the_beta_law_says(n: int) -> None:
    """Nothing is given away: for scores without ties the true miss rate is Beta(k + 1, n - k)."""
    rng = np.random.default_rng(20261122)
    found = [choose(rng.random(n), np.ones(n, dtype=bool), params(0.05, 0.1)) for _ in range(REPETITIONS)]
    broken = sum(one.review > one.alpha for one in found)
    chance = beta.sf(0.05, found[0].k + 1, n - found[0].k)
    low, high = binom.interval(0.999, REPETITIONS, chance)
    assert low <= broken <= high
    assert chance <= 0.1


def test_messages_that_hang_together_break_the_promise_more_often() -> None:
    """The limit of the promise: scores that come in tens from one writer are not exchangeable with a new writer's."""
    rng = np.random.default_rng(20261122)
    broken = sum(
        choose(np.repeat(rng.random(25), 10), np.ones(250, dtype=bool), params(0.05, 0.1)).review > 0.05
        for _ in range(REPETITIONS)
    )
    assert broken > binom.ppf(0.999, REPETITIONS, 0.1)
