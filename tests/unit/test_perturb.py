import html
import unicodedata
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.normalise import clean
from pipeline.perturb import Kind, Perturbation, Purpose, perturbations, typos
from pipeline.surroundings import load_wordings
from tests.builders import COMPLAINT, REQUEST, THANKS

CHECKING = perturbations(Purpose.CHECKING)
BY_NAME = {perturbation.name: perturbation for perturbation in CHECKING}
QUOTED = "\"It's done\", he said - it isn't. The re-fitted door won't shut & I'm £40 down."
DRAWS = st.integers(0, 10_000)
PLAIN = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)
UNDOING = {
    "curly quotes": lambda text: text.translate(
        {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"'},
    ),
    "zero-width characters": lambda text: "".join(c for c in text if c not in "\u200b\u200c\u200d\u2060\ufeff\u00ad"),
    "full-width letters": lambda text: unicodedata.normalize("NFKC", text),
    "homoglyphs": lambda text: text.translate(str.maketrans("\u0430\u0435\u043e\u0410\u0415\u041e", "aeoAEO")),
    "non-breaking spaces": lambda text: text.replace("\u00a0", " "),
    "HTML entities": html.unescape,
    "hyphen variants": lambda text: text.translate(
        dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212"), "-")
    ),
}


def named(perturbation: Perturbation) -> str:
    return perturbation.name


@pytest.mark.parametrize("perturbation", CHECKING, ids=named)
@given(text=st.text(max_size=120), seed=DRAWS)
def test_the_same_seed_gives_the_same_text(perturbation: Perturbation, text: str, seed: int) -> None:
    assert perturbation.change(text, Random(seed)) == perturbation.change(text, Random(seed))


@pytest.mark.parametrize("perturbation", [p for p in CHECKING if not p.touches_subject], ids=named)
@given(text=st.text(max_size=120), seed=DRAWS)
def test_what_is_added_leaves_the_residents_words_whole(perturbation: Perturbation, text: str, seed: int) -> None:
    changed = perturbation.change(text, Random(seed))
    assert text in changed
    assert len(changed) > len(text)


@pytest.mark.parametrize("name", UNDOING)
@given(text=PLAIN, seed=DRAWS)
def test_other_characters_can_be_read_back_as_the_same_words(name: str, text: str, seed: int) -> None:
    assert UNDOING[name](BY_NAME[name].change(text, Random(seed))) == text


@given(text=PLAIN, seed=DRAWS)
def test_mojibake_is_curly_text_read_in_the_wrong_encoding(text: str, seed: int) -> None:
    broken = BY_NAME["mojibake"].change(text, Random(seed))
    curly = BY_NAME["curly quotes"].change(text, Random(seed))
    assert broken.encode("sloppy-windows-1252").decode("utf-8") == curly


@given(text=PLAIN, seed=DRAWS)
def test_spaces_and_line_breaks_part_the_same_words(text: str, seed: int) -> None:
    assert BY_NAME["spaces and line breaks"].change(text, Random(seed)).split() == text.split()


@given(text=PLAIN)
def test_capitals_change_the_case_alone(text: str) -> None:
    upper, lower = (BY_NAME[name].change(text, Random(0)) for name in ("upper case", "lower case"))
    assert upper.casefold() == lower.casefold() == text.casefold()


@pytest.mark.parametrize("text", [COMPLAINT, REQUEST, THANKS, QUOTED])
@pytest.mark.parametrize(
    "name", ["curly quotes", "zero-width characters", "full-width letters", "non-breaking spaces", "HTML entities"]
)
def test_what_is_only_formatting_is_gone_after_cleaning(name: str, text: str) -> None:
    assert clean(BY_NAME[name].change(text, Random(1))) == clean(text)


@given(text=st.text(max_size=200), seed=DRAWS, rate=st.floats(0, 1))
def test_typos_touch_letters_only(text: str, seed: int, rate: float) -> None:
    def rest(words: str) -> str:
        return "".join(c for c in words if not (c.isascii() and c.isalpha()))

    assert rest(typos(text, Random(seed), rate=rate)) == rest(text)


@given(text=st.text(max_size=200), seed=DRAWS)
def test_without_a_rate_nothing_is_mistyped(text: str, seed: int) -> None:
    assert typos(text, Random(seed), rate=0) == text


def test_about_as_many_letters_are_mistyped_as_asked_for() -> None:
    text = "abcdefghij" * 2000
    dropped_or_doubled = sum(typos(text, Random(7)).count(pair) for pair in ("aa", "cc", "ee", "gg"))
    assert 0.005 < dropped_or_doubled / (4 * 2000) < 0.03
    assert len(typos(text, Random(7), rate=1)) != len(text)


def test_only_mail_gets_what_only_mail_can_have() -> None:
    assert {p.name for p in CHECKING if p.mail_only} == {
        "signature",
        "sent from a telephone",
        "disclaimer",
        "external-mail banner",
        "officer's quoted reply",
    }


def test_no_model_is_checked_on_a_wording_that_training_may_use() -> None:
    checking, training = (vars(load_wordings(purpose.value)) for purpose in (Purpose.CHECKING, Purpose.TRAINING))
    for what, wordings in checking.items():
        assert wordings
        assert not set(wordings) & set(training[what]), what


def test_there_are_four_instructions_and_eleven_kinds_of_formatting_or_more() -> None:
    kinds = [perturbation.kind for perturbation in CHECKING]
    assert kinds.count(Kind.INSTRUCTION) >= 4
    assert kinds.count(Kind.FORMATTING) >= 11
    assert len(BY_NAME) == len(CHECKING)
