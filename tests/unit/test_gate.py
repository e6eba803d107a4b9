from dataclasses import replace

import numpy as np
import pytest

from pipeline.domain import Channel, Label
from pipeline.gate import Limits, Running, compare, cost, refusals
from pipeline.judging import Judged
from tests.builders import a_labelled, a_message, a_prepared, some_thresholds

LIMITS = Limits(alpha=0.05)
LABELS = (Label.COMPLAINT, Label.SERVICE_REQUEST, Label.OTHER)


def judged(complaint: np.ndarray, sure: np.ndarray) -> Judged:
    """Rows by 20 authors; every second one is a complaint, and is seen where `sure`."""
    rows = [
        (
            a_labelled(
                message=a_message(id=f"m-{i}", channel=tuple(Channel)[i % 4]),
                label=Label.COMPLAINT if complaint[i] else Label.OTHER,
                author=f"x{i % 20:02d}",
                slices=("everyday",) if i % 3 else (),
            ),
            a_prepared(),
        )
        for i in range(len(complaint))
    ]
    scores = np.where(sure, 0.9, 0.05)
    probabilities = np.stack([scores, (1 - scores) / 2, (1 - scores) / 2], axis=1)
    return Judged(rows=rows, probabilities=probabilities, thresholds=[some_thresholds()] * len(rows))


@pytest.fixture
def complaint() -> np.ndarray:
    return np.arange(1_200) % 2 == 0


def missing(complaint: np.ndarray, share: float, *, seed: int = 0) -> Judged:
    rng = np.random.default_rng(seed)
    return judged(complaint, complaint & (rng.random(len(complaint)) >= share))


def test_a_model_is_no_worse_than_itself(complaint: np.ndarray) -> None:
    champion = missing(complaint, 0.03)
    assert refusals(compare(champion, champion, LIMITS, seed=1)) == []


def test_a_challenger_that_misses_more_is_refused_with_its_miss_rate(complaint: np.ndarray) -> None:
    against = refusals(compare(missing(complaint, 0.02), missing(complaint, 0.10), LIMITS, seed=1))
    assert any(reason.startswith("miss rate: worse by 0.0") for reason in against)


def test_a_challenger_that_misses_less_is_let_through(complaint: np.ndarray) -> None:
    assert refusals(compare(missing(complaint, 0.10), missing(complaint, 0.02), LIMITS, seed=1)) == []


def test_a_broken_promise_is_refused_though_within_the_margin(complaint: np.ndarray) -> None:
    champion, worst = missing(complaint, 0.045), missing(complaint, 0.045)
    places = [int(i) for i in np.flatnonzero(complaint & (worst.scores > 0.5))[:5]]
    probabilities = worst.probabilities.copy()
    probabilities[places] = (0.05, 0.475, 0.475)
    loose = replace(LIMITS, alpha=float(1 - (worst.scores[complaint] > 0.5).mean()), miss_rate=0.5)
    against = refusals(compare(champion, replace(worst, probabilities=probabilities), loose, seed=1))
    assert any("certainly worse" in reason or "breaks the promise" in reason for reason in against)


def test_a_slice_that_got_certainly_worse_is_refused_by_name(complaint: np.ndarray) -> None:
    champion = missing(complaint, 0.0)
    survey = np.array([row.message.channel is Channel.SURVEY for row, _ in champion.rows])
    sure = complaint & ~(survey & (np.arange(len(complaint)) % 5 == 0))
    loose = replace(LIMITS, alpha=0.5, miss_rate=0.5)
    against = refusals(compare(champion, judged(complaint, sure), loose, seed=1))
    assert any(reason.startswith("miss rate of channel survey: worse by") for reason in against)


def test_what_a_message_weighs_decides_on_reviewed_traffic(complaint: np.ndarray) -> None:
    champion, challenger = missing(complaint, 0.0), missing(complaint, 0.01)
    missed = complaint & (challenger.scores < 0.5)
    weights = np.where(missed, 50.0, 1.0)
    plain, weighed = (
        compare(champion, challenger, LIMITS, seed=1, weights=given)[0].challenger for given in (None, list(weights))
    )
    assert weighed > 10 * plain


def test_more_work_is_refused_unless_it_mends_a_broken_promise(complaint: np.ndarray) -> None:
    def reviewed(share: float) -> Judged:
        model, others = missing(complaint, share), np.flatnonzero(~complaint)[:200]
        probabilities = model.probabilities.copy()
        probabilities[others] = (0.4, 0.3, 0.3)
        return replace(model, probabilities=probabilities)

    def reasons(champion: Judged, challenger: Judged) -> list[str]:
        return [reason for reason in refusals(compare(champion, challenger, LIMITS, seed=1)) if "workload" in reason]

    assert len(reasons(missing(complaint, 0.02), reviewed(0.02))) == 1
    assert reasons(missing(complaint, 0.15), reviewed(0.02)) == []


def test_a_slower_or_larger_challenger_is_refused() -> None:
    champion = Running(messages_per_second=1_000, megabytes=100)
    assert refusals(cost(champion, Running(messages_per_second=600, megabytes=140), LIMITS)) == []
    against = refusals(cost(champion, Running(messages_per_second=400, megabytes=160), LIMITS))
    assert [reason.split(":")[0] for reason in against] == ["messages a second", "megabytes"]
