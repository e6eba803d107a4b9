import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.greetings import without_greeting
from pipeline.normalise import resident_words


@pytest.mark.parametrize(
    "greeting",
    [
        "Dear Sir or Madam,\n\n",
        "Dear Sir/Madam\n",
        "Hi there, ",
        "Hiya, ",
        "hello\n",
        "HI ALL, ",
        "Good morning, hope you are well. ",
        "Dear Mrs Okonjo,\n",
        "Dear Housing Team\n\n",
        "Hi Mr. Jones,\n",
        "To whom it may concern ",
        "Hello\n\nGood afternoon,\n",
        "Hi Team. I hope this email finds you well.\n",
        "FAO the duty officer\n",
    ],
)
def test_a_greeting_is_not_read(greeting: str) -> None:
    assert without_greeting(f"{greeting}The lift is out.") == "The lift is out."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Hello I have been waiting", "I have been waiting"),
        ("hi my boiler is off.", "my boiler is off."),
        ("Hi there is a leak", "there is a leak"),
        ("HI MY BOILER IS OFF, SEND SOMEONE", "MY BOILER IS OFF, SEND SOMEONE"),
    ],
)
def test_without_a_stop_only_the_word_of_greeting_goes(text: str, kept: str) -> None:
    assert without_greeting(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "Hello",
        "Dear Sir or Madam,",
        "Hello? Is anyone there",
        "Hi-vis jacket left on the stairs",
        "Good morning bins not done",
        "Morning collection missed",
        "Dear oh dear, what a mess",
        "Hi boiler, off",
        "Dear Complaints Team,\nThe lift is out",
        "'Dear Mr Mrs Ms Deceased'. That is how your letter began.",
    ],
)
def test_what_only_looks_like_a_greeting_or_is_all_there_is_stays(text: str) -> None:
    assert without_greeting(text) == text


@pytest.mark.parametrize("mail", [True, False])
def test_every_channel_and_a_subject_above_make_no_difference(mail: bool) -> None:
    assert resident_words("Hi there,\n\nIt is out.", "Lift", mail=mail).text == "Lift\n\nIt is out."


@given(st.text(alphabet="HhDdi eal,.\n-'Tm/", max_size=60))
def test_words_are_only_taken_from_the_front_and_never_all(text: str) -> None:
    left = without_greeting(text)
    assert text.endswith(left)
    assert bool(left.strip()) == bool(text.strip())
