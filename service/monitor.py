"""What `heard monitor` prints: whether the promise is kept, and whether what comes in is still what the model knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping

from pipeline.domain import Channel
from pipeline.drift import MOVED, WordTest, stability_index, word_test
from pipeline.live import LiveMissRate
from pipeline.metrics import Figure, share
from pipeline.records import Traffic
from service import live_figures
from service.feedback import overturn_rate
from service.store import samples
from service.store.samples import Period

_SEED = 20261127
_MOST = 5_000
_UNLIKELY = 0.01
"""A chance below which words are said to have changed."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How many days count as now, and how many before them as before."""

    days: int = 30
    before: int = 90


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One channel, now against before. `index` is the stability index of complaint probabilities."""

    channel: Channel
    before: int
    now: int
    index: float
    words: WordTest | None

    @property
    def moved(self) -> bool:
        """Whether a person should look. Words always change a little: with many messages that is soon certain."""
        told = self.words is not None and self.words.p < _UNLIKELY and self.words.auc > 0.6
        return self.index > MOVED or told


@dataclass(frozen=True, kw_only=True)
class Report:
    """All of it. `channels` has a live miss rate for each channel with a sample."""

    within: Period
    alpha: float
    live: LiveMissRate | None
    channels: dict[Channel, LiveMissRate]
    overturned: Figure | None
    drift: list[Drift]

    @property
    def alarm(self) -> bool:
        """Whether more complaints are missed than promised, but for chance."""
        return self.live is not None and self.live.alarm(self.alpha)


def report(
    connection: Connection, within: Period, compared: Compared, *, alpha: float, delta: float, words: bool = True
) -> Report:
    """Counted from the database at one moment."""
    by_channel = {name: live_figures.live(connection, within, delta, name) for name in Channel}
    overturned, reviewed = overturn_rate(samples.verdicts(connection, within))
    return Report(
        within=within,
        alpha=alpha,
        live=live_figures.live(connection, within, delta),
        channels={name: found for name, found in by_channel.items() if found},
        overturned=share(overturned, reviewed) if reviewed else None,
        drift=[drift(connection, name, within.until, compared, words=words) for name in Channel],
    )


def traffic(connection: Connection, within: Period, *, delta: float) -> Traffic:
    """What a record says of a period."""
    overturned, reviewed = overturn_rate(samples.verdicts(connection, within))
    return Traffic(
        since=within.since.date(),
        until=within.until.date(),
        routes=samples.routes(connection, within),
        overturned=str(share(overturned, reviewed)) if reviewed else None,
        live=live_figures.live(connection, within, delta),
    )


def drift(connection: Connection, channel: Channel, until: datetime, compared: Compared, *, words: bool) -> Drift:
    """The last days of a channel against those before."""
    turn = until - timedelta(days=compared.days)
    old = Period(since=turn - timedelta(days=compared.before), until=turn)
    before = samples.scores(connection, old, channel, _MOST)
    now = samples.scores(connection, Period(since=turn, until=until), channel, _MOST)
    return Drift(
        channel=channel,
        before=len(before),
        now=len(now),
        index=stability_index(_probabilities(before), _probabilities(now)),
        words=word_test(_texts(before), _texts(now), seed=_SEED) if words else None,
    )


def _probabilities(rows: Sequence[RowMapping]) -> list[float]:
    return [row["complaint"] for row in rows]


def _texts(rows: Sequence[RowMapping]) -> list[str]:
    return [f"{row['subject']}\n{row['text']}" for row in rows]
