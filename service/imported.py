"""What became of the rows of a table. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.domain import Decision


class Outcome(StrEnum):
    """What became of a row, or of one of its answers."""

    ACCEPTED = "accepted"  # a new message
    REFUSED = "refused"  # set aside for a person, with the reason
    DUPLICATE = "duplicate"  # a message that was there before


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was decided about a message, as it is shown beside its row."""

    label: str
    complaint: float
    route: str
    cues: str


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A row, or one answer of it, and what became of it. `column` names the answer where a row has several."""

    line: int
    cells: tuple[str, ...]
    column: str
    outcome: Outcome
    reason: str = ""
    message_id: str = ""
    score: str = ""
    verdict: Verdict | None = None


@dataclass(kw_only=True)
class Totals:
    """Counts of a run: `items` = accepted + refused + duplicate."""

    rows: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)

    def add(self, taken: Taken) -> None:
        """Count one."""
        self.outcomes[taken.outcome] += 1
        if taken.verdict:
            self.routes[taken.verdict.route] += 1

    @property
    def items(self) -> int:
        """Messages and refusals in the file."""
        return self.outcomes.total()

    @property
    def exit_status(self) -> int:
        """0 nothing refused, 1 some were."""
        return 1 if self.outcomes[Outcome.REFUSED] else 0


def verdict_of(decision: Decision) -> Verdict:
    """A decision just made."""
    cues = ((cue.kind.value, cue.text, decision.provisions[cue.kind]) for cue in decision.cues)
    return Verdict(
        label=decision.label.value,
        complaint=decision.prediction.complaint,
        route=decision.route.value,
        cues=listed(cues),
    )


def listed(cues: Iterable[tuple[str, str, str]]) -> str:
    """Cues with their provisions in one cell."""
    return "; ".join(f"{kind}: {text} ({provision})" for kind, text, provision in cues)
