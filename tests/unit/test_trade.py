from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest

from pipeline.domain import Channel, Label
from pipeline.judging import Example
from pipeline.params import ThresholdParams
from pipeline.plots import draw_ladder
from pipeline.trade import LADDER, POOLED, Promise, ladder, parted_by_author
from tests.builders import a_labelled, a_message, a_prepared

PARAMS = ThresholdParams(alpha=0.05, delta=0.1, precision=0.8, precision_delta=0.1)
SEED = 20261122


def written(
    *, by: str, complaints: Iterable[float] = (), others: Iterable[float] = (), channel: Channel = Channel.EMAIL
) -> list[tuple[Example, float]]:
    """Messages of one author with the complaint probability a model gives each."""
    labelled = [(Label.COMPLAINT, score) for score in complaints] + [(Label.OTHER, score) for score in others]
    return [
        (
            (
                a_labelled(
                    message=a_message(id=f"{by}-{channel}-{n}", channel=channel),
                    label=label,
                    author=by,
                    scenario=f"{by}-{channel}-{n}",
                ),
                a_prepared(channel=channel),
            ),
            score,
        )
        for n, (label, score) in enumerate(labelled)
    ]


def climbed(messages: list[tuple[Example, float]], params: ThresholdParams = PARAMS) -> list[Promise]:
    scores = np.array([score for _, score in messages])
    probabilities = np.column_stack([scores, (1 - scores) / 2, (1 - scores) / 2])
    return ladder([example for example, _ in messages], probabilities, params, seed=SEED)


def asked(promises: list[Promise], scope: str = POOLED, alpha: float = PARAMS.alpha) -> Promise:
    return next(promise for promise in promises if (promise.scope, promise.alpha) == (scope, alpha))


def spread(n: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    return np.linspace(low, high, n)


def test_no_author_is_judged_by_thresholds_that_saw_that_author() -> None:
    """One author's complaints are plain, the other's are not: each is all seen or all missed by the other's threshold,
    while the threshold from both misses next to none.
    """
    plain = written(by="plain", complaints=[0.9] * 100, others=[0.01] * 50)
    veiled = written(by="veiled", complaints=[0.1] * 100, others=[0.01] * 50)
    promise = asked(climbed(plain + veiled))
    assert promise.thresholds is not None
    assert promise.thresholds.review == pytest.approx(0.1)
    assert promise.cost is not None
    assert promise.cost.miss_rate == pytest.approx(0.5)
    assert promise.cost.broken == pytest.approx(0.5)
    assert promise.cost.miss_rate_high == pytest.approx(1.0)


def test_shares_follow_the_routes_that_thresholds_lead_to() -> None:
    """Half of the others lie above every complaint threshold and below stage 1, so an officer sees just them."""
    messages = [
        row for author in "abcdef" for row in written(by=author, complaints=[0.9] * 60, others=[0.95, 0.01] * 30)
    ]
    cost = asked(climbed(messages)).cost
    assert cost is not None
    assert (cost.miss_rate, cost.broken) == (0.0, 0.0)
    assert cost.workload_review == pytest.approx(0.75)  # precision at 0.9 is 2 in 3: nobody is sure
    assert cost.false_flags_stage_1 == 0.0
    assert cost.non_complaints_seen == pytest.approx(0.5)


def test_laxer_promises_miss_more_and_cost_less() -> None:
    messages = [
        row
        for n, author in enumerate("abcdef")
        for row in written(by=author, complaints=spread(80, 0.02 * n), others=spread(80, 0.0, 0.6))
    ]
    costs = [promise.cost for promise in climbed(messages) if promise.scope == POOLED]
    assert all(cost is not None for cost in costs)
    missed = [cost.miss_rate for cost in costs if cost]
    seen = [cost.non_complaints_seen for cost in costs if cost]
    assert missed == sorted(missed)
    assert seen == sorted(seen, reverse=True)


def test_each_channel_that_occurs_has_a_ladder_with_the_promise_asked_for() -> None:
    messages = written(by="a", complaints=spread(60), others=spread(60)) + written(
        by="b", complaints=spread(20), others=spread(20), channel=Channel.SURVEY
    )
    promises = climbed(messages, replace(PARAMS, alpha=0.06))
    assert list(dict.fromkeys(promise.scope for promise in promises)) == [POOLED, "email", "survey"]
    for scope in (POOLED, "email", "survey"):
        assert [one.alpha for one in promises if one.scope == scope] == sorted({*LADDER, 0.06})


def test_too_few_complaints_promise_nothing_and_say_how_many_are_needed() -> None:
    promise = asked(climbed(written(by="a", complaints=spread(44), others=spread(44))))
    assert (promise.n, promise.needed, promise.thresholds, promise.cost) == (44, 45, None, None)


def test_where_half_of_the_authors_have_too_few_complaints_nothing_is_measured() -> None:
    messages = [row for author in "ab" for row in written(by=author, complaints=spread(30), others=spread(30))]
    promise = asked(climbed(messages))
    assert promise.thresholds is not None
    assert promise.cost is None


def test_where_a_half_has_only_complaints_nothing_is_measured() -> None:
    messages = [row for author in "ab" for row in written(by=author, complaints=spread(60))]
    assert asked(climbed(messages)).cost is None


def test_a_lone_authors_messages_are_parted_by_scenario_but_not_those_of_a_channel_only_one_of_many_writes_in() -> None:
    lone = written(by="a", complaints=spread(120), others=spread(120))
    assert not parted_by_author([example for example, _ in lone])
    assert asked(climbed(lone)).cost is not None
    both = lone + written(by="b", complaints=spread(120), others=spread(120), channel=Channel.NOTE)
    assert parted_by_author([example for example, _ in both])
    assert asked(climbed(both)).cost is not None
    assert asked(climbed(both), scope="email").cost is None


def test_the_same_seed_gives_the_same_ladder() -> None:
    messages = [
        row
        for n, author in enumerate("abcd")
        for row in written(by=author, complaints=spread(60, 0.05 * n), others=spread(60))
    ]
    assert climbed(messages) == climbed(messages)


def test_the_picture_has_a_line_for_what_was_measured(tmp_path) -> None:
    lone = written(by="a", complaints=spread(120), others=spread(120))
    few = written(by="b", complaints=spread(20), others=spread(20), channel=Channel.NOTE)
    draw_ladder(climbed(lone + few), alpha=0.05, file=tmp_path / "ladder.png")
    assert (tmp_path / "ladder.png").read_bytes().startswith(b"\x89PNG")
