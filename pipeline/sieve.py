"""Where token patterns may match: all of them tried at once, a bit each, so that spaCy looks only there.

The method is Shift-And (Baeza-Yates and Gonnet 1992): every token of every pattern is a bit of one number, a word has
the bits it can stand for, and the next word moves the bits by one. Only `LOWER` and `OP` of a token are looked at, so
too many stretches may come out, never too few; of patterns that ask for nothing but words they are the matches.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

Token = dict[str, Any]
Stretch = tuple[int, int, int]
"""The number of a pattern, and from which word up to which it may match."""

_WORDS_KEPT = 50_000
_MAY_BE_ABSENT = re.compile(r"[?*!]|\{(0|,).*")
_MAY_REPEAT = re.compile(r"[*+]|\{.*")


class Sieve:
    """Many patterns, asked at once which of them may match in a row of words in lower case."""

    def __init__(self, patterns: Iterable[Sequence[Token]]) -> None:
        self._owners: list[int] = []
        self._reach: list[int | None] = []
        self._only_words: list[bool] = []
        self._by_word: dict[str, int] = {}
        self._by_form: dict[re.Pattern[str], int] = {}
        self._any_word = self._absent = self._repeating = self._starts = self._ends = 0
        for number, pattern in enumerate(patterns):
            self._add(number, pattern)
        self._starts = self._past_absent(self._starts)
        self._ends = self._before_absent(self._ends)
        self._bits = lru_cache(_WORDS_KEPT)(self._bits_of)

    def stretches(self, words: Sequence[str]) -> list[Stretch]:
        """Every match lies in one of these; those of one pattern never overlap."""
        found: dict[int, list[tuple[int, int]]] = {}
        state = 0
        for at, word in enumerate(words):
            state = (self._past_absent(state << 1) | self._starts | state & self._repeating) & self._bits(word)
            ended = state & self._ends
            while ended:
                place = ended.bit_length() - 1
                ended ^= 1 << place
                self._note(found, self._owners[place], at)
        return [(number, start, end) for number, places in found.items() for start, end in places]

    def is_match(self, stretch: Stretch) -> bool:
        """Whether a stretch is a match itself: of a pattern that asks for words alone, each of them once."""
        number, start, end = stretch
        return self._only_words[number] and end - start == self._reach[number]

    def _note(self, found: dict[int, list[tuple[int, int]]], number: int, at: int) -> None:
        reach = self._reach[number]
        start = 0 if reach is None else max(0, at + 1 - reach)
        places = found.setdefault(number, [])
        if places and start < places[-1][1]:
            start = places.pop()[0]
        places.append((start, at + 1))

    def _add(self, number: int, pattern: Sequence[Token]) -> None:
        repeats = False
        self._starts |= 1 << len(self._owners)
        for token in pattern:
            bit = 1 << len(self._owners)
            operator = token.get("OP", "1")
            if _MAY_BE_ABSENT.fullmatch(operator):
                self._absent |= bit
            if _MAY_REPEAT.fullmatch(operator):
                self._repeating |= bit
                repeats = True
            self._let_stand(token if operator != "!" else {}, bit)
            self._owners.append(number)
        self._ends |= 1 << len(self._owners) - 1
        self._reach.append(None if repeats else len(pattern))
        self._only_words.append(all(map(_is_one_word, pattern)))

    def _let_stand(self, token: Token, bit: int) -> None:
        """Let the words that may stand for a token have its bit."""
        wanted = token.get("LOWER")
        if isinstance(wanted, str):
            wanted = {"IN": [wanted]}
        if isinstance(wanted, dict) and isinstance(wanted.get("IN"), list):
            for word in wanted["IN"]:
                self._by_word[word] = self._by_word.get(word, 0) | bit
        elif isinstance(wanted, dict) and isinstance(wanted.get("REGEX"), str):
            form = re.compile(wanted["REGEX"])
            self._by_form[form] = self._by_form.get(form, 0) | bit
        else:
            self._any_word |= bit

    def _bits_of(self, word: str) -> int:
        bits = self._any_word | self._by_word.get(word, 0)
        for form, places in self._by_form.items():
            if form.search(word):
                bits |= places
        return bits

    def _past_absent(self, bits: int) -> int:
        """With the places reached when tokens that may be absent are left out; the next pattern's first is no harm."""
        passed = bits & self._absent
        while passed:
            passed <<= 1
            bits |= passed
            passed &= self._absent
        return bits

    def _before_absent(self, bits: int) -> int:
        """With the places after which nothing more is needed; the last of the pattern before is no harm."""
        passed = bits & self._absent
        while passed:
            bits |= passed >> 1
            passed = passed >> 1 & self._absent
        return bits


def _is_one_word(token: Token) -> bool:
    """Whether all that a token asks for is one word of a list or of a form, so that the sieve reads it in full."""
    wanted = token.get("LOWER")
    named = isinstance(wanted, str) or (isinstance(wanted, dict) and wanted.keys() in ({"IN"}, {"REGEX"}))
    return named and token.keys() == {"LOWER"}
