"""The figures of a model's page: curves, tables with their charts, and a promise in officers' hours. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain import Route
from pipeline.evaluation import Evaluation, Points, Share, Step
from service.pages import words
from service.pages.insight_table import Chart, Column, Form, Kind, Table
from service.shadow import Report

_NAMES = {channel.value: name for channel, name in words.CHANNELS.items()}
_BOUNDS = (Column(name="low", form=Form.SHARE), Column(name="high", form=Form.SHARE))


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A picture of lines, each an SVG polyline in a square of 100, and the table behind it."""

    table: Table
    lines: Sequence[tuple[str, str]]
    across: str
    up: str
    promise: float | None = None
    diagonal: bool = False


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Where the slider stands, how many messages come in a week, and how many minutes one in review takes."""

    place: int
    weekly: int
    minutes: float


@dataclass(frozen=True, kw_only=True)
class Trade:
    """One promise in a team's own numbers; hours and misses are None where nothing could be measured."""

    step: Step
    hours: float | None
    missed: float | None


def curves(found: Evaluation) -> list[Curve]:
    """Precision and recall, what a lower miss rate costs, and whether the probabilities are true."""
    return [_precision_recall(found), _risk(found), _reliability(found)]


def fairness(found: Evaluation) -> Table:
    """Miss rates by group of writers."""
    rows = [
        (
            f"{one.characteristic}: {one.group}",
            one.miss_rate.value,
            one.miss_rate.low,
            one.miss_rate.high,
            one.miss_rate.n,
            one.false_flags.value,
            one.verdict,
        )
        for one in found.groups
    ]
    return Table(
        id="writers",
        title="Fair to writers",
        says="Miss rate by group of writers, with 95 % intervals, of authors that training did not see. Wide: more "
        "than twice the overall rate, on enough complaints.",
        columns=(
            Column(name="Writers", form=Form.WORDS),
            Column(name="Miss rate", form=Form.SHARE),
            *_BOUNDS,
            Column(name="Complaints"),
            Column(name="False flags", form=Form.SHARE),
            Column(name="Gap", form=Form.WORDS),
        ),
        rows=rows,
        chart=Chart(kind=Kind.RANGES, columns=(1, 2, 3), line=found.alpha),
    )


def slices(found: Evaluation) -> Table:
    """Shares flagged by slice."""
    return Table(
        id="slices",
        title="Slices",
        says="Share flagged at the score that flags 5 % of what is no complaint. Of complaints, more is better.",
        columns=(
            Column(name="Slice", form=Form.WORDS),
            Column(name="Flagged", form=Form.SHARE),
            *_BOUNDS,
            Column(name="Messages"),
        ),
        rows=[(name.replace("_", " "), *_cells(share)) for name, share in sorted(found.slices.items())],
        chart=Chart(kind=Kind.RANGES, columns=(1, 2, 3)),
    )


def trade(found: Evaluation, asked: Asked) -> Trade:
    """The promise the slider stands at, in complaints missed and hours of review a week."""
    step = found.trade[min(asked.place, len(found.trade) - 1)]
    return _in_hours(step, asked, found.complaints / max(found.messages, 1))


def trade_table(found: Evaluation, asked: Asked) -> Table:
    """Every promise, so that the slider is not needed to compare them."""
    share = found.complaints / max(found.messages, 1)
    all_of_them = [_in_hours(step, asked, share) for step in found.trade]
    return Table(
        id="promises",
        title="Every promise",
        says="",
        columns=(
            Column(name="Missed at most", form=Form.WORDS),
            Column(name="Review from", form=Form.NUMBER),
            Column(name="Miss rate measured", form=Form.SHARE),
            Column(name="To review", form=Form.SHARE),
            Column(name="Hours a week", form=Form.NUMBER),
            Column(name="Complaints missed a week", form=Form.NUMBER),
        ),
        rows=[
            (percent(one.step.alpha), one.step.review, one.step.miss_rate, one.step.workload, one.hours, one.missed)
            for one in all_of_them
        ],
    )


def percent(share: float) -> str:
    """As 5% or 7.5%."""
    return f"{100 * share:.3g}%"


def channel(name: str) -> str:
    """A channel as officers call it; thresholds that are not one channel's are `pooled`."""
    return _NAMES.get(name, "All channels")


def route(name: str) -> str:
    """A route in words."""
    return words.ROUTES.get(Route(name), name)


def shadow_table(found: Report) -> Table:
    """What the challenger would have done otherwise, by channel."""
    return Table(
        id="shadow-channels",
        title="In the shadow, by channel",
        says="",
        columns=(
            Column(name="Channel", form=Form.WORDS),
            Column(name="Messages"),
            Column(name="Would have gone elsewhere"),
            Column(name="Mean change of the probability", form=Form.NUMBER),
            Column(name="Mean distance", form=Form.NUMBER),
        ),
        rows=[(_NAMES.get(name, name), *rest) for name, *rest in found.by_channel()],
    )


def _in_hours(step: Step, asked: Asked, complaints: float) -> Trade:
    hours = None if step.workload is None else step.workload * asked.weekly * asked.minutes / 60
    missed = None if step.miss_rate is None else step.miss_rate * complaints * asked.weekly
    return Trade(step=step, hours=hours, missed=missed)


def _precision_recall(found: Evaluation) -> Curve:
    lines = [(_NAMES.get(name, name), _line(points)) for name, points in found.precision_recall.items()]
    rows = [
        (_NAMES.get(name, name), recall, precision)
        for name, points in found.precision_recall.items()
        for recall, precision in _some(points)
    ]
    table = Table(
        id="precision-recall",
        title="Complaints found, and how many flags are right",
        says="A line a channel: the further to the top right, the better.",
        columns=(
            Column(name="Channel", form=Form.WORDS),
            Column(name="Recall", form=Form.SHARE),
            Column(name="Precision", form=Form.SHARE),
        ),
        rows=rows,
    )
    return Curve(table=table, lines=lines, across="recall of complaints", up="precision")


def _risk(found: Evaluation) -> Curve:
    table = Table(
        id="risk-coverage",
        title="What a lower miss rate costs",
        says="The more messages an officer sees, the fewer complaints are missed. The level line is the promise.",
        columns=(
            Column(name="Seen by an officer", form=Form.WORDS),
            Column(name="Complaints missed", form=Form.SHARE),
        ),
        rows=[(percent(seen), missed) for seen, missed in _some(found.risk)],
    )
    return Curve(
        table=table,
        lines=[("All channels", _line(found.risk))],
        across="share of messages an officer sees",
        up="share of complaints missed",
        promise=100 - 100 * found.alpha,
    )


def _reliability(found: Evaluation) -> Curve:
    points = tuple((one.said, one.found) for one in found.reliability)
    table = Table(
        id="reliability",
        title="Are the probabilities true?",
        says="Tenths of the messages by probability. On the diagonal, of messages said to be complaints with 70 % "
        "seven in ten are.",
        columns=(
            Column(name="Probability given", form=Form.WORDS),
            Column(name="Were complaints", form=Form.SHARE),
            Column(name="Messages"),
        ),
        rows=[(percent(one.said), one.found, one.n) for one in found.reliability],
    )
    lines = [("All channels", _line(points))]
    return Curve(
        table=table, lines=lines, across="complaint probability given", up="share that are complaints", diagonal=True
    )


def _line(points: Points) -> str:
    return " ".join(f"{100 * x:.2f},{100 - 100 * y:.2f}" for x, y in points)


def _some(points: Points) -> Points:
    return points[:: max(1, len(points) // 10)]


def _cells(share: Share) -> tuple[float, float, float, int]:
    return share.value, share.low, share.high, share.n
