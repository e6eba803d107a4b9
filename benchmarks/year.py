"""`make year`: a simulated year of traffic, reviews, monthly retraining and live figures, seeded.

A council's 10,000 messages a month come from authors that the first model did not learn from; each message of the
corpus occurs in one month only (often: it is drawn with replacement). Months 1 to 6 hold the everyday part without one
topic. From month 7 on 40 % come from new authors, of the hard part (understated, sarcastic), and the topic occurs.
Officers read what is routed to them and the blind sample, and are wrong 5 % of the time, whatever the message; a
complaint found in the blind sample is dealt with by another officer, and where those differ a third decides.

Three ways of going on are compared on the same traffic: never retrain; retrain monthly on reviews alone, without blind
sample and gate; retrain monthly with both. With the sample, its finds weigh 1 / share when the review threshold is
chosen, and the threshold may rise only while the live interval lies below what was promised. The model is a fast one:
words and cues in a logistic regression, its vocabulary fitted once over all text (it sees no labels).
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import joblib
import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table
from scipy.stats import beta
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression

from pipeline import policy
from pipeline.domain import Label, Route, Thresholds
from pipeline.gate import Limits, compare, refusals
from pipeline.judging import Example, Judged, routes
from pipeline.live import LiveMissRate, Sampled, live_miss_rate
from pipeline.model import build_features
from pipeline.params import Params, load_params
from pipeline.steps.places import Places
from pipeline.steps.prepare import run as prepare_corpus
from pipeline.thresholds import choose

CHECKOUT = Path(__file__).resolve().parents[1]
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
    rows: list[dict[str, str]] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)
    lives: list[LiveMissRate | None] = field(default_factory=list)
    covered: list[bool] = field(default_factory=list)
    alarms: list[tuple[int, int]] = field(default_factory=list)


class World:
    """The corpus with its matrix, and who may learn from what."""

    def __init__(self, examples: list[Example], params: Params, seed: int) -> None:
        self.examples, self.params, self.rng = examples, params, np.random.default_rng(seed)
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
        self.pools = self._pools(old)

    def _pools(self, old: np.ndarray) -> list[np.ndarray]:
        """Each message in one month."""
        usual = self.rng.permutation(np.flatnonzero(np.isin(self.author, USUAL) & old))
        usual_by_month = np.array_split(usual, MONTHS)
        topic = np.isin(self.author, (*USUAL, *NEW)) & ~old
        fresh = self.rng.permutation(np.flatnonzero((np.isin(self.author, NEW) & old) | topic))
        new_by_month = np.array_split(fresh, MONTHS - DRIFT + 1)
        self.usual, self.fresh = usual_by_month, new_by_month
        return usual_by_month

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
    share, scale = way.share, world.params.thresholds
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
    first = world.lines[world.complaint[world.lines]]
    review = _line(
        probabilities[np.concatenate([rows[tuned], first]), 0],
        np.concatenate([weights[tuned], np.ones(len(first))]),
        scale.alpha,
        scale.delta,
    )
    live = way.lives[-1]
    if live is not None and live.high > world.alpha:
        review = min(review, way.model.thresholds.review)
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


def _line(scores: np.ndarray, weights: np.ndarray, alpha: float, delta: float) -> float:
    """The review threshold from weighted complaints: the rule of `pipeline.thresholds` at their effective number."""
    order = np.argsort(scores)
    scores, weights = scores[order], weights[order]
    n = weights.sum() ** 2 / (weights**2).sum()
    below = np.concatenate([[0.0], np.cumsum(weights)[:-1]]) / weights.sum() * n
    fits = beta.ppf(1 - delta, below + 1, np.maximum(n - below, 1e-9)) <= alpha
    return float(scores[np.flatnonzero(fits).max()]) if fits.any() else 0.0


def main() -> None:
    """Run the year and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--volume", type=int, default=10_000, help="messages a month")
    parser.add_argument("--share", type=float, default=0.02, help="share drawn for the blind sample")
    parser.add_argument("--seed", type=int, default=20261127)
    parser.add_argument("--prepared", type=Path, help="messages prepared before (joblib), to save half a minute")
    options = parser.parse_args()
    began, places = time.monotonic(), Places(root=CHECKOUT)
    if options.prepared is None:
        prepare_corpus(places)
    examples: list[Example] = joblib.load(options.prepared or places.prepared)
    world = World(examples, load_params(places.params), options.seed)
    start, share = first_model(world), options.share
    ways = [
        Way(name="never retrained", retrains=False, samples=True, share=share, model=start),
        Way(name="retrained without blind sample and gate", retrains=True, samples=False, share=share, model=start),
        Way(name="retrained with blind sample and gate", retrains=True, samples=True, share=share, model=start),
    ]
    for month in range(1, MONTHS + 1):
        arrivals = world.traffic(month, options.volume)
        luck = world.rng.random((5, len(arrivals)))
        for way in ways:
            live_through(world, way, month, arrivals, luck)
            _end_of_month(world, way, month)
    _print(ways, world, options)
    _draw(ways, world)
    print(f"{time.monotonic() - began:.0f} s")


def _end_of_month(world: World, way: Way, month: int) -> None:
    gate = "-"
    if way.retrains:
        challenger, against = retrained(world, way)
        against = against if way.samples else ()
        gate = "promoted" if not against else f"refused: {against[0]}"
        if not against:
            way.model = challenger
    live = way.lives[-1]
    way.rows.append(
        {
            "month": str(month),
            "true miss rate": f"{way.rates[-1]:.1%}",
            "live, 3 months": "-" if live is None else f"{live.value:.1%} [{live.low:.1%}, {live.high:.1%}]",
            "to review": f"{way.months[-1].review.mean():.1%}",
            "alarm": _alarm(way, month),
            "gate": gate,
        }
    )


def _alarm(way: Way, month: int) -> str:
    days = [day for when, day in way.alarms if when == month]
    return f"from day {days[0]}" if days else ""


def _print(ways: list[Way], world: World, options: argparse.Namespace) -> None:
    console = Console(width=190, highlight=False, markup=False)
    console.print(
        f"python -m benchmarks.year --volume {options.volume} --share {options.share} --seed {options.seed}; "
        f"alpha {world.alpha}; starts from {len(world.start):,} messages; drift from month {DRIFT}"
    )
    for way in ways:
        table = Table(title=way.name, title_justify="left")
        for column in way.rows[0]:
            table.add_column(column, overflow="fold")
        for row in way.rows:
            table.add_row(*row.values())
        console.print(table)
        console.print(_summary(way))


def _summary(way: Way) -> str:
    after = np.mean(way.rates[DRIFT - 1 :])
    load = np.mean([month.review.mean() for month in way.months[DRIFT - 1 :]])
    text = f"{way.name}: months {DRIFT} to {MONTHS} miss {after:.1%} of complaints, {load:.1%} go to review."
    if way.samples:
        false = sum(month < DRIFT for month, _ in way.alarms)
        first = next(((month, day) for month, day in way.alarms if month >= DRIFT), None)
        delay = "no alarm after the drift" if first is None else f"alarm {(first[0] - DRIFT) * DAYS + first[1]} days on"
        text += f" The interval covers on {np.mean(way.covered):.1%} of days; {false} days of alarm before; {delay}."
    return text


def _draw(ways: list[Way], world: World) -> None:
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.subplots()
    months = np.arange(1, MONTHS + 1)
    for way in ways:
        axes.plot(months, way.rates, marker="o", label=f"true, {way.name}")
    lives = [live for live in ways[-1].lives if live is not None]
    low, high = [live.low for live in lives], [live.high for live in lives]
    axes.fill_between(months, low, high, alpha=0.15, label="live interval, last way (three months)")
    axes.axhline(world.alpha, color="grey", linestyle="--", linewidth=1, label="promised")
    axes.axvline(DRIFT - 0.5, color="grey", linestyle=":", linewidth=1)
    axes.set(xlabel="month", ylabel="share of complaints filed unseen", ylim=(0, None))
    axes.set_title("A simulated year, drift from month 7")
    axes.legend(fontsize=8)
    figure.savefig(CHECKOUT / "docs" / "pictures" / "year.png", dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
