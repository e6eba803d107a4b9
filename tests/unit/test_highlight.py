"""Marks on the resident's words: nothing is added, lost or moved."""

from hypothesis import given
from hypothesis import strategies as st

from service.pages.highlight import Mark, marks_of, pieces

WORDS = st.text(alphabet="ab \n<&", max_size=60)


def a_mark(text: str, start: int, number: int = 1) -> Mark:
    return Mark(text=text, start=start, end=start + len(text), kind="delay", number=number)


@given(WORDS, st.lists(st.tuples(st.text(alphabet="ab \n", max_size=8), st.integers(0, 70)), max_size=5))
def test_put_together_the_pieces_are_the_message(text: str, places: list[tuple[str, int]]) -> None:
    marks = [a_mark(words, start, number) for number, (words, start) in enumerate(places, start=1)]
    assert "".join(piece.text for piece in pieces(text, marks)) == text


def test_a_mark_is_found_where_a_line_was_broken_differently() -> None:
    found = pieces("They said\nthey would come", [a_mark("said they", 5)])
    assert [(piece.text, piece.mark is not None) for piece in found] == [
        ("They ", False),
        ("said\nthey", True),
        (" would come", False),
    ]


def test_what_is_not_in_the_message_or_only_inside_a_longer_word_is_not_marked() -> None:
    assert all(piece.mark is None for piece in pieces("distillery", [a_mark("still", 90), a_mark("gone", 95)]))


def test_the_second_of_two_equal_marks_is_the_later_one() -> None:
    found = pieces("x still here, still there", [a_mark("still", 90), a_mark("still", 95, number=2)])
    assert [piece.mark.number for piece in found if piece.mark] == [1, 2]


def test_marks_are_numbered_in_the_order_of_the_text() -> None:
    cues = [{"kind": "delay", "text": "b", "start": 5, "end": 6}, {"kind": "praise", "text": "a", "start": 1, "end": 2}]
    assert [(mark.text, mark.number) for mark in marks_of(cues, [])] == [("a", 1), ("b", 2)]
