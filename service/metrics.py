"""Numbers for Prometheus. Labels are routes, channels, models and sources: never a word of a message, never an id."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from math import isnan
from threading import Lock
from time import monotonic

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST as CONTENT_TYPE
from prometheus_client.registry import Collector
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from pipeline.domain import Channel
from pipeline.live import LiveMissRate
from service import live_figures, monitor
from service.deadlines import Calendar
from service.decision_schemas import DecisionOut
from service.monitor import Compared, Drift
from service.serving import Serving
from service.store.database import Database
from service.store.standing import Standing, standing

__all__ = ["CONTENT_TYPE", "Metrics"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)
_DELTA = 0.1
"""Chance that the interval of the live miss rate is wrong at any time."""
_UP = "1 where the database answers"
_KEPT = 10.0
"""Seconds for which what was counted in the database is told again: asking often costs no more."""
_DRIFT_KEPT = 600.0
"""The same for drift, which looks at four months."""


class Metrics:
    """The numbers of one process, and those of the database it works on (the same from every process)."""

    def __init__(self, database: Database, serving: Serving, calendar: Calendar) -> None:
        self._registry = CollectorRegistry()
        self.requests = Histogram(
            "heard_http_request_seconds",
            "Time to answer, by route",
            ("method", "route", "status"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.received = Counter(
            "heard_messages_received",
            "Messages received over HTTP, by what became of them",
            ("channel", "route", "model"),
            registry=self._registry,
        )
        self.turned_away = Counter(
            "heard_turned_away", "Requests answered 503 because too many were waiting", registry=self._registry
        )
        self.waiting = Gauge("heard_requests_waiting", "Messages being worked on or in line", registry=self._registry)
        self._registry.register(_Standing(database, serving, calendar))

    def taken(self, made: DecisionOut) -> None:
        """A message was received and decided."""
        self.received.labels(made.channel.value, made.route.value, made.model_version).inc()

    def text(self) -> bytes:
        """The exposition format."""
        return generate_latest(self._registry)


class _Standing(Collector):
    """What stands in the database and which model serves."""

    def __init__(self, database: Database, serving: Serving, calendar: Calendar) -> None:
        self._database = database
        self._serving = serving
        self._calendar = calendar
        self._lock = Lock()
        self._counted: list[Metric] = []
        self._until = 0.0
        self._drift: list[Drift] = []
        self._drift_until = 0.0

    def collect(self) -> Iterator[Metric]:
        """The same for ten seconds; without a database only that it does not answer."""
        yield _gauge("heard_model_problem", "1 where something is wrong with the model", bool(self._serving.problem))
        serves = _by("heard_model_serving", "The model that decides", "model")
        serves.add_metric([self._serving.model_version], 1)
        yield serves
        with self._lock:
            if monotonic() >= self._until:
                self._counted = self._count()
                self._until = monotonic() + _KEPT
            yield from self._counted

    def _count(self) -> list[Metric]:
        now = datetime.now(UTC)
        try:
            with self._database.reading() as connection:
                found = standing(connection, self._calendar.today(now))
                live = live_figures.live(connection, live_figures.period(now), _DELTA)
                drift = self._drifted(connection, now)
        except SQLAlchemyError:
            return [_gauge("heard_database_up", _UP, 0)]
        up = _gauge("heard_database_up", _UP, 1)
        return [up, *_of_queues(found, now), *_of_the_rest(found, now), *_of_the_sample(live), _of_drift(drift)]

    def _drifted(self, connection: Connection, now: datetime) -> list[Drift]:
        if monotonic() >= self._drift_until:
            self._drift = [monitor.drift(connection, name, now, Compared(), words=False) for name in Channel]
            self._drift_until = monotonic() + _DRIFT_KEPT
        return self._drift


def _of_queues(found: Standing, now: datetime) -> list[Metric]:
    items = _by("heard_queue_items", "Items with something left to do", "queue")
    overdue = _by("heard_queue_overdue", "Items past the date that matters now", "queue")
    age = _by("heard_queue_oldest_seconds", "Since the oldest of them was received", "queue")
    for name, queue in found.queues.items():
        items.add_metric([name.value], queue.open)
        overdue.add_metric([name.value], queue.overdue)
        age.add_metric([name.value], _since(queue.oldest, now))
    return [items, overdue, age]


def _of_the_sample(live: LiveMissRate | None) -> list[Metric]:
    """Nothing before a blind sample was drawn: a missing number is not a good one."""
    if live is None:
        return []
    rate = _by("heard_live_miss_rate", "Complaints filed unseen, by the blind sample of three months", "bound")
    for bound, value in (("low", live.low), ("likely", live.value), ("high", live.high)):
        rate.add_metric([bound], value)
    return [rate, _gauge("heard_blind_sample_open", "Drawn messages not settled yet", live.sampled.open)]


def _of_drift(found: Sequence[Drift]) -> Metric:
    """Nothing of a channel without messages on both sides."""
    index = GaugeMetricFamily("heard_drift_psi", "The last 30 days against the 90 before", labels=("channel", "of"))
    for row in found:
        for of, value in (("probabilities", row.index), ("topics", row.topics)):
            if not isnan(value):
                index.add_metric([row.channel.value, of], value)
    return index


def _of_the_rest(found: Standing, now: datetime) -> list[Metric]:
    sources = _by("heard_source_ok", "0 where a watched source is failing, stopped or silent", "source")
    lag = _by("heard_source_lag_seconds", "Since a watched source was last looked at to the end", "source")
    for source in found.sources:
        sources.add_metric([source.name], source.state(now) == "ok")
        lag.add_metric([source.name], _since(source.looked_at or source.since, now))
    return [
        _gauge("heard_set_aside", "What could not be read and waits for a person", found.set_aside),
        _gauge("heard_set_aside_oldest_seconds", "Since the oldest of it came", _since(found.set_aside_since, now)),
        _gauge("heard_webhooks_waiting", "Events still to be delivered", found.webhooks_waiting),
        _gauge("heard_webhooks_oldest_seconds", "Since the oldest of them", _since(found.webhooks_since, now)),
        _gauge("heard_webhooks_dead", "Events given up: see `heard webhook`", found.webhooks_dead),
        sources,
        lag,
    ]


def _since(then: datetime | None, now: datetime) -> float:
    return (now - then).total_seconds() if then else 0.0


def _by(name: str, what: str, label: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, labels=(label,))


def _gauge(name: str, what: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=value)
