"""Whether a substantial part of a message is in a language the model has not learned.

Two steps: words that only English has, counted sentence by sentence, settle nearly every message at once; only what is
left goes to py3langid, which guesses wildly on short texts, so all doubtful sentences are asked about together.
"""

import re
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

_ENGLISH = frozenset(
    "the and you your it that have not but for with this was been they we our out can't would will when what who there"  # noqa: SIM905  # a list is a page
    " their them she her his from or an get got please thank thanks after before about said says still now by very i'm"
    " i've it's don't didn't can't is are any just if again next need needs new because could should did does how where"
    " which were being other more much cust caller tnt rang tenant adv call called asked asks told raised wants repair"
    " repairs customer day days week weeks house flat road street water council people never every done always great"
    " really time times work works good bin bins door lift boiler wk wks appt booked reported".split()
)
"""Words of English, and of call notes, that hardly any other language has."""

_NAMES = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "cs": "Czech", "cy": "Welsh", "de": "German", "el": "Greek",
    "es": "Spanish", "et": "Estonian", "fa": "Persian", "fr": "French", "gu": "Gujarati", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "it": "Italian", "ku": "Kurdish", "lt": "Lithuanian", "lv": "Latvian",
    "nl": "Dutch", "pa": "Punjabi", "pl": "Polish", "ps": "Pashto", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sk": "Slovak", "sq": "Albanian", "sw": "Swahili", "ta": "Tamil", "tr": "Turkish",
    "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}  # fmt: skip
UNKNOWN = "a language other than English"
"""What `other_language` answers where the script shows that it is not English, and no more."""

_SENTENCE = re.compile(r"[^.!?\n\u0964\u06d4\u061f]+")
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_LATIN_ENDS = "\u024f"
_FURTHER_LATIN = ("\u1e00", "\u1eff")
_FEWEST_ENGLISH = 0.12
"""Share of `_ENGLISH` words below which a sentence may be in another language."""
_SUBSTANTIAL = 0.3
"""Share of words from which a part counts."""
_FEWEST_WORDS = 5
_SURE = 0.9


def other_language(text: str) -> str | None:
    """The name of the language in which a substantial part is written, if that is not English; a guess."""
    sentences = [_WORD.findall(sentence) for sentence in _SENTENCE.findall(text.lower())]
    words = sum(map(len, sentences))
    doubtful = [word for sentence in sentences if _is_doubtful(sentence) for word in sentence]
    if not doubtful or len(doubtful) < _SUBSTANTIAL * words:
        return None
    if _is_of_another_script(doubtful, words):
        return _guess(doubtful)[0] or UNKNOWN
    if len(doubtful) < _FEWEST_WORDS:
        return None
    name, sure = _guess(doubtful)
    return name if sure > _SURE else None


def _is_doubtful(sentence: list[str]) -> bool:
    return sum(word in _ENGLISH for word in sentence) < _FEWEST_ENGLISH * len(sentence)


def _is_of_another_script(doubtful: list[str], words: int) -> bool:
    strange = sum(word[0] > _LATIN_ENDS and not _FURTHER_LATIN[0] <= word[0] <= _FURTHER_LATIN[1] for word in doubtful)
    return strange > 0 and strange >= _SUBSTANTIAL * words


def _guess(words: list[str]) -> tuple[str | None, float]:
    """The likeliest language by name (None: English), and how likely."""
    code, probability = _identifier().classify(" ".join(words))
    return _NAMES.get(code), float(probability)


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(["en", *_NAMES])
    return identifier
