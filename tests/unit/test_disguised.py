"""Where the letters of a message decide otherwise than the words they spell, a person reads it (S54, B44)."""

import pytest

from pipeline.classify import MessageClassifier
from pipeline.domain import Channel, Flag, Route
from pipeline.preprocess import prepare
from tests.builders import COMPLAINT, THANKS, a_message

HOMOGLYPHS = str.maketrans("aeopcx", "\u0430\u0435\u043e\u0440\u0441\u0445")


def split(text: str) -> str:
    return "\u200b".join(text)


@pytest.mark.parametrize("disguise", [lambda text: text.translate(HOMOGLYPHS), split])
def test_a_word_in_other_letters_is_kept_as_it_was_written_and_read_as_what_it_spells(disguise: object) -> None:
    assert callable(disguise)
    prepared = prepare(a_message(text=disguise(COMPLAINT)))
    assert prepared.text == prepare(a_message(text=COMPLAINT)).text
    assert prepared.as_written not in {"", prepared.text}


@pytest.mark.parametrize(
    "text",
    [
        "It\u2019s the third time \u2013 \u201cnobody\u201d came\u2026",
        "Thank you \u2764\ufe0f \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\ufeffThe lift is out,\u00a0again\u200b.",
        "caf\u00e9 \u00a35 too much",
    ],
)
def test_quotes_dashes_signs_and_marks_between_words_are_no_disguise(text: str) -> None:
    assert prepare(a_message(text=text)).as_written == ""


def test_the_shorthand_of_a_note_is_written_out_on_both_sides() -> None:
    prepared = prepare(a_message(text="T rpt no hw, \u0441ame again.", channel=Channel.NOTE))
    assert prepared.as_written.replace("\u0441", "c") == prepared.text
    assert "T rpt no hw" not in prepared.as_written


def test_thanks_in_other_letters_go_to_a_person_where_the_model_is_not_of_one_mind(
    classifier: MessageClassifier,
) -> None:
    plain, disguised = classifier.classify(
        [a_message(id="1", text=THANKS), a_message(id="2", text=split(THANKS))]
    )  # fmt: skip
    assert plain.route is Route.NO_ACTION
    assert Flag.DISGUISED in disguised.flags
    assert disguised.route is Route.REVIEW
    assert disguised.prediction.complaint == pytest.approx(plain.prediction.complaint)
    assert "letters as they came" in disguised.reasons[0]


def test_a_complaint_in_other_letters_goes_where_complaints_go(classifier: MessageClassifier) -> None:
    plain, disguised = classifier.classify(
        [a_message(id=str(n), text=text, channel=Channel.EMAIL) for n, text in enumerate((COMPLAINT, split(COMPLAINT)))]
    )
    assert disguised.route is plain.route
