import numpy as np
import pytest

from pipeline.domain import Label
from pipeline.doubts import doubted, doubts, next_to_label, uncertainty
from pipeline.errors import CorpusError
from tests.builders import a_labelled, a_message, a_prepared, some_thresholds

COMPLAINTS = ("nobody came again and nobody rang", "third time and still no answer from you", "promised and never done")
REQUESTS = (
    "please send someone to fix the tap",
    "could you book a repair of the gate",
    "I would like a new bin please",
)


def rows(wrong: set[int]) -> tuple[list, list[str]]:
    texts = [(COMPLAINTS if i % 2 else REQUESTS)[i // 2 % 3] + f" number {i}" for i in range(240)]
    labelled = [
        a_labelled(
            message=a_message(id=f"m-{i}", text=text),
            label=Label.COMPLAINT if bool(i % 2) != (i in wrong) else Label.SERVICE_REQUEST,
            author=f"x{i % 12:02d}",
        )
        for i, text in enumerate(texts)
    ]
    return labelled, texts


def test_labels_that_were_swapped_are_doubted_and_few_others() -> None:
    wrong = {10, 37, 101, 150, 222}
    found = {doubt.message_id for doubt in doubts(*rows(wrong), seed=0)}
    assert {f"m-{i}" for i in wrong} <= found
    assert len(found) <= 2 * len(wrong)


def test_the_surest_doubt_comes_first_and_a_confident_label_is_not_doubted() -> None:
    given = np.array([0, 0, 0, 1, 1, 1])
    probabilities = np.array(
        [[0.9, 0.1, 0], [0.3, 0.7, 0], [0.8, 0.2, 0], [0.95, 0.05, 0], [0.2, 0.8, 0], [0.1, 0.9, 0]]
    )
    assert [doubt.message_id for doubt in doubted(list("abcdef"), given, probabilities)] == ["d", "b"]


def test_one_author_is_not_enough_to_doubt_by() -> None:
    one = [a_labelled(message=a_message(id=f"m-{i}"), author="x01") for i in range(4)]
    with pytest.raises(CorpusError, match="two authors"):
        doubts(one, ["a", "b", "c", "d"], seed=0)


def test_next_come_messages_near_the_line_and_unlike_each_other() -> None:
    texts = ["the lift is out again"] * 20 + ["school place for my son"] * 20 + ["thank you all"] * 60
    prepared = [a_prepared(text=f"{text} {i}") for i, text in enumerate(texts)]
    complaint = np.array([0.21, 0.19] * 20 + [0.001] * 60)
    probabilities = np.stack([complaint, (1 - complaint) / 2, (1 - complaint) / 2], axis=1)
    picked = next_to_label(prepared, uncertainty(probabilities, [some_thresholds()] * 100), 4, seed=0)
    assert len(set(picked)) == 4
    assert all(place < 40 for place in picked)
    assert {place // 20 for place in picked} == {0, 1}
