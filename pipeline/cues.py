"""Spans that speak for a label: spaCy's matcher over `patterns/*.jsonl`, one file a cue kind.

A row of a pattern file holds `pattern` (a phrase, matched whatever its case, or a spaCy token pattern), an
`example` in which it must be found (a test says so), and, where an officer must see it at once, a `flag`.

spaCy's matcher tries every pattern at every token, so each pattern has a matcher of its own that looks only where a
sieve over all patterns says that it may match, and not at all where the sieve knows: many times faster, and the same
spans (docs/decisions/0004).
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import spacy
from spacy.language import Language
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span

from pipeline.cue_context import means_nothing
from pipeline.domain import Cue, CueKind, Flag
from pipeline.errors import SettingsError
from pipeline.sieve import Sieve, Stretch, Token

_FOLDER = Path(__file__).parent / "patterns"
_LINE_BREAK = re.compile(r"(?<!\n)\n(?!\n)")
_ONE_AT_A_TIME = Lock()
"""The tokeniser and its vocabulary are shared, so two threads must not add words to them at once."""
_READ_BEFORE_RENEWAL = 4_000_000
"""Characters, about 20,000 messages: what is kept of them is some 15 MB, of hostile ones some 85 MB."""


def find_cues(text: str) -> tuple[Cue, ...]:
    """The cues in `text`, by position; of overlapping spans of one kind the longest."""
    with _ONE_AT_A_TIME:
        doc, words, found = _fresh_rules().match(_plain(text))
    cues = [
        _cue(rule, doc[start:end], text)
        for rule, start, end in _longest_of_a_kind(found)
        if not means_nothing(rule.kind, words, start, end)
    ]
    return tuple(sorted(cues, key=lambda cue: (cue.start, cue.end, cue.kind)))


def _plain(text: str) -> str:
    """`text` in small letters, a paragraph a line, each character at its place: spaCy splits WON'T unlike won't."""
    lower = text.lower() if text.isascii() else "".join(map(_small, text))
    return _LINE_BREAK.sub(" ", lower)


def _small(letter: str) -> str:
    return small if len(small := letter.lower()) == 1 else letter


def read_patterns(kind: CueKind) -> list[dict[str, Any]]:
    """The rows of one pattern file, checked."""
    path = _FOLDER / f"{kind}.jsonl"
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("//"):
            continue
        row = json.loads(line)
        if not {"pattern", "example"} <= row.keys() <= {"pattern", "example", "flag"}:
            raise SettingsError(f"{path.name}, line {number}: a row holds 'pattern', 'example' and perhaps 'flag'.")
        rows.append(row)
    return rows


@dataclass(frozen=True)
class _Rule:
    kind: CueKind
    flag: Flag | None
    matcher: Matcher


Found = tuple[_Rule, int, int]
"""A rule, and from which word up to which its pattern matches."""


class _Rules:
    """All patterns, and the tokeniser they share. `read` counts the characters it has seen."""

    def __init__(self) -> None:
        self.read = 0
        self._nlp: Language = spacy.blank("en")
        rows = [(kind, row, self._tokens(row["pattern"])) for kind in CueKind for row in read_patterns(kind)]
        self._sieve = Sieve(pattern for _, _, pattern in rows)
        self._rules = [self._rule(kind, row, pattern) for kind, row, pattern in rows]

    def match(self, text: str) -> tuple[Doc, list[str], list[Found]]:
        """`text` as spaCy reads it, its words, and every place where a pattern matches, overlaps included."""
        self.read += len(text)
        doc = self._nlp.make_doc(text)
        words = [token.lower_ for token in doc]
        return doc, words, [found for stretch in self._sieve.stretches(words) for found in self._within(stretch, doc)]

    def _within(self, stretch: Stretch, doc: Doc) -> list[Found]:
        number, start, end = stretch
        rule = self._rules[number]
        if self._sieve.is_match(stretch):
            return [(rule, start, end)]
        return [(rule, start + first, start + last) for _, first, last in rule.matcher(doc[start:end])]

    def _tokens(self, pattern: str | list[Token]) -> list[Token]:
        """A phrase as the token pattern it stands for."""
        return [{"LOWER": token.lower_} for token in self._nlp(pattern)] if isinstance(pattern, str) else pattern

    def _rule(self, kind: CueKind, row: dict[str, Any], pattern: list[Token]) -> _Rule:
        matcher = Matcher(self._nlp.vocab)
        matcher.add(kind.value, [pattern], greedy="LONGEST")
        return _Rule(kind, Flag(row["flag"]) if "flag" in row else None, matcher)


@cache
def _rules() -> _Rules:
    return _Rules()


def _fresh_rules() -> _Rules:
    """The rules, made anew now and then: spaCy keeps every word it ever saw."""
    if _rules().read > _READ_BEFORE_RENEWAL:
        _rules.cache_clear()
    return _rules()


def _longest_of_a_kind(found: list[Found]) -> list[Found]:
    kept: list[Found] = []
    taken: set[tuple[CueKind, int]] = set()
    for rule, start, end in sorted(found, key=lambda each: (each[1] - each[2], each[1], each[0].flag or "")):
        places = {(rule.kind, place) for place in range(start, end)}
        if not places & taken:
            taken |= places
            kept.append((rule, start, end))
    return kept


def _cue(rule: _Rule, span: Span, text: str) -> Cue:
    start, end = span.start_char, span.end_char
    return Cue(kind=rule.kind, text=text[start:end], start=start, end=end, flag=rule.flag)
