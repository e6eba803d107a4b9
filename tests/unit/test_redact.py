import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import redaction
from pipeline.redact import Redacted, find_personal, redact
from pipeline.redact_formats import PersonalKind


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("My name is Amina Hussain, ring 07700 900123.", "My name is [NAME], ring [PHONE]."),
        ("Mr Kowalski\u2019s door at Flat 3, 14 Thistle Close, ZZ1 4QT", "[NAME]\u2019s door at [ADDRESS]"),
        ("DOB 01/02/1990, NI QQ 12 34 56 C", "DOB [DOB], NI [NINO]"),
        ("Sort code 00-00-00, account 12345678.", "Sort code [BANK], account [BANK]."),
        ("Van AB12 CDE, ref REP-204881, jo@example.org", "Van [PLATE], ref [REFERENCE], [EMAIL]"),
        ("Yours faithfully\nG. H. Whitcombe", "Yours faithfully\n[NAME]"),
    ],
)
def test_each_kind_gets_its_mark(text: str, redacted: str) -> None:
    assert redact(text).text == redacted


@pytest.mark.parametrize(
    "text",
    [
        "Will you mark the bay in May? Grace Street is a joke.",
        "Reported on 03/09/2025 and again on 17/09/2025, nothing done.",
        "I rang 101, waited 50 minutes and paid 45.20 on 4 July 2025.",
        "The lift in the tower has been out for nine days.",
    ],
)
def test_what_only_looks_like_personal_data_stays(text: str) -> None:
    assert redact(text).text == text


def test_the_same_words_in_small_letters_are_names_where_that_is_said() -> None:
    assert redact("hiya its keisha here").text == "hiya its [NAME] here"


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=200))
def test_any_text_can_be_redacted_and_what_is_left_stands_where_it_is_said_to(text: str) -> None:
    done = redact(text)
    ends = 0
    for span in done.found:
        assert ends <= span.start < span.end <= len(text)
        ends = span.end
    taken = {place for span in done.found for place in range(span.start, span.end)}
    for place in range(len(text)):
        if place not in taken:
            assert done.text[done.place_of(place)] == text[place]


def test_a_place_within_what_was_taken_out_is_that_of_its_mark() -> None:
    done = redact("Ring 07700 900123 now")
    assert isinstance(done, Redacted)
    assert done.text[done.place_of(9) :].startswith("[PHONE]")
    assert done.text[done.place_of(18) :] == "now"


@pytest.mark.parametrize("part", redaction.PARTS)
def test_most_marked_personal_data_in_invented_messages_is_found(part: str) -> None:
    messages = redaction.read(part)
    tally = redaction.measure(messages)
    assert len(messages) == 150
    assert tally.recall() >= 0.95
    assert tally.precision() >= 0.95
    for kind in PersonalKind:
        assert tally.recall(kind) >= 0.9, kind


def test_messages_that_are_long_and_hostile_are_redacted_in_time_that_grows_with_their_length() -> None:
    """No pattern may backtrack without bound: this would take hours, not milliseconds."""
    for piece in ("A", "0 ", "a.", "Flat 1, ", "Mr ", "ref ", "12-34-", "born "):
        find_personal(piece * 4_000)
