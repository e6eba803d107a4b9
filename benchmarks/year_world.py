"""What `make year` simulates: the traffic, the officers, the models that serve and the retraining."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression

from pipeline import policy
from pipeline.domain import Label, Route, Thresholds
from pipeline.gate import Limits, compare, refusals
from pipeline.judging import Example, Judged, routes
from pipeline.live import LiveMissRate, Sampled, live_miss_rate
from pipeline.model import build_features
from pipeline.params import Params
from pipeline.thresholds import choose, line_by_weight

MONTHS, DAYS, DRIFT = 12, 30, 7
ERROR, WINDOW, SLOW_DRIFT = 0.05, 3, 0.4
NEW_TOPIC = "council_tax"
THRESHOLDS_FROM = ("d08", "e05", "e06", "g03")
USUAL = ("d04", "d06", "d07", "e01", "e04", "e07", "e08", "f02", "f03", "f04", "g04", "h01")
NEW = ("b01", "b02", "b03", "b04", "b05", "b06", "c04")
FROZEN = ("a06", "c03", "d05", "e02", "g01", "h02")
"""What the gate judges on: authors in nobody's traffic."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """What serves: probabilities and routes of every message of the corpus."""

    probabilities: np.ndarray
    thresholds: Thresholds
    route: np.ndarray

    @property
    def filed(self) -> np.ndarray:
        """Whether no officer would see a message."""
        return ~np.isin(self.route, [where.value for where in policy.SEEN])


@dataclass(kw_only=True)
class Month:
    """What happened in a month: messages by place in the corpus, and what is known of them."""

    arrivals: np.ndarray
    day: np.ndarray
    filed: np.ndarray
    drawn: np.ndarray
    verdict: np.ndarray
    found: np.ndarray
    review: np.ndarray


@dataclass(kw_only=True)
class Way:
    """One way of going on, as it goes."""

    name: str
    retrains: bool
    samples: bool
    share: float
    model: Model
    months: list[Month] = field(default_factory=list)
    gates: list[str] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    lives: list[LiveMissRate | None] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    alarms: list[tuple[int, int]] = field(default_factory=list)


class World:
    """The corpus with its matrix, and who may learn from what."""

    def __init__(self, examples: list[Example], params: Params) -> None:
        self.examples, self.params = examples, params
        self.author = np.array([row.author for row, _ in examples])
        self.topic = np.array([row.topic for row, _ in examples])
        self.label = np.array([tuple(Label).index(row.label) for row, _ in examples])
        self.complaint = self.label == 0
        small = replace(params.model, word_ngrams=2, char_ngrams=3, min_messages=4)
        self.matrix = build_features(small).fit_transform([message for _, message in examples]).tocsr()
        self.alpha = params.thresholds.alpha
        old = self.topic != NEW_TOPIC
        taken = np.isin(self.author, (*THRESHOLDS_FROM, *USUAL, *NEW, *FROZEN))
        everyday = np.isin([name[0] for name in self.author], list("defgh"))
        self.start = np.flatnonzero(everyday & old & ~taken)
        self.lines = np.flatnonzero(np.isin(self.author, THRESHOLDS_FROM) & old)
        self.frozen = np.flatnonzero(np.isin(self.author, FROZEN))
        self._old = old

    def begin(self, seed: int) -> None:
        """Deal the messages out anew, each to one month."""
        self.rng = np.random.default_rng(seed)
        usual = self.rng.permutation(np.flatnonzero(np.isin(self.author, USUAL) & self._old))
        topic = np.isin(self.author, (*USUAL, *NEW)) & ~self._old
        fresh = self.rng.permutation(np.flatnonzero((np.isin(self.author, NEW) & self._old) | topic))
        self.usual, self.fresh = np.array_split(usual, MONTHS), np.array_split(fresh, MONTHS - DRIFT + 1)

    def traffic(self, month: int, volume: int) -> np.ndarray:
        """The messages of a month, in their order."""
        new = int(volume * SLOW_DRIFT) if month >= DRIFT else 0
        picked = self.rng.choice(self.usual[month - 1], volume - new)
        if new:
            picked = np.concatenate([picked, self.rng.choice(self.fresh[month - DRIFT], new)])
        return self.rng.permutation(picked)

    def fit(self, rows: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Probabilities of all messages, by a regression that learned from these."""
        base = LogisticRegression(C=self.params.model.c, class_weight="balanced", tol=1e-2, max_iter=300)
        model = CalibratedClassifierCV(base, method="temperature", cv=3, ensemble=False)
        model.fit(self.matrix[rows], labels, sample_weight=weights)
        return np.asarray(model.predict_proba(self.matrix))

    def serving(self, probabilities: np.ndarray, review: float, stage_1: float) -> Model:
        """A model with its lines."""
        lines = Thresholds(review=review, stage_1=max(review, stage_1), alpha=self.alpha, delta=0.1, n=0, k=0)
        judged = Judged(rows=self.examples, probabilities=probabilities, thresholds=[lines] * len(self.examples))
        sent = routes(judged, policy.load_profile("hos-2024"))
        return Model(probabilities=probabilities, thresholds=lines, route=np.array([where.value for where in sent]))

    def judged(self, model: Model, rows: np.ndarray, labels: np.ndarray | None = None) -> Judged:
        """Some messages as the gate sees them, with officers' labels where there are such."""
        given = self.label[rows] if labels is None else labels
        examples = [
            (replace(self.examples[int(i)][0], label=tuple(Label)[int(k)]), self.examples[int(i)][1])
            for i, k in zip(rows, given, strict=True)
        ]
        return Judged(rows=examples, probabilities=model.probabilities[rows], thresholds=[model.thresholds] * len(rows))


def first_model(world: World) -> Model:
    """What serves in month 1: learned and tuned on everyday messages of other authors."""
    probabilities = world.fit(world.start, world.label[world.start], np.ones(len(world.start)))
    chosen = choose(probabilities[world.lines, 0], world.complaint[world.lines], world.params.thresholds)
    return world.serving(probabilities, chosen.review, chosen.stage_1)


def live_through(world: World, way: Way, month: int, arrivals: np.ndarray, luck: np.ndarray) -> None:
    """A month of traffic: routed, drawn, reviewed, with the live figure at the end of every day."""
    filed = way.model.filed[arrivals]
    drawn = filed & (luck[0] < way.share) if way.samples else np.zeros_like(filed)
    truth = world.label[arrivals]
    wrong = luck[1:4] < ERROR
    other = (truth + 1 + (luck[4] < 0.5)) % 3
    says = np.where(wrong, other, truth)
    majority = np.where((says[0] == 0) == (says[1] == 0), says[0] == 0, says[2] == 0)
    way.months.append(
        Month(
            arrivals=arrivals,
            day=np.arange(len(arrivals)) * DAYS // len(arrivals),
            filed=filed,
            drawn=drawn,
            verdict=np.where(drawn & (says[0] == 0) & ~majority, 1, says[0]),
            found=drawn & (says[0] == 0) & majority,
            review=(way.model.route[arrivals] == Route.REVIEW.value) | drawn,
        )
    )
    live = None
    if way.samples:
        for day in range(DAYS):
            live = _live(way, day)
            way.covered.append(_covers(world, way, day, live))
            if live.alarm(world.alpha):
                way.alarms.append((month, day + 1))
    way.lives.append(live)
    missed, all_of_them = (filed & (truth == 0)).sum(), (truth == 0).sum()
    way.rates.append(missed / all_of_them)


def _window(way: Way, day: int) -> list[tuple[Month, np.ndarray]]:
    months = way.months[-WINDOW:]
    return [(each, each.day <= (day if each is months[-1] else DAYS)) for each in months]


def _live(way: Way, day: int) -> LiveMissRate:
    window, share = _window(way, day), way.share
    counts = {
        "filed": sum((each.filed & until).sum() for each, until in window),
        "drawn": sum((each.drawn & until).sum() for each, until in window),
        "found": sum((each.found & until).sum() for each, until in window),
        "seen": sum((~each.filed & until & (each.verdict == 0)).sum() for each, until in window),
    }
    numbers = {name: int(count) for name, count in counts.items()}
    return live_miss_rate(Sampled(**numbers, open=0, waiting=0, share=share), delta=0.1)


def _covers(world: World, way: Way, day: int, live: LiveMissRate) -> bool:
    window = _window(way, day)
    missed = sum((each.filed & until & world.complaint[each.arrivals]).sum() for each, until in window)
    all_of_them = sum((until & world.complaint[each.arrivals]).sum() for each, until in window)
    return bool(live.low <= missed / all_of_them <= live.high)


def retrained(world: World, way: Way) -> tuple[Model, Sequence[str]]:
    """A challenger from all reviews so far, and what the gate says against it."""
    share = way.share
    seen, label, weight, last = [], [], [], []
    for age, month in enumerate(reversed(way.months)):
        read = ~month.filed | month.drawn
        seen.append(month.arrivals[read])
        label.append(month.verdict[read])
        weight.append(np.where(month.drawn[read], 1 / share, 1.0))
        last.append(np.full(read.sum(), age < WINDOW))
    rows, labels, weights = np.concatenate(seen), np.concatenate(label), np.concatenate(weight)
    recent, part = np.concatenate(last), rows * 2654435761 % 2**32 % 10
    to_learn, to_tune, to_judge = part < 5, (part >= 5) & (part < 8) & recent, part >= 8
    once = np.unique(rows[to_learn], return_index=True)[1]
    learned = np.flatnonzero(to_learn)[once]
    probabilities = world.fit(
        np.concatenate([world.start, rows[learned]]),
        np.concatenate([world.label[world.start], labels[learned]]),
        np.concatenate([np.ones(len(world.start)), np.minimum(weights[learned], 10)]),
    )
    tuned = np.flatnonzero(to_tune & (labels == 0))
    review = _line(world, way, probabilities, rows[tuned], weights[tuned])
    challenger = world.serving(probabilities, review, way.model.thresholds.stage_1)
    limits = Limits(alpha=world.alpha)
    checks = [
        *compare(world.judged(way.model, world.frozen), world.judged(challenger, world.frozen), limits, seed=0),
    ]
    judge = np.flatnonzero(to_judge & recent)
    some = judge[np.unique(rows[judge], return_index=True)[1]]
    stands_for = np.bincount(rows[judge], weights=weights[judge], minlength=len(world.examples))[rows[some]]
    on_traffic = compare(
        world.judged(way.model, rows[some], labels[some]),
        world.judged(challenger, rows[some], labels[some]),
        limits,
        seed=0,
        weights=list(stands_for),
    )
    return challenger, [f"test {why}" for why in refusals(checks)] + [f"traffic {why}" for why in refusals(on_traffic)]


def _line(world: World, way: Way, probabilities: np.ndarray, tuned: np.ndarray, weights: np.ndarray) -> float:
    """The review threshold of a challenger; `tuned` are complaints that officers found."""
    params, apart = world.params.thresholds, world.lines
    scores, complaint = probabilities[apart, 0], world.complaint[apart]
    if not way.samples:
        found = np.concatenate([scores[complaint], probabilities[tuned, 0]])
        return line_by_weight(found, np.ones(len(found)), params) or 0.0
    review = choose(scores, complaint, params).review
    asked = line_by_weight(probabilities[tuned, 0], weights, params)
    live = way.lives[-1]
    held = way.model.thresholds.review if live is not None and live.high > world.alpha else review
    return min(review, held, review if asked is None else asked)


def a_year(world: World, seed: int, volume: int, share: float) -> list[Way]:
    """Twelve months in three ways, on the same traffic and with the same luck."""
    world.begin(seed)
    start = first_model(world)
    ways = [
        Way(name="never retrained", retrains=False, samples=True, share=share, model=start),
        Way(name="retrained without blind sample and gate", retrains=True, samples=False, share=share, model=start),
        Way(name="retrained with blind sample and gate", retrains=True, samples=True, share=share, model=start),
    ]
    for month in range(1, MONTHS + 1):
        arrivals = world.traffic(month, volume)
        luck = world.rng.random((5, len(arrivals)))
        for way in ways:
            live_through(world, way, month, arrivals, luck)
            _end_of_month(world, way)
    return ways


def _end_of_month(world: World, way: Way) -> None:
    gate = "-"
    if way.retrains:
        challenger, against = retrained(world, way)
        against = against if way.samples else ()
        gate = "promoted" if not against else f"refused: {against[0]}"
        if not against:
            way.model = challenger
    way.gates.append(gate)
