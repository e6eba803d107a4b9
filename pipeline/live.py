"""How many complaints were filed away unseen, from a random sample of what was filed. Pure.

Of K complaints among the messages filed without an officer, each is drawn for the blind sample with the same known
chance, whatever it says. So the number found is a sum of K independent draws, and

    E(K, found) = integral of q^found (1 - q)^(K - found) dBeta(q) / (share^found (1 - share)^(K - found))

is a martingale as K grows (Robbins' mixture; a bettor with Beta-distributed stakes, as in Waudby-Smith and Ramdas,
"Estimating means of bounded random variables by betting", 2024). By Ville's inequality the counts with E < 1 / delta
hold the true one at all times at once with chance 1 - delta: one may look every day, and stop whenever one likes.
Nothing is assumed about the messages: they may drift, and models may change meanwhile. Only the draw is random.
"""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from math import log, log1p

from scipy.special import betaln

_STAKES = 1.0
"""The first parameter of the mixture: tightest where few are found, as they should be."""


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """What is known of the messages of a period.

    `filed` were filed without an officer, `drawn` of them for the blind sample, each with chance `share` (from there to
    `share_high` where it was changed). `found` are complaints beyond doubt, `open` may yet become so: not yet reviewed,
    or reviewed once only. `seen` complaints were confirmed by officers elsewhere, `waiting` messages wait for them.
    """

    filed: int
    drawn: int
    found: int
    open: int
    seen: int
    waiting: int
    share: float
    share_high: float | None = None


@dataclass(frozen=True, kw_only=True)
class LiveMissRate:
    """The share of complaints that no officer would have seen but for the sample, with an anytime-valid interval."""

    value: float
    low: float
    high: float
    delta: float
    sampled: Sampled

    def alarm(self, alpha: float) -> bool:
        """Whether it is certain, but for `delta`, that more are missed than promised."""
        return self.low > alpha


def live_miss_rate(sampled: Sampled, *, delta: float) -> LiveMissRate:
    """What the sample says. What is not settled yet counts for the worse at either end."""
    share, most = sampled.share, sampled.filed - sampled.drawn
    reviewed = max(sampled.drawn - sampled.open, 0)
    low = least(sampled.found, sampled.share_high or share, delta)
    high = greatest(sampled.found + sampled.open, share, delta, sampled.found + sampled.open + most)
    likely = sampled.found / reviewed * sampled.filed if reviewed else float("nan")
    return LiveMissRate(
        value=_rate(likely, sampled.seen),
        low=_rate(low, sampled.seen + sampled.waiting),
        high=_rate(high, sampled.seen) if sampled.filed else 0.0,
        delta=delta,
        sampled=sampled,
    )


def _rate(missed: float, seen: int) -> float:
    return missed / (missed + seen) if missed + seen else float("nan") if missed else 0.0


def log_capital(count: int, found: int, share: float) -> float:
    """The logarithm of E where the complaints filed were `count`."""
    first, second, unseen = _STAKES, _STAKES * (1 - share) / share, count - found
    mixed = betaln(first + found, second + unseen) - betaln(first, second)
    return float(mixed - found * log(share) - unseen * log1p(-share))


@cache
def least(found: int, share: float, delta: float) -> int:
    """The smallest number of complaints that the sample does not rule out; at least those found."""
    possible = range(found, _likely(found, share) + 1)
    return possible[bisect_left(possible, x=True, key=lambda count: not _ruled_out(count, found, share, delta))]


@cache
def greatest(found: int, share: float, delta: float, most: int) -> int:
    """The largest number of complaints that the sample does not rule out; at most `most`."""
    if not share:
        return most
    likely = min(_likely(found, share), most)
    possible = range(likely, most + 1)
    return likely + bisect_left(possible, x=True, key=lambda count: _ruled_out(count, found, share, delta)) - 1


def _likely(found: int, share: float) -> int:
    return round(found / share) if found else 0


def _ruled_out(count: int, found: int, share: float, delta: float) -> bool:
    return share < 1 and log_capital(count, found, share) >= -log(delta)
