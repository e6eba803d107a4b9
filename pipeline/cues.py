"""Spans that speak for a label: spaCy's matcher over `patterns/*.jsonl`, one file a cue kind.

A row of a pattern file holds `pattern` (a phrase, matched whatever its case, or a spaCy token pattern), an
`example` in which it must be found (a test says so), and, where an officer must see it at once, a `flag`.

spaCy's matcher tries every pattern at every token, so each pattern has a matcher of its own that runs only where the
words the pattern cannot do without are in the text: many times faster, and the same spans (docs/decisions/0004).
"""

import json
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import spacy
from spacy.language import Language
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span

from pipeline.domain import Cue, CueKind, Flag
from pipeline.errors import SettingsError

_FOLDER = Path(__file__).parent / "patterns"
_NEGATABLE = frozenset(
    {CueKind.EXPLICIT_COMPLAINT, CueKind.DISSATISFACTION, CueKind.STAFF_CONDUCT, CueKind.UNFAIR_DECISION}
)
_NEGATIONS = frozenset(
    {"no", "not", "n't", "nt", "never", "without", "cannot", "cant", "dont", "isnt", "wasnt", "nothing", "hardly"}
)
_NEGATION_REACH = 3
_ONE_AT_A_TIME = Lock()
"""spaCy's memory zone belongs to the vocabulary, so two threads must not be in it at once."""
_MAY_BE_ABSENT = frozenset({"?", "*", "!"})

Found = tuple[CueKind, Flag | None, Span]


def find_cues(text: str) -> tuple[Cue, ...]:
    """The cues in `text`, by position; of overlapping spans of one kind the longest."""
    rules = _rules()
    with _ONE_AT_A_TIME, rules.nlp.memory_zone():  # or spaCy keeps every word it ever saw
        found = _longest_of_a_kind(rules.match(rules.nlp(text)))
        cues = [
            Cue(kind=kind, text=span.text, start=span.start_char, end=span.end_char, flag=flag)
            for kind, flag, span in found
            if not _negated(kind, span)
        ]
        return tuple(sorted(cues, key=lambda cue: (cue.start, cue.end, cue.kind)))


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
    needed: tuple[frozenset[str], ...]

    def may_match(self, words: set[str]) -> bool:
        """Whether, for each token the pattern cannot do without, one of its words is there."""
        return not any(words.isdisjoint(alternatives) for alternatives in self.needed)


class _Rules:
    """All patterns, by a word each cannot do without; `anywhere` are those without such a word."""

    def __init__(self) -> None:
        self.nlp: Language = spacy.blank("en")
        self._by_word: dict[str, list[_Rule]] = defaultdict(list)
        self._anywhere: list[_Rule] = []
        for kind in CueKind:
            for row in read_patterns(kind):
                self._add(kind, row)

    def match(self, doc: Doc) -> list[Found]:
        """Every span any pattern finds, overlaps included."""
        words = {token.lower_ for token in doc}
        rules = {id(rule): rule for word in words for rule in self._by_word.get(word, ()) if rule.may_match(words)}
        return [
            (rule.kind, rule.flag, span)
            for rule in (*rules.values(), *self._anywhere)
            for span in rule.matcher(doc, as_spans=True)
        ]

    def _add(self, kind: CueKind, row: dict[str, Any]) -> None:
        pattern = row["pattern"]
        if isinstance(pattern, str):
            pattern = [{"LOWER": token.lower_} for token in self.nlp(pattern)]
        matcher = Matcher(self.nlp.vocab)
        matcher.add(kind.value, [pattern], greedy="LONGEST")
        needed = tuple(frozenset(words) for words in map(_literal_words, pattern) if words)
        rule = _Rule(kind, Flag(row["flag"]) if "flag" in row else None, matcher, needed)
        if not needed:
            self._anywhere.append(rule)
            return
        for word in max(needed, key=lambda words: (min(map(len, words)), -len(words))):
            self._by_word[word].append(rule)


@cache
def _rules() -> _Rules:
    return _Rules()


def _literal_words(token: dict[str, Any]) -> list[str]:
    """The words one of which must stand for this token of a pattern; none where that cannot be said."""
    if token.get("OP", "1") in _MAY_BE_ABSENT:
        return []
    wanted = token.get("LOWER")
    if isinstance(wanted, str):
        return [wanted]
    return list(wanted["IN"]) if isinstance(wanted, dict) and "IN" in wanted else []


def _longest_of_a_kind(found: list[Found]) -> list[Found]:
    kept: list[Found] = []
    taken: set[tuple[CueKind, int]] = set()
    for kind, flag, span in sorted(found, key=lambda each: (each[2].start - each[2].end, each[2].start, each[1] or "")):
        places = {(kind, place) for place in range(span.start, span.end)}
        if not places & taken:
            taken |= places
            kept.append((kind, flag, span))
    return kept


def _negated(kind: CueKind, span: Span) -> bool:
    before = span.doc[max(0, span.start - _NEGATION_REACH) : span.start]
    return kind in _NEGATABLE and any(token.lower_ in _NEGATIONS for token in before)
