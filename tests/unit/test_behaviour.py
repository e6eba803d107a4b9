from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from pipeline.behaviour import (
    CASES,
    Directed,
    Direction,
    Expectation,
    Invariance,
    Minimum,
    behaviour_table,
    check,
    load_cases,
)
from pipeline.corpus import read_corpus
from pipeline.domain import Channel, Decision, Label, Message, Route
from pipeline.errors import CorpusError
from tests.builders import a_decision
from tests.conftest import CHECKOUT

ALL = load_cases()


def one(kind: type, **given: object) -> object:
    return kind(id="x-1", capability="x", channel=Channel.NOTE, **given)


def test_there_are_enough_cases_of_every_kind_and_none_stands_twice() -> None:
    kinds = Counter(type(case) for case in ALL)
    assert kinds[Minimum] >= 100
    assert kinds[Invariance] >= 30
    assert kinds[Directed] >= 30
    assert len({case.id for case in ALL}) == len(ALL)
    minimum = [case.texts[0] for case in ALL if isinstance(case, Minimum)]
    assert len(set(minimum)) == len(minimum)


def test_a_case_says_something_different_in_each_of_its_texts() -> None:
    for case in ALL:
        assert all(text.strip() == text and text for text in case.texts), case.id
        assert len(set(case.texts)) == len(case.texts), case.id


def test_every_label_and_every_channel_has_cases() -> None:
    expected = Counter(case.expected.value for case in ALL if isinstance(case, Minimum))
    assert min(expected[label.value] for label in Label) >= 20
    assert {case.channel for case in ALL} == set(Channel)
    assert {case.direction for case in ALL if isinstance(case, Directed)} == set(Direction)


def test_no_case_stands_in_the_corpus() -> None:
    corpus = {row.message.text.casefold() for row in read_corpus(CHECKOUT / "data" / "raw")}
    assert [case.id for case in ALL for text in case.texts if text.casefold() in corpus] == []


@pytest.mark.parametrize(
    ("expected", "decision", "holds"),
    [
        (Expectation.COMPLAINT, a_decision(0.9), True),
        (Expectation.COMPLAINT, a_decision(0.1), False),
        (Expectation.NOT_COMPLAINT, a_decision(0.1), True),
        (Expectation.NOT_COMPLAINT, a_decision(0.9), False),
        (Expectation.SEEN, a_decision(0.1, Route.REVIEW), True),
        (Expectation.SEEN, a_decision(0.1, Route.SERVICE_REQUEST), False),
        (Expectation.OTHER, a_decision(0.1, label=Label.OTHER), True),
    ],
)
def test_a_minimum_case_holds_where_the_decision_is_the_one_expected(
    expected: Expectation, decision: Decision, holds: bool
) -> None:
    assert (
        Minimum(id="x", capability="x", channel=Channel.NOTE, texts=("x",), expected=expected).holds([decision])
        is holds
    )


def test_an_invariance_case_fails_where_the_label_or_what_an_officer_sees_differs() -> None:
    case = Invariance(id="x", capability="x", channel=Channel.NOTE, texts=("x", "y"))
    assert case.holds([a_decision(0.9), a_decision(0.7, Route.REVIEW)])
    assert not case.holds([a_decision(0.9), a_decision(0.1)])
    assert not case.holds([a_decision(0.1, Route.REVIEW), a_decision(0.1, Route.SERVICE_REQUEST)])


@pytest.mark.parametrize(
    ("direction", "before", "after", "holds"),
    [
        (Direction.NOT_LOWER, 0.5, 0.9, True),
        (Direction.NOT_LOWER, 0.5, 0.47, True),
        (Direction.NOT_LOWER, 0.5, 0.4, False),
        (Direction.NOT_HIGHER, 0.5, 0.1, True),
        (Direction.NOT_HIGHER, 0.5, 0.6, False),
    ],
)
def test_a_direction_case_fails_where_the_probability_goes_the_wrong_way(
    direction: Direction, before: float, after: float, holds: bool
) -> None:
    case = Directed(id="x", capability="x", channel=Channel.NOTE, texts=("x", "y"), direction=direction)
    assert case.holds([a_decision(before), a_decision(after)]) is holds


def test_the_table_names_the_cases_that_fail() -> None:
    def all_complaints(messages: Sequence[Message]) -> list[Decision]:
        return [a_decision() for _ in messages]

    found = {(row.kind, row.name): row for row in check(ALL, all_complaints)}
    assert found["minimum function", "plain complaint"].passed.value == 1.0
    assert found["minimum function", "plain request"].passed.value == 0.0
    assert found["invariance", "names"].passed.value == 1.0
    table = behaviour_table(found.values())
    assert "plain-request-1, plain-request-2" in table
    assert len(table.split("\n")) == 2 + len(found)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('{"id": "a", "capability": "b", "channel": "note", "text": "c", "expected": "grumble"}', "grumble"),
        ('{"id": "a", "capability": "b", "channel": "fax", "text": "c", "expected": "other"}', "fax"),
        ('{"id": "a", "capability": "b", "channel": "note", "expected": "other"}', "'text'"),
        ("{broken", "line 1"),
    ],
)
def test_a_case_that_is_not_well_formed_is_named_by_its_line(tmp_path: Path, line: str, sentence: str) -> None:
    for path in CASES.glob("*.jsonl"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "minimum.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(CorpusError, match=r"minimum.jsonl, line 1") as caught:
        load_cases(tmp_path)
    assert sentence in str(caught.value)
