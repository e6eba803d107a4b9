import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import Channel
from pipeline.glossary import expand, glossary
from pipeline.preprocess import prepare
from tests.builders import a_message

NOTE = "Cust v upset re no h/w since Fri, 2nd call. Adv c/b by mgr, nbr's flat same."


def test_shorthand_is_written_out() -> None:
    assert expand(NOTE) == (
        "customer very upset re no hot water since Fri, 2nd call. advised call back by manager, neighbour's flat same."
    )


@pytest.mark.parametrize("entry", glossary().values(), ids=lambda entry: entry.short)
def test_every_entry_is_written_out_in_its_example_and_not_before_the_words_it_names(entry) -> None:
    assert entry.words in expand(entry.example)
    for word in entry.not_before:
        assert expand(f"{entry.short} {word}").startswith(entry.short)


@pytest.mark.parametrize(
    "text", ["ten days", "scones", "the ops-room", "http://cust.example/adv", "n/a", "o/s", "Revd Hoare"]
)
def test_words_that_only_hold_a_shorthand_or_may_mean_two_things_stay(text: str) -> None:
    assert expand(text) == text


@given(st.lists(st.sampled_from([*glossary(), "the", "bin", ".", "-", "\n", "'s", "Fri"]), max_size=15).map(" ".join))
def test_what_is_written_out_needs_no_second_pass(text: str) -> None:
    assert expand(expand(text)) == expand(text)


def test_only_call_notes_are_written_out() -> None:
    assert "customer" in prepare(a_message(text=NOTE, channel=Channel.NOTE)).text
    assert prepare(a_message(text=NOTE, channel=Channel.WEB_FORM)).text == NOTE


def test_cues_of_a_note_lie_in_the_text_that_was_written_out() -> None:
    prepared = prepare(a_message(text="Cust rang 3x, no c/b. Appt missed, op n/s.", channel=Channel.NOTE))
    assert prepared.cues
    assert all(prepared.text[cue.start : cue.end] == cue.text for cue in prepared.cues)
