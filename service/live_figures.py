"""What the blind sample says of the messages filed away: counts from the database into `pipeline.live`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pipeline.domain import Channel
from pipeline.live import LiveMissRate, Sampled, live_miss_rate
from service.store import samples
from service.store.samples import Count, Period

MONTHS = 3
"""Calendar months that one interval looks at: this one and those before. It starts anew each month, so that an old good
record does not hide a new bad one; an alarm by chance comes at most every 1 / delta months."""


def period(now: datetime, since: datetime | None = None) -> Period:
    """From `since`, else from the first day of the month two months ago, until now."""
    return Period(since=since or first_day(now, MONTHS - 1), until=now + timedelta(microseconds=1))


def first_day(now: datetime, months_ago: int) -> datetime:
    """The first moment of a calendar month."""
    months = now.year * 12 + now.month - 1 - months_ago
    return now.replace(year=months // 12, month=months % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)


def live(connection: Connection, within: Period, delta: float) -> LiveMissRate | None:
    """The live miss rate; None where nothing was filed with a sample drawn from it."""
    return rate(samples.counts(connection, within), delta)


def by_channel(counts: Sequence[Count], delta: float) -> dict[Channel, LiveMissRate]:
    """The live miss rate of each channel with a sample."""
    found = {name: rate([count for count in counts if count.channel == name], delta) for name in Channel}
    return {name: one for name, one in found.items() if one}


def rate(counts: Sequence[Count], delta: float) -> LiveMissRate | None:
    """The live miss rate of what was counted."""
    sampled = sampled_of(counts)
    return live_miss_rate(sampled, delta=delta) if sampled else None


def sampled_of(counts: Sequence[Count]) -> Sampled | None:
    """The sums that the interval needs."""
    filed = [count for count in counts if count.share]
    if not filed:
        return None
    drawn = [count for count in filed if count.blind]
    others = [count for count in counts if not count.blind]
    shares = [count.share or 0.0 for count in filed]
    return Sampled(
        filed=_sum(filed),
        drawn=_sum(drawn),
        found=_sum([count for count in drawn if count.beyond_doubt]),
        open=_sum([count for count in drawn if count.found_once or count.status == "new"]),
        seen=_sum([count for count in others if count.beyond_doubt or count.found_once]),
        waiting=_sum([count for count in others if count.status == "new"]),
        share=min(shares),
        share_high=max(shares),
    )


def _sum(counts: Sequence[Count]) -> int:
    return sum(count.messages for count in counts)
