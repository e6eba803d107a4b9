"""Names of people: spaCy's words, lists of frequent names, and what is said just before a name."""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from threading import Lock

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Token

from pipeline.redact_formats import Personal, PersonalKind

_LISTS = Path(__file__).parent / "names.toml"
_ONE_AT_A_TIME = Lock()
"""The tokeniser is shared."""
_READ_BEFORE_RENEWAL = 4_000_000
_MOST_WORDS = 4
_CURLY = "\u2019"


class _Names:
    """The lists. `read` counts the characters seen: spaCy keeps every word, so it is made anew now and then."""

    def __init__(self) -> None:
        self.read = 0
        self.nlp: Language = spacy.blank("en")
        lists = tomllib.loads(_LISTS.read_text(encoding="utf-8"))
        self.words = frozenset(lists.pop("words").split())
        self.titles = frozenset(lists.pop("titles").split())
        self.never = frozenset(lists.pop("never").split())
        self.places = frozenset(lists.pop("places").split())
        self.before = tuple(tuple(line.split()) for line in lists.pop("before").strip().splitlines())
        chinese = frozenset(lists["chinese"]["given"].split()) | frozenset(lists["chinese"]["surname"].split())
        self.given = frozenset(name for by in lists.values() for name in by["given"].split()) - chinese
        self.all = self.given | chinese | frozenset(name for by in lists.values() for name in by["surname"].split())
        self.alone = self.given - self.words


@cache
def _names() -> _Names:
    return _Names()


def _fresh() -> _Names:
    if _names().read > _READ_BEFORE_RENEWAL:
        _names.cache_clear()
    return _names()


def by_name(text: str) -> Iterator[Personal]:
    """Spans that read as somebody's name, with the title."""
    with _ONE_AT_A_TIME:
        names = _fresh()
        names.read += len(text)
        doc = names.nlp.make_doc(text.replace(_CURLY, "'"))
    place = 0
    while place < len(doc):
        end = _end_of_name(doc, place, names)
        if end > place:
            yield Personal(start=doc[place].idx, end=_last_letter(doc[end - 1]), kind=PersonalKind.NAME)
        place = max(end, place + 1)


def _end_of_name(doc: Doc, start: int, names: _Names) -> int:
    """Where a name that begins at `start` ends; `start` where there is none."""
    first = doc[start]
    word = _plain(first)
    if word in names.titles and not first.is_lower:
        after = start + 1 + (start + 1 < len(doc) and doc[start + 1].text == ".")
        end = _run(doc, after, names)
        return end if end > after else start
    end = _run(doc, start, names)
    told = _is_told(doc, start, names)
    if end == start:
        known = told and first.is_lower and word in names.alone
        return start + 1 if known else start
    run = [_plain(token) for token in doc[start:end]]
    if end < len(doc) and _plain(doc[end]) in names.places:
        return start
    if run[-1] in names.places and len(run) > 1:
        return start
    known = word in names.alone or _pair(run, names) or _initials(doc, start, end)
    return end if known or told or _is_signature(doc, start, end) else start


def _pair(run: list[str], names: _Names) -> bool:
    """Two or more capitalised words of which the first is a name, or the last a name that is no word."""
    if len(run) < 2:
        return False
    return (run[0] in names.all and (run[0] not in names.words or run[-1] in names.all)) or run[-1] in names.given


def _initials(doc: Doc, start: int, end: int) -> bool:
    """S. Patel, or G. H. Whitcombe."""
    return end - start > 1 and _is_initial(doc[start]) and len(doc[end - 1].text) > 2


def _run(doc: Doc, start: int, names: _Names) -> int:
    """The end of the capitalised words from `start` on; `and` joins two."""
    place = start
    while place < len(doc) and place - start < _MOST_WORDS and doc[place].text[:1].isupper():
        if place > start and "\n" in doc[place - 1].text_with_ws:
            break
        if _plain(doc[place]) in names.never or not _is_worded(doc[place], names):
            break
        place += 1
        place += _joins(doc, start, place, names)
    return place


def _joins(doc: Doc, start: int, place: int, names: _Names) -> bool:
    """The full stop of an initial, and the `and` of a couple."""
    if place >= len(doc):
        return False
    if doc[place].text == ".":
        return _is_initial(doc[place - 1])
    return (
        doc[place].lower_ == "and" and place - start == 1 and place + 1 < len(doc) and _starts_pair(doc, place, names)
    )


def _starts_pair(doc: Doc, place: int, names: _Names) -> bool:
    """Anil and Meena Shah."""
    return doc[place + 1].text[:1].isupper() and _plain(doc[place + 1]) in names.all


def _is_worded(token: Token, names: _Names) -> bool:
    letters = token.text.replace("'", "").replace("-", "").rstrip(".")
    return letters.isalpha() and (not token.text.isupper() or len(letters) <= 1 or _plain(token) in names.all)


def _is_initial(token: Token) -> bool:
    return len(token.text.rstrip(".")) == 1 and token.text[0].isupper() and token.text[0] not in "IA"


def _is_told(doc: Doc, start: int, names: _Names) -> bool:
    """Whether what stands before says that a name follows."""
    before = [token.lower_ for token in doc[max(0, start - 3) : start]]
    return any(tuple(before[-len(cue) :]) == cue for cue in names.before)


def _is_signature(doc: Doc, start: int, end: int) -> bool:
    """Two to four capitalised words alone on the last line."""
    if end - start < 2 or doc[end:].text.strip(" .,!\n"):
        return False
    return start == 0 or "\n" in doc[start - 1].text_with_ws or doc[start - 1].text in {",", "-"}


def _plain(token: Token) -> str:
    word: str = token.lower_.rstrip(".")
    return word.removesuffix("'s")


def _last_letter(token: Token) -> int:
    return int(token.idx + len(token.text))
