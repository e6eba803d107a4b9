"""What `heard monitor` prints: whether the promise is kept, and whether what comes in is still what the model knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from pipeline.domain import Channel
from pipeline.drift import MOVED, WordTest, mix_index, stability_index, word_test
from pipeline.live import LiveMissRate
from pipeline.metrics import Figure, share
from pipeline.records import Traffic
from service import live_figures
from service.agreement import Agreement
from service.store import insight_work, samples, second_readings
from service.store.insight_work import Verdicts
from service.store.samples import Period

_SEED = 20261127
_MOST = 5_000
_UNLIKELY = 0.01
"""A chance below which words are said to have changed."""
_FEWEST = 100
"""Messages before and now below which a stability index is mostly chance."""


@dataclass(frozen=True, kw_only=True)
class Compared:
    """How many days count as now, and how many before them as before."""

    days: int = 30
    before: int = 90


@dataclass(frozen=True, kw_only=True)
class Drift:
    """One channel, now against before: the stability `index` of complaint probabilities, and that of `topics`."""

    channel: Channel
    before: int
    now: int
    index: float
    topics: float
    words: WordTest | None

    @property
    def moved(self) -> bool:
        """Whether a person should look. Words always change a little: with many messages that is soon certain."""
        told = self.words is not None and self.words.p < _UNLIKELY and self.words.auc > 0.6
        shifted = self.index > MOVED or self.topics > MOVED
        return told or (shifted and min(self.before, self.now) >= _FEWEST)


@dataclass(frozen=True, kw_only=True)
class Report:
    """All of it. `channels` has a live miss rate for each channel with a sample."""

    within: Period
    alpha: float
    live: LiveMissRate | None
    channels: dict[Channel, LiveMissRate]
    verdicts: Sequence[Verdicts]
    agreement: Agreement
    drift: list[Drift]

    @property
    def overturned(self) -> Figure | None:
        """Of all verdicts, the blind ones apart."""
        return overturned(self.verdicts)

    @property
    def alarm(self) -> bool:
        """Whether more complaints are missed than promised, but for chance."""
        return self.live is not None and self.live.alarm(self.alpha)


def report(
    connection: Connection, within: Period, compared: Compared, *, alpha: float, delta: float, words: bool = True
) -> Report:
    """Counted from the database at one moment."""
    counts = samples.counts(connection, within)
    return Report(
        within=within,
        alpha=alpha,
        live=live_figures.rate(counts, delta),
        channels=live_figures.by_channel(counts, delta),
        verdicts=insight_work.verdicts(connection, within),
        agreement=Agreement(counts=second_readings.pairs(connection, within)),
        drift=[drift(connection, name, within.until, compared, words=words) for name in Channel],
    )


def verdict(report: Report) -> str:
    """Whether the promise is kept, in a sentence."""
    most = f"{report.alpha:.0%} of complaints are missed"
    if report.alarm:
        return f"Alarm: more than {most}."
    if report.live is None:
        return "No blind sample was drawn in this period: nothing can be said yet of what is missed."
    if report.live.high > report.alpha:
        return f"No alarm. The sample is still too small to say that at most {most}."
    return f"The promise is kept: at most {most}."


def overturned(verdicts: Sequence[Verdicts]) -> Figure | None:
    """The share of verdicts, the blind ones apart, that turn complaint into not-complaint or back; None without any."""
    reviewed = sum(each.verdicts for each in verdicts)
    return share(sum(each.overturned for each in verdicts), reviewed) if reviewed else None


def traffic(connection: Connection, within: Period, *, delta: float) -> Traffic:
    """What a record says of a period."""
    found = overturned(insight_work.verdicts(connection, within))
    return Traffic(
        since=within.since.date(),
        until=within.until.date(),
        routes=samples.routes(connection, within),
        overturned=str(found) if found else None,
        live=live_figures.live(connection, within, delta),
    )


def drift(connection: Connection, channel: Channel, until: datetime, compared: Compared, *, words: bool) -> Drift:
    """The last days of a channel against those before."""
    turn = until - timedelta(days=compared.days)
    old, new = Period(since=turn - timedelta(days=compared.before), until=turn), Period(since=turn, until=until)
    before, now = (samples.topics(connection, period, channel) for period in (old, new))
    scores = [samples.probabilities(connection, period, channel, _MOST) for period in (old, new)]
    texts = [samples.texts(connection, period, channel, _MOST) for period in (old, new)] if words else []
    return Drift(
        channel=channel,
        before=sum(before.values()),
        now=sum(now.values()),
        index=stability_index(*scores),
        topics=mix_index(before, now),
        words=word_test(*texts, seed=_SEED) if words else None,
    )
