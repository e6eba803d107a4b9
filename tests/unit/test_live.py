from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.live import Sampled, greatest, least, live_miss_rate

SHARE, DELTA = 0.02, 0.1


def sampled(**given: float) -> Sampled:
    counts = {"filed": 5_000, "drawn": 100, "found": 0, "open": 0, "seen": 3_000, "waiting": 0, "share": SHARE}
    return Sampled(**{**counts, **given})


@pytest.mark.parametrize("share", [0.02, 0.2])
def test_the_interval_covers_at_every_moment_of_nine_years_in_ten_or_more(share: float) -> None:
    """Looked at after each complaint filed, whatever their number: 600 simulated years."""
    rng, most = np.random.default_rng(20261127), 1_500
    broken = 0
    for _ in range(600):
        found = np.cumsum(rng.random(most) < share)
        broken += any(
            not least(int(count), share, DELTA) <= complaints <= greatest(int(count), share, DELTA, 10**6)
            for complaints, count in zip(range(1, most + 1, 3), found[::3], strict=True)
        )
    assert broken / 600 <= DELTA


def test_the_interval_covers_while_the_share_of_complaints_drifts_and_officers_are_behind() -> None:
    rng, broken = np.random.default_rng(7), 0
    for _ in range(300):
        chance = np.repeat([0.01, 0.03, 0.15, 0.02], 1_500)
        complaint, drawn = rng.random(len(chance)) < chance, rng.random(len(chance)) < SHARE
        reviewed = rng.random(len(chance)) < 0.7
        seen = 400
        sums = zip(
            accumulate(map(int, complaint)),
            accumulate(map(int, drawn)),
            accumulate(map(int, complaint & drawn & reviewed)),
            accumulate(map(int, drawn & ~reviewed)),
            strict=True,
        )
        wrong = False
        for filed, (missed, picked, found, waits) in enumerate(sums, start=1):
            if filed % 50 == 0:
                rate = live_miss_rate(
                    sampled(filed=filed, drawn=picked, found=found, open=waits, seen=seen), delta=DELTA
                )
                wrong = wrong or not rate.low <= missed / (missed + seen) <= rate.high
        broken += wrong
    assert broken / 300 <= DELTA


def test_more_found_is_more_missed_and_an_alarm_once_it_is_certain() -> None:
    few, many = (live_miss_rate(sampled(found=found), delta=DELTA) for found in (2, 25))
    assert few.low < few.value < few.high
    assert few.value == pytest.approx(100 / 3_100)
    assert not few.alarm(0.05)
    assert many.alarm(0.05)


def test_without_a_find_the_rate_is_bounded_all_the_same() -> None:
    rate = live_miss_rate(sampled(found=0), delta=DELTA)
    assert rate.low == 0
    assert 0.04 < rate.high < 0.08


def test_what_is_not_reviewed_yet_widens_the_interval_upwards_only() -> None:
    settled, behind = (live_miss_rate(sampled(found=5, open=open_), delta=DELTA) for open_ in (0, 20))
    assert behind.low == settled.low
    assert behind.high > settled.high


def test_a_share_that_was_changed_counts_for_the_worse_at_either_end() -> None:
    rate = live_miss_rate(sampled(found=10, share=0.01, share_high=0.05), delta=DELTA)
    slow, fast = (live_miss_rate(sampled(found=10, share=share), delta=DELTA) for share in (0.01, 0.05))
    assert (rate.low, rate.high) == (fast.low, slow.high)


@given(st.integers(0, 60), st.floats(0.005, 1), st.sampled_from([0.05, 0.1, 0.2]))
def test_the_interval_holds_the_likeliest_number_and_less_certainty_is_narrower(
    found: int, share: float, delta: float
) -> None:
    low, high = least(found, share, delta), greatest(found, share, delta, 10**6)
    assert found <= low <= round(found / share) <= high
    assert low <= least(found, share, 0.5)
    assert greatest(found, share, 0.5, 10**6) <= high
