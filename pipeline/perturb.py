"""Changes that leave a message what it is: the same words in other characters, slips of the keyboard, words around it.

Each change is `str, Random -> str`, cheap and without state, so that it serves both to measure a model and to make its
training harder; the same seed gives the same text.
"""

import html
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, partial
from html.entities import codepoint2name
from itertools import pairwise
from random import Random

import ftfy.bad_codecs

from pipeline.surroundings import above, around, below, greeted, load_wordings, pictured, quoted

ftfy.bad_codecs.ok()  # registers the codec that decodes as browsers do, undefined bytes and all

Changing = Callable[[str, Random], str]

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}
_LOOKALIKES = dict(zip("aeoAEO", "\u0430\u0435\u043e\u0410\u0415\u041e", strict=True))
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_HYPHENS = "\u2010\u2011\u2012\u2013\u2014\u2212"
_NO_STOPS = str.maketrans(
    {mark: " " if mark in "-/" else "" for mark in string.punctuation + "\u2018\u2019\u201c\u201d"}
)
_NOW_AND_THEN = 1 / 3


class Purpose(StrEnum):
    """What a change is for: each has wordings of its own."""

    CHECKING = "checking"
    TRAINING = "training"


class Kind(StrEnum):
    """What a change does to a message."""

    FORMATTING = "formatting"  # the same words in other characters: a reader sees hardly a difference
    SLIPS = "slips"  # what hurried typing does to words
    ADDITION = "addition"  # words that a person or a program put around the message
    INSTRUCTION = "instruction"  # a sentence that tells a machine what to answer


@dataclass(frozen=True, kw_only=True)
class Perturbation:
    """A named change. `mail_only` marks what only e-mails can have; formatting and slips also touch a subject."""

    name: str
    kind: Kind
    change: Changing
    mail_only: bool = False

    @property
    def touches_subject(self) -> bool:
        """Whether it changes characters wherever they stand, and not only adds words to the body."""
        return self.kind in {Kind.FORMATTING, Kind.SLIPS}


def typos(text: str, draw: Random, *, rate: float = 0.05) -> str:
    """A share `rate` of the letters mistyped: a neighbouring key, doubled, dropped, or swapped with the next letter.

    Whatever is no letter stays where it is among the letters.
    """
    typed: list[str] = []
    waiting = ""
    for letter, following in pairwise([*text, ""]):
        here, waiting = waiting or letter, ""
        if draw.random() >= rate or not _is_letter(here):
            typed.append(here)
        elif draw.random() < 0.25 and _is_letter(following):
            typed.append(following)
            waiting = here
        else:
            typed.append(_slip(here, draw))
    return "".join(typed)


def _is_letter(character: str) -> bool:
    return character.isascii() and character.isalpha()


def _slip(letter: str, draw: Random) -> str:
    row = next(row for row in _ROWS if letter.lower() in row)
    place = row.index(letter.lower())
    near = draw.choice(row[max(0, place - 1) : place] + row[place + 1 : place + 2])
    return draw.choice(("", letter * 2, near.upper() if letter.isupper() else near))


def _upper(text: str, _: Random) -> str:
    return text.upper()


def _lower(text: str, _: Random) -> str:
    return text.lower()


def _curly(text: str, _: Random) -> str:
    text = re.sub(r"(?<!\S)'|(?<=[(\[\"])'", "\u2018", text).replace("'", "\u2019")
    return re.sub(r'(?<!\S)"|(?<=[(\[\u2018])"', "\u201c", text).replace('"', "\u201d")


def _zero_width(text: str, draw: Random) -> str:
    return "".join(c + draw.choice(_INVISIBLE) if c.isalpha() and draw.random() < _NOW_AND_THEN else c for c in text)


def _full_width(text: str, _: Random) -> str:
    return text.translate(_FULL_WIDTH)


def _homoglyphs(text: str, draw: Random) -> str:
    return "".join(_LOOKALIKES[c] if c in _LOOKALIKES and draw.random() < _NOW_AND_THEN else c for c in text)


def _spaced(text: str, draw: Random) -> str:
    return re.sub(r"[ \n]", lambda gap: gap[0] + draw.choice(("", "", " ", "  ", "\n")), text)


def _hard_spaces(text: str, _: Random) -> str:
    return text.replace(" ", "\u00a0")


def _entities(text: str, _: Random) -> str:
    escaped = html.escape(text)
    return "".join(f"&{codepoint2name[ord(c)]};" if ord(c) > 127 and ord(c) in codepoint2name else c for c in escaped)


def _mojibake(text: str, draw: Random) -> str:
    return _curly(text, draw).encode("utf-8", "replace").decode("sloppy-windows-1252")


def _hyphens(text: str, draw: Random) -> str:
    return re.sub("-", lambda _: draw.choice(_HYPHENS), text)


def _no_stops(text: str, _: Random) -> str:
    return text.translate(_NO_STOPS)


_CHARACTERS: tuple[tuple[str, Kind, Changing], ...] = (
    ("upper case", Kind.FORMATTING, _upper),
    ("lower case", Kind.FORMATTING, _lower),
    ("curly quotes", Kind.FORMATTING, _curly),
    ("zero-width characters", Kind.FORMATTING, _zero_width),
    ("full-width letters", Kind.FORMATTING, _full_width),
    ("homoglyphs", Kind.FORMATTING, _homoglyphs),
    ("spaces and line breaks", Kind.FORMATTING, _spaced),
    ("non-breaking spaces", Kind.FORMATTING, _hard_spaces),
    ("HTML entities", Kind.FORMATTING, _entities),
    ("mojibake", Kind.FORMATTING, _mojibake),
    ("hyphen variants", Kind.FORMATTING, _hyphens),
    ("typos in 5 % of letters", Kind.SLIPS, typos),
    ("no punctuation", Kind.SLIPS, _no_stops),
    ("emoji", Kind.ADDITION, pictured),
)


@cache
def perturbations(purpose: Purpose) -> tuple[Perturbation, ...]:
    """Every change, in the order of the table `heard check-model` prints. The wordings of what is added depend on the
    purpose, so that no model is checked on sentences it was trained to overlook.
    """
    wordings = load_wordings(purpose.value)
    return (
        *(Perturbation(name=name, kind=kind, change=change) for name, kind, change in _CHARACTERS),
        _added("greeting", partial(greeted, words=wordings.greetings), mail_only=False),
        _added("signature", partial(below, words=wordings.signatures)),
        _added("sent from a telephone", partial(below, words=wordings.phones)),
        _added("disclaimer", partial(below, words=wordings.disclaimers)),
        _added("external-mail banner", partial(above, words=wordings.banners)),
        _added("officer's quoted reply", partial(quoted, words=wordings.replies)),
        *(
            Perturbation(name=f"instruction {number}", kind=Kind.INSTRUCTION, change=partial(around, words=(sentence,)))
            for number, sentence in enumerate(wordings.instructions, start=1)
        ),
    )


def _added(name: str, change: Changing, *, mail_only: bool = True) -> Perturbation:
    return Perturbation(name=name, kind=Kind.ADDITION, change=change, mail_only=mail_only)
