"""Whether a challenger may take the champion's place. Pure; a person promotes, and only past this gate.

Both judge the same messages, and what is drawn again and again (whole authors) is drawn for both: a paired bootstrap,
so that what is hard for both does not hide a difference. Refused is what is worse by more than a margin, and what is
certainly worse by however little. The promise comes first: where the champion breaks it and the challenger certainly
misses less, more work is no reason to refuse.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline import metrics, policy
from pipeline.domain import Channel, Route
from pipeline.judging import Judged, routes
from pipeline.metrics import Figure

EVERYDAY, CUELESS = "everyday", "cueless"
_FEWEST = 25
"""Complaints below which a slice says nothing."""

Measure = Callable[[np.ndarray], float]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much worse a challenger may be: shares for rates, factors for speed and size.

    `alpha` is the promise: a miss rate above it is refused unless the champion's is higher still.
    """

    alpha: float
    miss_rate: float = 0.01
    workload: float = 0.03
    calibration: float = 0.02
    slice_miss_rate: float = 0.05
    slower: float = 2.0
    larger: float = 1.5


@dataclass(frozen=True, kw_only=True)
class Running:
    """What a model costs to run."""

    messages_per_second: float
    megabytes: float


@dataclass(frozen=True, kw_only=True)
class Check:
    """One comparison; `reason` says why it refuses, and is empty where it does not."""

    name: str
    champion: float
    challenger: float
    difference: Figure | None = None
    reason: str = ""


def compare(
    champion: Judged, challenger: Judged, limits: Limits, *, seed: int, weights: Sequence[float] | None = None
) -> list[Check]:
    """The checks on messages that both judged. `weights` say how many like it a message stands for."""
    weigh = np.ones(len(champion.rows)) if weights is None else np.asarray(weights, dtype=float)
    authors = _groups(champion)
    old, new = _Seen.of(champion, weigh), _Seen.of(challenger, weigh)

    def check(name: str, measure: Callable[["_Seen"], Measure], margin: float) -> Check:
        return _check(name, measure(old), measure(new), authors, margin, seed)

    rate = check("miss rate", lambda seen: seen.miss_rate, limits.miss_rate)
    mends = rate.champion > limits.alpha and rate.difference is not None and rate.difference.high < 0
    return [
        rate if rate.reason else _kept(rate, limits.alpha),
        check("workload", lambda seen: seen.workload, float("inf") if mends else limits.workload),
        check("calibration error", lambda seen: seen.calibration, limits.calibration),
        *_slices(champion, old, new, limits, seed),
    ]


def cost(champion: Running, challenger: Running, limits: Limits) -> list[Check]:
    """Speed and size."""
    speed, size = challenger.messages_per_second, challenger.megabytes
    slow = speed * limits.slower < champion.messages_per_second
    large = size > champion.megabytes * limits.larger
    return [
        Check(
            name="messages a second",
            champion=champion.messages_per_second,
            challenger=speed,
            reason=f"less than 1/{limits.slower:g} of the champion's speed" if slow else "",
        ),
        Check(
            name="megabytes",
            champion=champion.megabytes,
            challenger=size,
            reason=f"more than {limits.larger:g} times the champion's size" if large else "",
        ),
    ]


def refusals(checks: Sequence[Check]) -> list[str]:
    """Why a challenger may not serve, a sentence each; empty where it may."""
    return [f"{check.name}: {check.reason}." for check in checks if check.reason]


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """Which messages an officer would see, and how many each stands for."""

    judged: Judged
    complaint: np.ndarray
    seen: np.ndarray
    review: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, judged: Judged, weights: np.ndarray) -> "_Seen":
        sent = routes(judged, policy.load_profile("hos-2024"))
        return cls(
            judged=judged,
            complaint=judged.is_complaint,
            seen=np.array([where in policy.SEEN for where in sent]),
            review=np.array([where is Route.REVIEW for where in sent]),
            weights=weights,
        )

    def miss_rate(self, rows: np.ndarray) -> float:
        kept = rows[self.complaint[rows]]
        weights = self.weights[kept]
        return float(weights[~self.seen[kept]].sum() / weights.sum()) if weights.sum() else float("nan")

    def workload(self, rows: np.ndarray) -> float:
        weights = self.weights[rows]
        return float(weights[self.review[rows]].sum() / weights.sum())

    def calibration(self, rows: np.ndarray) -> float:
        return metrics.calibration_error(self.judged.scores[rows], self.complaint[rows])


def _check(  # noqa: PLR0917  # as they stand in the call
    name: str, old: Measure, new: Measure, groups: Sequence[str], margin: float, seed: int
) -> Check:
    rows = np.arange(len(groups))
    difference = metrics.interval(lambda r: new(r) - old(r), groups, seed=seed)
    reason = ""
    if difference.value > margin:
        reason = f"worse by {difference.value:.3f}, more than {margin:g}"
    elif difference.low > 0 and margin < float("inf"):
        reason = f"certainly worse (by {difference.low:.3f} to {difference.high:.3f})"
    return Check(name=name, champion=old(rows), challenger=new(rows), difference=difference, reason=reason)


def _kept(rate: Check, alpha: float) -> Check:
    """The promise itself."""
    if rate.challenger <= max(alpha, rate.champion):
        return rate
    why = f"{rate.challenger:.3f} breaks the promise of {alpha:g}, which the champion keeps or breaks by less"
    return Check(**{**vars(rate), "reason": why})


def _slices(judged: Judged, old: _Seen, new: _Seen, limits: Limits, seed: int) -> Iterator[Check]:
    """Miss rates where they got certainly worse, else the slice where the difference is largest."""
    found = []
    for name, member in _members(judged).items():
        rows = np.flatnonzero(member & old.complaint)
        if len(rows) < _FEWEST:
            continue
        ids = [judged.rows[int(row)][0].message.id for row in rows]
        difference = metrics.interval(_difference(old, new, rows), ids, draws=300, seed=seed)
        bad = difference.low > 0 and difference.value > limits.slice_miss_rate
        reason = f"worse by {difference.value:.3f} ({difference.low:.3f} to {difference.high:.3f})" if bad else ""
        found.append(
            Check(
                name=f"miss rate of {name}",
                champion=old.miss_rate(rows),
                challenger=new.miss_rate(rows),
                difference=difference,
                reason=reason,
            )
        )
    refused = [check for check in found if check.reason]
    yield from refused or sorted(found, key=lambda check: check.challenger - check.champion)[-1:]


def _difference(old: _Seen, new: _Seen, rows: np.ndarray) -> Measure:
    return lambda drawn: new.miss_rate(rows[drawn]) - old.miss_rate(rows[drawn])


def _members(judged: Judged) -> dict[str, np.ndarray]:
    rows = [row for row, _ in judged.rows]
    everyday = np.array([EVERYDAY in row.slices for row in rows])
    authors = sorted({row.author for row in rows})
    return {
        **{f"channel {name}": np.array([row.message.channel is name for row in rows]) for name in Channel},
        "the everyday part": everyday,
        "the hard part": ~everyday,
        "those without a cue": np.array([CUELESS in row.slices for row in rows]),
        **{f"author {author}": np.array([row.author == author for row in rows]) for author in authors},
    }


def _groups(judged: Judged) -> list[str]:
    authors = [row.author for row, _ in judged.rows]
    return authors if len(set(authors)) > 2 else [row.message.id for row, _ in judged.rows]
