import sys

import pytest

from pipeline.threads import is_cover, newest_words
from tests.threads.labelled import DROPPED, KEPT, threads

PARTS = ("dev", "check")


def own(body: str, *, forwarded: bool = False) -> str:
    return newest_words(body, forwarded=forwarded)


@pytest.mark.parametrize("part", PARTS)
def test_98_lines_in_a_hundred_are_told_right(part: str) -> None:
    lines = [right for thread in threads(part) for _, _, right in thread.judged()]
    assert sum(lines) / len(lines) >= 0.98


@pytest.mark.parametrize("part", PARTS)
def test_no_line_that_carries_a_complaint_is_lost(part: str) -> None:
    judged = [(thread.name, *line) for thread in threads(part) for line in thread.judged()]
    lost = [(name, line) for name, letter, line, is_right in judged if letter == "C" and not is_right]
    assert lost == []


def test_the_threads_are_120_of_20_styles_and_half_are_awkward() -> None:
    found = [threads(part) for part in PARTS]
    assert [len(part) for part in found] == [80, 40]
    assert all(len({thread.style for thread in part}) == 20 for part in found)
    assert all(2 * sum("(awkward)" in thread.name for thread in part) >= len(part) for part in found)


@pytest.mark.parametrize("part", PARTS)
def test_every_line_has_a_letter_that_says_whose_it_is(part: str) -> None:
    letters = {letter for thread in threads(part) for letter, line in thread.lines if line.strip()}
    assert letters <= {*KEPT, *DROPPED, "."}


@pytest.mark.parametrize(
    "prose",
    [
        "On Monday at 10:15 the man came, and the woman from repairs@brindlevale.example never did.",
        "On 3 November 2026 at 10:15 your officer wrote:\nthat it was my own fault.",
        "From: the day I moved in\nTo: this very day\nnothing was ever mended.",
        "Sent from my house because your office was shut.",
        "Registered charity workers told me to write.",
        "This message was checked by nobody, as usual.",
        "External email is all your officer ever answers.",
    ],
)
def test_a_residents_prose_with_the_words_of_mail_programs_stays_whole(prose: str) -> None:
    assert own(f"Hello,\n\n{prose}\n\nStill waiting.") == f"Hello,\n\n{prose}\n\nStill waiting."


def test_where_the_answers_stand_below_nothing_below_is_cut_away() -> None:
    body = "My answers are below in red.\n\nFrom: R <r@b.example>\nSent: 3 Nov 2026\n\nDid he come?\nNo he did not."
    assert own(body).endswith("No he did not.")


def test_a_quotation_behind_a_very_long_answer_is_cut_away_too() -> None:
    answer = "The lift is out again and nobody came.\n" * 1_000
    assert own(f"{answer}\nOn Tue, 3 Nov 2026 at 10:00, R <r@b.example> wrote:\nWe apologise.") == answer.strip()


def test_the_quoted_part_of_a_mail_passed_on_is_not_taken_for_the_residents() -> None:
    body = "fyi\n\n---- Forwarded message ----\nFrom: Jo\nSubject: Re: tap\n\nIt drips.\n\n> We are so sorry."
    assert own(body) == "It drips."


def test_a_resident_who_sends_the_landlords_letter_back_is_read_and_the_letter_is_not() -> None:
    block = "From: Repairs <r@b.example>\nTo: Jo <jo@example.org>\n\nWe are so sorry."
    assert own(f"You wrote this in May.\n\n---- Forwarded message ----\n{block}") == "You wrote this in May."


def test_a_covering_line_with_a_matter_of_its_own_is_no_cover() -> None:
    assert is_cover("Please log this.\nThanks\nSam")
    assert not is_cover("Please can somebody read this, it is the third time I send it.")


@pytest.mark.parametrize(
    "unit", ["-\n", ">\n", "\n", "Thanks\nJo\n\n", "From: a\n\n", "To: x@y;\n", "wrote:\n", "--\n"]
)
def test_a_body_four_times_as_long_takes_four_times_the_work(unit: str) -> None:
    assert calls(unit * (20_000 // len(unit))) < 4.5 * calls(unit * (5_000 // len(unit)))


def calls(body: str) -> int:
    """How many functions are called to read a body: work that no clock and no neighbour changes."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        own(body, forwarded=True)
    finally:
        sys.setprofile(None)
    return count
