from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from pipeline.artefact import load
from pipeline.classify import MessageClassifier
from pipeline.domain import Label, Route
from pipeline.explain import influences, shares
from pipeline.model import Estimators, stacked
from pipeline.preprocess import prepare
from tests.builders import COMPLAINT, REQUEST, THANKS, a_message

AWKWARD = "STRASSE Straße!!! (twice), n/a -- a third time & the third time:\n\nwhy?? \u0130t's :-) ..."
LONG = "The office is on the second floor, by the stairs.\n" * 60 + "They stood about, the kettle stays cold.\n"
QUIET = "Chap laughed down the phone, at how I talk. The van was red."


class KettleEncoder:
    """Hears a complaint wherever a kettle is named, and counts what it reads."""

    def __init__(self) -> None:
        self.read: list[str] = []

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        self.read += texts
        return np.array([[4.0 if "kettle" in text else -1.0, 0.0, 0.0] for text in texts])


@pytest.fixture(scope="session")
def fast(model: Path) -> Estimators:
    return load(model).estimators


@pytest.fixture
def encoder() -> KettleEncoder:
    return KettleEncoder()


@pytest.fixture
def both(fast: Estimators, encoder: KettleEncoder) -> Estimators:
    """A stack that listens to the encoder far more than to the fast model."""
    certain = np.log(np.eye(len(Label)) * 0.9 + 0.03)
    even = np.full((len(Label), len(Label)), 1 / len(Label))
    stack = LogisticRegression().fit(stacked(even, certain), range(len(Label)))
    return replace(fast, encoder=encoder, stack=stack)


@pytest.mark.parametrize("text", [COMPLAINT, REQUEST, THANKS, AWKWARD, COMPLAINT * 3, "Ok", "\u2615 \u2615", ""])
def test_the_shares_of_all_words_add_up_to_the_log_odds_of_the_fast_model(fast: Estimators, text: str) -> None:
    prepared = prepare(a_message(text=text))
    found = shares(fast, prepared)
    complaint, *rest = fast.fast_probabilities([prepared])[0]
    assert found.base + sum(word.weight for word in found.words) == pytest.approx(np.log(complaint / sum(rest)))
    assert [word.text for word in found.words] == prepared.text.split()


@pytest.mark.parametrize("text", [COMPLAINT, REQUEST, AWKWARD, QUIET, LONG])
def test_spans_are_slices_of_the_text_and_the_strongest_comes_first(
    fast: Estimators, both: Estimators, text: str
) -> None:
    prepared = prepare(a_message(text=text))
    for estimators in (fast, both):
        found = influences(estimators, prepared)
        assert 1 <= len(found) <= 3
        assert all(prepared.text[span.start : span.end] == span.text for span in found)
        weights = [span.weight for span in found]
        assert weights == sorted(weights, reverse=True)
        assert min(weights) > 0


def test_without_an_encoder_a_span_weighs_what_its_words_do(fast: Estimators) -> None:
    prepared = prepare(a_message())
    words = shares(fast, prepared).words
    for span in influences(fast, prepared):
        within = [word.weight for word in words if word.start < span.end and span.start < word.end]
        assert span.weight == pytest.approx(sum(within))


def test_no_span_runs_over_the_end_of_a_clause(fast: Estimators) -> None:
    found = influences(fast, prepare(a_message(text="Nobody came\nnobody rang. Nobody came, nobody rang")), most=9)
    assert found
    assert all(not set(span.text) & set("\n.,") for span in found)


def test_with_an_encoder_a_span_weighs_what_the_whole_model_loses_without_it(both: Estimators) -> None:
    prepared = prepare(a_message(text="They stood about, the kettle stays cold. The van was red."))
    strongest = influences(both, prepared)[0]
    assert strongest.text == "the kettle stays cold"
    without = prepare(a_message(text="They stood about,  The van was red."))
    odds = [np.log(row[0] / row[1:].sum()) for row in both.probabilities([prepared, without])]
    assert strongest.weight == pytest.approx(odds[0] - odds[1], abs=0.1)


def test_of_a_long_clause_only_the_part_is_shown_on_which_most_hangs(both: Estimators) -> None:
    text = "it was all of them in a row by the wall and the kettle stood"
    strongest = influences(both, prepare(a_message(text=text)))[0]
    assert "kettle" in strongest.text
    assert len(strongest.text.split()) <= 4


def test_an_encoder_reads_a_message_at_most_twelve_times(both: Estimators, encoder: KettleEncoder) -> None:
    influences(both, prepare(a_message(text=LONG)))
    assert 2 < len(encoder.read) <= 12


def test_where_no_clause_is_missed_by_itself_the_fast_model_still_says_something(both: Estimators) -> None:
    text = "The kettle failed again, nobody came about the kettle."
    assert influences(both, prepare(a_message(text=text)))


def test_a_message_without_words_has_no_spans(fast: Estimators, both: Estimators) -> None:
    empty = prepare(a_message(text=""))
    assert influences(fast, empty) == influences(both, empty) == ()


def test_words_are_given_only_where_asked_for_and_seen_and_no_cue_says_why(classifier: MessageClassifier) -> None:
    messages = [a_message(text=text) for text in (COMPLAINT, QUIET, THANKS)]
    assert not any(decision.words for decision in classifier.classify(messages))
    with_cue, without, unseen = classifier.classify(messages, explain=True)
    assert unseen.route is Route.NO_ACTION
    assert without.words
    assert not with_cue.words
    assert not unseen.words
