from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from benchmarks.acl2019 import masked, read_tweets
from benchmarks.nested import AVERAGED, Nested, averaged, best_threshold, macro_f1

POSITIVE = np.arange(60) % 3 == 0
STRATA = POSITIVE.astype(str)


@dataclass(frozen=True, kw_only=True)
class Informed:
    """Knows the answer of every row, but says the truth only with the right setting; remembers what it was shown."""

    name: str = "informed"
    settings: tuple[float, ...] = (0.0, 1.0)
    shown: list[tuple[np.ndarray, np.ndarray]] = field(default_factory=list, repr=False)

    def said(self, learn: np.ndarray, judge: np.ndarray, setting: float) -> np.ndarray:
        self.shown.append((learn, judge))
        return np.where(POSITIVE[judge] == bool(setting), 0.9, 0.1)


def a_trial(folder: Path, learner: Informed) -> Nested:
    return Nested(learners=[learner], positive=POSITIVE, strata=STRATA, data="", folds=5, kept=folder)


def test_nothing_is_chosen_or_learned_on_the_rows_judged(tmp_path: Path) -> None:
    learner = Informed()
    outcome = a_trial(tmp_path, learner).outcome(0)
    *inner, outer = learner.shown
    assert set(outer[1]) == set(outcome.rows)
    for learn, judge in inner:
        assert set(outcome.rows).isdisjoint([*learn, *judge])


def test_the_setting_is_chosen_inside_and_the_outcome_is_right(tmp_path: Path) -> None:
    trial = a_trial(tmp_path, Informed())
    outcomes = [trial.outcome(number) for number in range(5)]
    assert sorted(np.concatenate([outcome.rows for outcome in outcomes])) == list(range(60))
    everything = np.ones(60, dtype=bool)
    for name in ("informed", AVERAGED):
        assert macro_f1(outcomes, POSITIVE, everything, name) == (1.0, 0.0)


def test_a_fold_done_is_taken_up_again(tmp_path: Path) -> None:
    first = a_trial(tmp_path, Informed()).outcome(2)
    again = Informed()
    second = a_trial(tmp_path, again).outcome(2)
    assert again.shown == []
    assert second.scores["informed"].tolist() == first.scores["informed"].tolist()


def test_the_better_learner_weighs_more_in_the_average() -> None:
    draw = np.random.default_rng(3)
    truth = draw.random(400) < 0.5
    good = np.clip(0.5 + 0.3 * np.where(truth, 1, -1) + draw.normal(0, 0.1, 400), 0.01, 0.99)
    noise = draw.uniform(0.1, 0.9, 400)
    _, mixed = averaged([good, noise], truth, [np.array([0.9, 0.2]), np.array([0.2, 0.9])])
    assert mixed[0] > mixed[1]


def test_the_threshold_lies_where_the_classes_part() -> None:
    truth = np.arange(100) >= 60
    assert 0.3 <= best_threshold(np.where(truth, 0.62, 0.45), truth) == pytest.approx(0.53, abs=0.09)


def test_handles_and_links_are_masked() -> None:
    assert masked("@SomeShop see https://t.co/abc or pic.twitter.com/xyz") == "@user see link or link"


def test_tweets_to_a_company_are_told_from_those_drawn_at_random(tmp_path: Path) -> None:
    file = tmp_path / "tweets.csv"
    file.write_text('1,"@shop, where is it",1,retail\n2,nice day,0,random_tweet\n3,NA,0,random_reply\n')
    tweets = read_tweets(file)
    assert tweets.company.tolist() == [True, False, False]
    assert tweets.complaint.tolist() == [True, False, False]
    assert tweets.texts == ["@user, where is it", "nice day", "NA"]
