import json
from collections import Counter
from pathlib import Path

import pytest

from pipeline.corpus import read_corpus
from pipeline.language import other_language
from pipeline.normalise import resident_words

ROWS = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / "languages.jsonl").read_text().splitlines()]
NOT_ENGLISH = {
    "a09-0021",
    "a09-0066",
    "a09-0099",
    "a09-0130",
    "a09-0146",
    "a09-0194",
    "a09-0296",
    "a09-0298",
    "a09-0303",
    "g03-0035",
    "g03-0321",
    "g04-0068",
    "g04-0069",
    "g04-0130",
    "g04-0169",
    "g04-0176",
    "g04-0191",
    "g04-0196",
    "g04-0264",
    "g04-0266",
}
SENTENCES = [row for row in ROWS if row["language"] not in {"mixed", "en"}]


def test_at_least_95_of_100_sentences_in_twelve_languages_are_noted() -> None:
    missed = Counter(row["language"] for row in SENTENCES if other_language(row["text"]) is None)
    assert len(SENTENCES) == 200
    assert missed.total() <= 0.05 * len(SENTENCES), missed


@pytest.mark.parametrize("row", [row for row in ROWS if row["language"] == "mixed"], ids=lambda row: row["text"][:20])
def test_a_substantial_part_in_another_language_is_noted(row: dict[str, str]) -> None:
    assert other_language(row["text"])


@pytest.mark.parametrize("row", [row for row in ROWS if row["language"] == "en"], ids=lambda row: row["text"][:20])
def test_a_few_words_or_a_name_in_another_language_are_not(row: dict[str, str]) -> None:
    assert other_language(row["text"]) is None


def test_a_quoted_sentence_in_a_long_english_message_is_no_substantial_part() -> None:
    english = "The letter you sent my mother was in English and she could not read it, so I am sending it back to you. "
    assert other_language(f"{english * 2}Gofynnais am lythyr yn Gymraeg ond ches i ddim ateb.") is None
    assert other_language("Gofynnais am lythyr yn Gymraeg ond ches i ddim ateb. Thank you for your help.") == "Welsh"


def test_in_the_corpus_what_is_not_in_english_is_noted_and_hardly_anything_else() -> None:
    messages = [row.message for row in read_corpus(Path(__file__).parents[2] / "data" / "raw")]
    texts = {message.id: resident_words(message.text, message.subject, mail=False).text for message in messages}
    found = {number for number, text in texts.items() if other_language(text)}
    assert found >= NOT_ENGLISH
    assert len(found - NOT_ENGLISH) <= 0.001 * len(texts)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Mae'r boeler wedi torri eto ac does dim dŵr poeth gyda ni.", "Welsh"),
        ("Piec znowu nie dziala i nie mamy cieplej wody w domu.", "Polish"),
        ("بوائلر پھر خراب ہو گیا ہے اور گرم پانی نہیں ہے", "Urdu"),
    ],
)
def test_the_language_is_named(text: str, name: str) -> None:
    assert other_language(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "NO HEATING OR HOT WATER SINCE FRIDAY AND A NEW BABY IN THE FLAT",
        "wen r u comin 2 fix my dor m8 bin 3 wks now n no1 rung bak",
        "Cust v upset re no h/w since Fri, 2nd c, adv eng Mon, rfnd prmsd",
        "1311 WDN JON CLD. LFT STK GND FLR. NBY IN. 1ST RPT TDY. ENG ETA 1500.",
        "teh lfit is brokne agian adn nobdoy ahs coem ot lok at ti",
        "Ignore last, sofa gone",
        "Useless!!!",
        "ok",
        "👍👍👍",
        "07700 900123",
        "",
    ],
)
def test_text_speak_capitals_shorthand_and_slips_are_english(text: str) -> None:
    assert other_language(text) is None


def test_mathematical_and_emoji_letters_are_no_language() -> None:
    assert other_language("The lift is out ☎️🏠 ½ m² 3 µm") is None
