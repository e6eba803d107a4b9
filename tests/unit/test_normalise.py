import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import normalise
from pipeline.normalise import READ_LIMIT, WINDOW, clean, resident_words


def words(text: str, subject: str = "") -> str:
    return resident_words(text, subject, mail=True).text


@given(st.text(st.sampled_from("ab Z09.,!?'\"()%-\n\t\u00a3")))
def test_there_is_nothing_to_repair_in_plain_letters_and_pound_signs(text: str) -> None:
    assert normalise._PLAIN.fullmatch(text)
    assert normalise._repaired(text) == text


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("it\u2019s \u201cfine\u201d", 'it\'s "fine"'),
        ("mould\u200b in the ba\u00adthroom", "mould in the bathroom"),
        ("caf\u00c3\u00a9 next door", "café next door"),
        ("\uff42\uff4f\uff49\uff4c\uff45\uff52 off", "boiler off"),
        ("one\u00a0two   three", "one two three"),
        ("rent \u2013 arrears\u2026", "rent - arrears..."),
    ],
)
def test_strange_characters_become_plain_ones(raw: str, plain: str) -> None:
    assert clean(raw) == plain


@given(st.text(max_size=300))
def test_cleaning_twice_changes_nothing_more_than_once(text: str) -> None:
    once = clean(text)
    assert len(clean(once)) <= len(once) + 20
    assert "\u200b" not in once


def test_a_character_that_unfolds_into_eighteen_cannot_blow_a_message_up() -> None:
    assert len(clean("\ufdfa" * 1000)) <= 1100


@pytest.mark.parametrize("storm", ["e" + "\u0301" * 50_000, "\u0344" * 30_000, "\ufb03" * 30_000, "\ufdfa" * 60_000])
def test_a_storm_of_combining_or_unfolding_characters_stays_within_the_limit(storm: str) -> None:
    assert len(clean(storm)) <= 2 * READ_LIMIT


@pytest.mark.parametrize(
    "quote",
    [
        "On Tue, 3 Nov 2026 at 10:00, Repairs <repairs@brindlevale.example> wrote:\n> We are sorry you feel let down.",
        "From: Repairs <r@brindlevale.example>\nSent: 03 November 2026\nTo: Jo\nSubject: RE: Lift\n\nWe apologise.",
        "-----Original Message-----\nFrom: Repairs\nSent: Monday\nTo: Jo\nSubject: Lift\n\nWe apologise for the delay.",
    ],
)
def test_what_an_officer_wrote_below_is_not_read(quote: str) -> None:
    assert words(f"Thursday suits me fine.\n\n{quote}") == "Thursday suits me fine."


def test_answers_between_quoted_lines_are_kept() -> None:
    found = words("> When are you home?\nMondays only.\n> Any dogs?\nOne, friendly.")
    assert found == "Mondays only.\nOne, friendly."


def test_a_signature_and_disclaimer_are_cut_away() -> None:
    text = (
        "The hall light is out.\n\nKind regards\nJo Tarn\nTeam Lead, Outreach\n07700 900123\n\n"
        "This e-mail is confidential and intended only for the addressee."
    )
    assert words(text) == "The hall light is out.\n\nKind regards"


def test_thanks_in_the_middle_of_a_message_is_no_signature() -> None:
    text = "Thanks\n\nI have now waited in twice for the plumber and he has not come. What am I to do about work?"
    assert "waited in twice" in words(text)


def test_a_banner_of_the_mail_server_is_cut_away() -> None:
    text = "CAUTION: This e-mail came from outside the organisation.\nDo not open attachments.\n\nThe bin is full."
    assert words(text).endswith("The bin is full.")
    assert "outside" not in words(text)


def test_of_a_forwarded_mail_the_forwarded_words_are_read() -> None:
    text = (
        "Please log this.\n\n---------- Forwarded message ---------\nFrom: Jo <jo@example.org>\nDate: Mon, 2 Nov 2026\n"
        "Subject: damp\nTo: <repairs@brindlevale.example>\n\nThe damp is back a third winter."
    )
    assert words(text) == "The damp is back a third winter."


def test_a_mail_forwarded_from_outlook_is_known_by_its_subject() -> None:
    block = "From: Jo <jo@example.org>\nSent: 02 November 2026 10:00\nTo: Repairs\nSubject: damp\n\nThe damp is back."
    assert words(f"Please log.\n\n{block}", "FW: damp") == "damp\n\nThe damp is back."
    assert words(f"Thursday is fine.\n\n{block}", "RE: damp") == "damp\n\nThursday is fine."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("A few notes:\n- nobody came\n- I want to make a formal complaint\n- gas smell", "gas smell"),
        (
            "Nobody came, I complain.\n\n---------- Forwarded message ---------\nFrom: Officer\n\nOur letter",
            "I complain",
        ),
        ("Hello,\nThis email is intended as a formal complaint", "formal complaint"),
        ("Hello\nConfidential information about me was given to my neighbour", "my neighbour"),
        ("Thanks for it.\nRegistered charity workers told me to complain", "charity workers"),
        ("WARNING: live wires hanging from the outside light\nMany thanks", "live wires"),
        ("Hello\nThanks\nstill no heating and my baby is ill\nplease sort it", "baby is ill"),
        ("No heat.\nKind regards\nAnn\nPS boiler leaking gas smell", "gas smell"),
    ],
)
def test_what_looks_like_a_signature_or_banner_but_is_the_residents_stays(text: str, kept: str) -> None:
    assert kept in words(text)


@pytest.mark.parametrize("text", ["-\n" * 30_000, "-" * 60_000, "*\n" * 30_000, ">\n" * 30_000, "On " * 20_000])
def test_hostile_repetition_is_read_like_any_text(text: str) -> None:
    assert len(words(text, "x")) <= WINDOW


def test_the_subject_comes_first_without_its_prefixes() -> None:
    assert words("It is out.", "RE: FW: Lift") == "Lift\n\nIt is out."


def test_a_subject_that_the_text_repeats_is_not_read_twice() -> None:
    assert words("Lift is out again", "Lift is out") == "Lift is out again"


def test_an_empty_body_leaves_the_subject() -> None:
    assert words("", "No heat since Friday") == "No heat since Friday"


def test_a_mail_that_is_all_quote_keeps_its_words() -> None:
    assert "damp" in words("> the damp is back")


def test_a_very_long_message_is_read_up_to_the_window_and_says_so() -> None:
    found = resident_words("the lift is out " * 100_000, "", mail=True)
    assert len(found.text) <= WINDOW
    assert found.windowed


@given(st.text(max_size=400), st.text(max_size=60))
def test_words_never_vanish_altogether(text: str, subject: str) -> None:
    if re.search(r"[a-z]{3}", clean(text)):
        assert resident_words(text, subject, mail=True).text


def test_letters_that_only_look_latin_are_read_as_latin() -> None:
    assert clean("n\u043eb\u043edy c\u0430m\u0435") == "nobody came"


def test_words_in_cyrillic_stay_as_they_are() -> None:
    words = "\u043d\u0456\u0445\u0442\u043e \u043d\u0435 \u043f\u0440\u0438\u0439\u0448\u043e\u0432"
    assert clean(words) == words


@given(st.from_regex(normalise._PLAIN, fullmatch=True))
def test_what_is_taken_for_plain_needs_no_repair(text: str) -> None:
    assert normalise._repaired(text) == text
