"""Which words moved a decision.

The fast model is linear, so its log odds fall apart exactly into shares of words. Where an encoder has a say, words
are left out and the whole model is asked again.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from pipeline.cues import find_cues
from pipeline.domain import Influence, Label, PreparedMessage
from pipeline.linear import Linear
from pipeline.model import Estimators

_WORD = re.compile(r"\S+")
_CLAUSE = re.compile(r"[^\n]+?(?:[.,;:!?]+[\"')\]]*(?=\s)|$)", re.MULTILINE)
_PUNCTUATION = ".,;:-\"'()[]*_"
_CLAUSE_WORDS = 12
_GROUP_WORDS = 4
_CLAUSES = 8
"""Clauses tried at most. With the whole message and the groups of one clause that makes 12 readings of the encoder."""
_STRONG = 0.1
"""What weighs less than this part of the strongest is not worth an officer's time."""
_MOST_OF_IT = 0.5

Words = Sequence[Influence]
Weighed = tuple[Words, float]
Occurrence = tuple[int, Sequence[int]]
"""A feature's column, and the numbers of the words it stands on."""


@dataclass(frozen=True, kw_only=True)
class Shares:
    """The fast model's complaint log odds taken apart: `base` and the weights of all `words` add up to them."""

    base: float
    words: tuple[Influence, ...]


def influences(estimators: Estimators, prepared: PreparedMessage, most: int = 3) -> tuple[Influence, ...]:
    """Up to `most` spans that speak for a complaint, the strongest first; none where no words do.

    Without an encoder a span's weight is the exact share of its words. With one it is what the log odds of the whole
    model lose when the span is left out; of a long message the clauses are tried that the fast model finds strongest.
    Where no clause is missed by itself, the fast model's share in the decision is shown.
    """
    words = shares(estimators, prepared).words
    clauses = list(_clauses(prepared.text, words))
    found = [] if estimators.encoder is None else _strong(_left_out(estimators, prepared, clauses))
    found = found or _strong(_runs(clauses))
    return tuple(_span(prepared.text, *each) for each in found[:most])


def shares(estimators: Estimators, prepared: PreparedMessage) -> Shares:
    """What each word adds to the complaint log odds: every n-gram and cue shared among the words it stands on.

    The log odds against two labels are linear but for the entropy of how those two share the rest: that is in `base`.
    """
    row = estimators.features.transform([prepared])
    weights, base = _complaint_line(estimators.label, row.indices, row.data)
    share = dict(zip(row.indices.tolist(), (row.data * weights).tolist(), strict=True))
    places = [match.span() for match in _WORD.finditer(prepared.text)]
    occurrences = list(_occurrences(estimators.features, prepared, places))
    times = Counter(column for column, _ in occurrences)
    found = np.zeros(len(places))
    for column, numbers in occurrences:
        found[numbers] += share[column] / times[column] / len(numbers)
    words = [
        Influence(text=prepared.text[start:end], start=start, end=end, weight=float(weight))
        for (start, end), weight in zip(places, found, strict=True)
    ]
    return Shares(base=base, words=tuple(words))


def _complaint_line(model: Linear, columns: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights of these columns, and the base, of complaint against the rest as the model shares it between them."""
    order = [list(model.classes).index(label.value) for label in Label]
    weights = model.sharpness * model.weights[columns].T[order]
    bases = model.sharpness * model.intercept[order]
    rest = weights[1:] @ values + bases[1:]
    logs = rest - np.logaddexp.reduce(rest)
    against = np.exp(logs)
    return weights[0] - against @ weights[1:], float(bases[0] - against @ (bases[1:] - logs))


def _occurrences(features: Any, prepared: PreparedMessage, places: Sequence[tuple[int, int]]) -> Iterator[Occurrence]:
    """Everything the fast model sees in a message, by column. Its analysers never look across white space."""
    words, characters, cues = features["words"]["tfidf"], features["characters"]["tfidf"], features["cues"]
    texts = [prepared.text[start:end].casefold() for start, end in places]
    yield from _known(words.vocabulary_, _word_ngrams(words, texts), 0)
    analyse = characters.build_analyzer()
    grams = ((gram, [number]) for number, text in enumerate(texts) for gram in analyse(text))
    yield from _known(characters.vocabulary_, grams, len(words.vocabulary_))
    first = len(words.vocabulary_) + len(characters.vocabulary_)
    for cue in prepared.cues:
        if cue.kind in cues.kinds_:
            covered = [n for n, (start, end) in enumerate(places) if start < cue.end and cue.start < end]
            yield first + cues.kinds_.index(cue.kind), covered


def _word_ngrams(words: Any, texts: Sequence[str]) -> Iterator[tuple[str, list[int]]]:
    tokenise = words.build_tokenizer()
    tokens = [(token, number) for number, text in enumerate(texts) for token in tokenise(text)]
    shortest, longest = words.ngram_range
    for length in range(shortest, longest + 1):
        for start in range(len(tokens) - length + 1):
            window = tokens[start : start + length]
            yield " ".join(token for token, _ in window), sorted({number for _, number in window})


def _known(vocabulary: dict[str, int], found: Iterable[tuple[str, Sequence[int]]], first: int) -> Iterator[Occurrence]:
    return ((first + vocabulary[name], numbers) for name, numbers in found if name in vocabulary)


def _strong(found: Iterable[Weighed]) -> list[Weighed]:
    """What speaks for a complaint and is not feeble beside the strongest, the strongest first."""
    ranked = sorted(found, key=lambda each: (-each[1], each[0][0].start))
    return [each for each in ranked if each[1] > 0 and each[1] >= _STRONG * ranked[0][1]]


def _runs(clauses: Sequence[Words]) -> Iterator[Weighed]:
    """Strong words with their strong neighbours in the same clause."""
    bar = _STRONG * max((word.weight for clause in clauses for word in clause), default=0)
    for clause in clauses:
        for strong, run in groupby(clause, key=lambda word: word.weight >= bar > 0):
            if strong:
                words = tuple(run)
                yield words, _total(words)


def _left_out(estimators: Estimators, prepared: PreparedMessage, clauses: Sequence[Words]) -> list[Weighed]:
    """Clauses with what is lost without them; of the strongest only a part, where most of it hangs on that part."""
    tried = sorted(clauses, key=_total, reverse=True)[:_CLAUSES]
    if not tried:
        return []
    whole, *without = _log_odds(estimators, [prepared, *(_without(prepared, clause) for clause in tried)])
    found = sorted(zip(tried, whole - np.array(without), strict=True), key=lambda each: each[1], reverse=True)
    strongest, weight = found[0]
    groups = list(_evenly(strongest, _GROUP_WORDS))
    if len(groups) > 1:
        lost = whole - _log_odds(estimators, [_without(prepared, group) for group in groups])
        if lost.max() >= _MOST_OF_IT * weight:
            found[0] = groups[lost.argmax()], lost.max()
    return found


def _total(words: Words) -> float:
    return sum(word.weight for word in words)


def _log_odds(estimators: Estimators, messages: list[PreparedMessage]) -> np.ndarray:
    found = estimators.probabilities(messages)
    return np.asarray(np.log(found[:, 0]) - np.log(found[:, 1:].sum(axis=1)))


def _without(prepared: PreparedMessage, words: Words) -> PreparedMessage:
    text = prepared.text[: words[0].start] + prepared.text[words[-1].end :]
    return replace(prepared, text=text, cues=find_cues(text))


def _clauses(text: str, words: Words) -> Iterator[Words]:
    """Words up to a stop, a comma or the end of a line, and no more than a dozen."""
    ends = [match.end() for match in _CLAUSE.finditer(text)]
    for _, clause in groupby(words, key=lambda word: int(np.searchsorted(ends, word.end))):
        yield from _evenly(tuple(clause), _CLAUSE_WORDS)


def _evenly(words: Words, most: int) -> Iterator[Words]:
    parts = -(-len(words) // most)
    bounds = [len(words) * part // parts for part in range(parts + 1)]
    return (words[start:end] for start, end in pairwise(bounds))


def _span(text: str, words: Words, weight: float) -> Influence:
    """The words as one span, without the punctuation around them."""
    start, end = words[0].start, words[-1].end
    inner = text[start:end].strip(_PUNCTUATION)
    if inner:
        start += len(text[start:end]) - len(text[start:end].lstrip(_PUNCTUATION))
        end = start + len(inner)
    return Influence(text=text[start:end], start=start, end=end, weight=float(weight))
