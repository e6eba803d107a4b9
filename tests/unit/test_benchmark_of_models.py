from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from benchmarks.candidates import Answer, Judge, OneNumber, by_probability, complaining_words, words
from benchmarks.trials import author_folds, measure, out_of_fold, run
from benchmarks.tuned import KeptAnswers
from pipeline.domain import Channel, Label, LabelledMessage, PreparedMessage
from pipeline.judging import Example
from tests.builders import a_message


def an_example(number: int, label: Label, author: str = "x01", text: str = "The lift is out.") -> Example:
    row = LabelledMessage(
        message=a_message(id=f"r-{number}", text=text),
        label=label,
        contested=False,
        prior_chance=False,
        topic="lifts",
        author=author,
        scenario=f"s-{number}",
        split="train",
    )
    return row, PreparedMessage(text=text, subject="", channel=Channel.WEB_FORM, cues=())


def eight_authors() -> list[Example]:
    """Complaints are the longer ones; each author wrote three messages."""
    labels = tuple(Label)
    return [
        an_example(number, labels[number % 3], author=f"x{number // 3}", text="word " * (9 - 3 * (number % 3)))
        for number in range(24)
    ]


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Scores a message by how often its text was in training, times the setting."""

    name: str = "memory"
    knob: str = "strength"
    settings: tuple[float, ...] = (-1.0, 1.0)
    slow: bool = False

    def fit(self, examples: list[Example], setting: float) -> Judge:
        complaints = [message.text for row, message in examples if row.label is Label.COMPLAINT]

        def judge(prepared: list[PreparedMessage]) -> Answer:
            chance = np.array([0.5 + 0.4 * setting * (message.text in complaints) for message in prepared])
            return by_probability(np.column_stack([chance, (1 - chance) / 2, (1 - chance) / 2]))

        return judge


def test_no_author_is_learned_from_and_judged_in_one_fold() -> None:
    examples = eight_authors()
    for learned, held_out in author_folds(examples):
        assert {examples[i][0].author for i in learned}.isdisjoint({examples[i][0].author for i in held_out})


def test_every_row_is_judged_by_a_fold_without_it() -> None:
    examples = [an_example(n, Label.COMPLAINT, author=f"x{n}", text=f"only here {n}") for n in range(8)]
    answer = out_of_fold(Memory(), examples, author_folds(examples), 1.0)
    assert answer.scores == pytest.approx(0.5)


def test_the_setting_that_ranks_left_out_authors_best_is_taken() -> None:
    examples = eight_authors()
    trial = run(Memory(), examples, {"all": examples})
    assert trial.setting == 1.0
    assert trial.left_out_scenarios is not None


def test_a_slow_candidate_is_trained_without_all_folds() -> None:
    examples = eight_authors()
    trial = run(Memory(slow=True), examples, {"all": examples})
    assert trial.left_out_authors is None
    assert trial.setting == 1.0


def test_a_quick_run_tries_one_setting() -> None:
    trial = run(Memory(), eight_authors(), {"all": eight_authors()}, quick=True)
    assert list(trial.tried) == [1.0]


def test_a_number_ranks_as_it_is_and_gets_probabilities_of_three_labels() -> None:
    examples = eight_authors()
    answer = OneNumber(name="length", number=words).fit(examples, 1.0)([message for _, message in examples])
    assert answer.scores[:3].tolist() == [9, 6, 3]
    assert answer.probabilities.sum(axis=1) == pytest.approx(1.0)
    assert measure(answer, examples).auc.value == 1.0


def test_rules_count_each_listed_word_once_and_only_whole_words() -> None:
    text = "Rude, rude, RUDE. Nobody came. The crude awning was useless"
    assert complaining_words(an_example(1, Label.OTHER, text=text)[1]) == 3


def test_an_answer_is_asked_for_once_and_again_while_time_is_measured(tmp_path: Path) -> None:
    asked = []

    def say() -> np.ndarray:
        asked.append("once")
        return np.array([[0.2, 0.3, 0.5]])

    first = KeptAnswers(tmp_path).of(("minilm", ["a text"]), say)
    kept = KeptAnswers(tmp_path)
    assert np.array_equal(kept.of(("minilm", ["a text"]), say), first)
    assert len(asked) == 1
    kept.of(("minilm", ["another text"]), say)
    with kept.forgotten():
        kept.of(("minilm", ["a text"]), say)
    assert len(asked) == 3
    kept.of(("minilm", ["a text"]), say)
    assert len(asked) == 3
