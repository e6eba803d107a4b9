"""Behavioural tests after CheckList (Ribeiro and others, 2020): small cases that any good model gets right.

A case states what must hold: what a short clear message is (minimum function), what must not matter (invariance), which
way a probability must not go (direction). The cases lie in cases/*.jsonl, one file a kind; they are for judging, never
for training.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from pipeline.domain import Channel, Decision, Label, Message
from pipeline.errors import CorpusError
from pipeline.metrics import Figure, share
from pipeline.policy import SEEN
from pipeline.tables import markdown_table

CASES = Path(__file__).parent / "cases"
TOLERANCE = 0.05
"""How far a probability may move the wrong way before a direction case fails."""

Classify = Callable[[Sequence[Message]], Sequence[Decision]]


class Expectation(StrEnum):
    """What a minimum-function case expects."""

    COMPLAINT = "complaint"  # this label
    SERVICE_REQUEST = "service_request"  # this label
    OTHER = "other"  # this label
    NOT_COMPLAINT = "not_complaint"  # either of the other two labels
    SEEN = "seen"  # contested by nature: any label, but an officer must see it


class Direction(StrEnum):
    """Which way the complaint probability must not go when words are added or changed."""

    NOT_LOWER = "not_lower"
    NOT_HIGHER = "not_higher"


@dataclass(frozen=True, kw_only=True)
class Case:
    """Texts of one channel and what must hold of the decisions about them. `id` begins with its kind's letter."""

    id: str
    capability: str
    channel: Channel
    texts: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Minimum(Case):
    """One short message whose decision is plain."""

    expected: Expectation

    def holds(self, decisions: Sequence[Decision]) -> bool:
        """Whether the decision is the one expected."""
        decision = decisions[0]
        if self.expected is Expectation.SEEN:
            return decision.route in SEEN
        if self.expected is Expectation.NOT_COMPLAINT:
            return decision.label is not Label.COMPLAINT
        return decision.label.value == self.expected.value


@dataclass(frozen=True, kw_only=True)
class Invariance(Case):
    """Messages that differ in what must not matter."""

    def holds(self, decisions: Sequence[Decision]) -> bool:
        """Whether all get one label, and all or none are seen by an officer."""
        return len({(decision.label, decision.route in SEEN) for decision in decisions}) == 1


@dataclass(frozen=True, kw_only=True)
class Directed(Case):
    """A message, and the same with something added or changed."""

    direction: Direction

    def holds(self, decisions: Sequence[Decision]) -> bool:
        """Whether the complaint probability did not go the wrong way by more than TOLERANCE."""
        moved = decisions[1].prediction.complaint - decisions[0].prediction.complaint
        return moved >= -TOLERANCE if self.direction is Direction.NOT_LOWER else moved <= TOLERANCE


AnyCase = Minimum | Invariance | Directed


@dataclass(frozen=True, kw_only=True)
class Capability:
    """How many cases of one capability hold, and the ids of those that do not."""

    kind: str
    name: str
    passed: Figure
    failing: tuple[str, ...]


def load_cases(folder: Path = CASES) -> list[AnyCase]:
    """Every case; CorpusError names file and line of one that is not well-formed."""
    return [
        *_read(folder / "minimum.jsonl", _minimum),
        *_read(folder / "invariance.jsonl", _invariance),
        *_read(folder / "direction.jsonl", _directed),
    ]


def check(cases: Sequence[AnyCase], classify: Classify) -> list[Capability]:
    """Classify every text once; the pass rate by kind and capability, in the order of the cases."""
    decisions = iter(classify([message for case in cases for message in _messages(case)]))
    outcomes: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for case in cases:
        holds = case.holds([next(decisions) for _ in case.texts])
        outcomes.setdefault((_KINDS[type(case)], case.capability), []).append((case.id, holds))
    return [
        Capability(
            kind=kind,
            name=name,
            passed=share(sum(holds for _, holds in results), len(results)),
            failing=tuple(number for number, holds in results if not holds),
        )
        for (kind, name), results in outcomes.items()
    ]


def behaviour_table(capabilities: Iterable[Capability]) -> str:
    """A row a capability, in Markdown."""
    return markdown_table(
        ("kind", "capability", "passed", "failing"),
        [(row.kind, row.name, row.passed, ", ".join(row.failing)) for row in capabilities],
    )


_KINDS = {Minimum: "minimum function", Invariance: "invariance", Directed: "direction"}


def _messages(case: AnyCase) -> list[Message]:
    return [
        Message(id=f"{case.id}-{number}", text=text, channel=case.channel) for number, text in enumerate(case.texts)
    ]


def _read(path: Path, parse: Callable[[Mapping[str, Any]], AnyCase]) -> Iterable[AnyCase]:
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            yield parse(json.loads(line))
        except (ValueError, KeyError) as error:
            raise CorpusError(f"{path}, line {number}: {error}.") from None


def _minimum(row: Mapping[str, Any]) -> Minimum:
    return Minimum(**_common(row), texts=(row["text"],), expected=Expectation(row["expected"]))


def _invariance(row: Mapping[str, Any]) -> Invariance:
    if len(row["texts"]) < 2:
        raise ValueError("an invariance case needs two texts or more")
    return Invariance(**_common(row), texts=tuple(row["texts"]))


def _directed(row: Mapping[str, Any]) -> Directed:
    texts = (row["text"], row["changed"])
    return Directed(**_common(row), texts=texts, direction=Direction(row["direction"]))


def _common(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row["id"], "capability": row["capability"], "channel": Channel(row["channel"])}
