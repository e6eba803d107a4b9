import numpy as np
import pytest

from pipeline.drift import MOVED, mix_index, stability_index, word_test

RNG = np.random.default_rng(3)
TAPS = [f"the tap in flat {n} drips since {n % 7} days" for n in range(200)]
BINS = [f"the green bin of number {n} was left on round {n % 7}" for n in range(200)]


def test_numbers_from_the_same_source_are_stable_and_shifted_ones_are_not() -> None:
    before, alike, shifted = RNG.beta(1, 5, 2_000), RNG.beta(1, 5, 2_000), RNG.beta(3, 3, 2_000)
    assert stability_index(before, alike) < 0.05
    assert stability_index(before, shifted) > MOVED


def test_one_number_throughout_is_no_shift_and_none_at_all_says_nothing() -> None:
    assert stability_index([0.5] * 100, [0.5] * 100) == pytest.approx(0)
    assert np.isnan(stability_index([], [0.1]))


def test_a_mix_of_topics_shifts_with_its_shares_and_not_with_its_size() -> None:
    before = {"heating": 500, "lifts": 300, "noise": 200}
    assert mix_index(before, {topic: count // 5 for topic, count in before.items()}) < 0.01
    assert mix_index(before, {"lifts": 30, "mould": 70}) > MOVED
    assert np.isnan(mix_index(before, {}))


def test_other_words_are_told_apart_and_the_same_ones_are_not() -> None:
    other = word_test(TAPS[:100] + BINS[:10], TAPS[100:] + BINS[10:], seed=1)
    same = word_test(TAPS[::2], TAPS[1::2], seed=1)
    assert other is not None
    assert other.p < 0.01
    assert other.auc > 0.7
    assert same is not None
    assert same.p > 0.01


def test_of_a_handful_of_messages_nothing_is_said() -> None:
    assert word_test(TAPS[:10], BINS, seed=1) is None
