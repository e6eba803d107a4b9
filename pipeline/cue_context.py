"""What stands round a span and takes its meaning away: a negation, or another body of which the clause speaks."""

from collections.abc import Iterable, Sequence
from itertools import pairwise, product, takewhile

from pipeline.domain import CueKind

_NEGATABLE = frozenset(
    {CueKind.EXPLICIT_COMPLAINT, CueKind.DISSATISFACTION, CueKind.STAFF_CONDUCT, CueKind.UNFAIR_DECISION}
)
_NEGATIONS = frozenset(
    {"no", "not", "n't", "nt", "never", "without", "cannot", "cant", "dont", "isnt", "wasnt", "nothing", "hardly"}
)
_NEGATION_REACH = 3
_ANOTHER_WISH = frozenset({"and", "but", "so"})
"""Words after which a negation no longer speaks of what somebody asks for ("not happy and want this logged")."""

_OF_SOMEBODY = frozenset(
    {
        CueKind.REPEAT_CONTACT,
        CueKind.BROKEN_COMMITMENT,
        CueKind.NO_RESPONSE,
        CueKind.POOR_WORKMANSHIP,
        CueKind.STAFF_CONDUCT,
        CueKind.UNFAIR_DECISION,
        CueKind.DISSATISFACTION,
    }
)
"""Kinds that say what somebody did or left undone: a cue only where that somebody may be the organisation."""
_BODIES = frozenset({"police", "jobcentre", "dwp", "hmrc", "uc"})
_BODIES_OF_TWO_WORDS = frozenset(
    {
        *product(
            ("water", "gas", "electric", "electricity", "energy", "power", "phone", "broadband", "insurance"),
            ("company", "board", "supplier", "network", "firm", "co"),
        ),
        *product(("letting", "estate"), ("agent", "agents", "agency")),
        ("universal", "credit"),
        ("network", "rail"),
        ("private", "landlord"),
    }
)
_THE_READER = frozenset({"you", "your", "yours", "yous", "youse", "ur", "us", "our", "council", "housing"})
_CLAUSE_BEFORE = 10
_CLAUSE_AFTER = 3
_CLAUSE_ENDS = frozenset({".", "!", "?", ";", ":"})


def means_nothing(kind: CueKind, words: Sequence[str], start: int, end: int) -> bool:
    """Whether the words round those from `start` up to `end` say that a cue of this kind is not meant, or not of the
    organisation.
    """
    before = _clause(reversed(words[max(0, start - _CLAUSE_BEFORE) : start]))
    if kind in _NEGATABLE and not _NEGATIONS.isdisjoint(_near(kind, before)):
        return True
    if kind not in _OF_SOMEBODY:
        return False
    after = _clause(words[end : end + _CLAUSE_AFTER])
    return _is_of_another_body([*reversed(before), *words[start:end], *after])


def _near(kind: CueKind, before: list[str]) -> list[str]:
    """The words from which a negation reaches the span, nearest first."""
    near = before[:_NEGATION_REACH]
    if kind is not CueKind.EXPLICIT_COMPLAINT:
        return near
    return list(takewhile(lambda word: word not in _ANOTHER_WISH, near))


def _is_of_another_body(words: list[str]) -> bool:
    if not _THE_READER.isdisjoint(words):
        return False
    return not _BODIES.isdisjoint(words) or any(pair in _BODIES_OF_TWO_WORDS for pair in pairwise(words))


def _clause(words: Iterable[str]) -> list[str]:
    """The words up to where the clause ends."""
    return list(takewhile(lambda word: word not in _CLAUSE_ENDS and "\n" not in word, words))
