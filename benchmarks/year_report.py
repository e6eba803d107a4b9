"""What `make year` prints and draws: each year by month, and all of them by mean and range."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.year_world import DAYS, DRIFT, MONTHS, Way

_CONSOLE = Console(width=190, highlight=False, markup=False)


def print_year(ways: Sequence[Way], seed: int) -> None:
    """One seed's year, a table a way."""
    for way in ways:
        table = Table(title=f"seed {seed}, {way.name}", title_justify="left")
        for column in ("month", "true miss rate", "live, 3 months", "to review", "alarm", "gate"):
            table.add_column(column, overflow="fold")
        for place in range(MONTHS):
            table.add_row(*_row(way, place))
        _CONSOLE.print(table)
        _CONSOLE.print(_summary(way))


def print_years(years: Sequence[Sequence[Way]]) -> None:
    """Mean and range over the seeds, by month and way."""
    names = [way.name for way in years[0]]
    for what, values in (("true miss rate", _rates), ("to review", _loads)):
        table = Table(title=f"{what}, mean [lowest, highest] of {len(years)} seeds", title_justify="left")
        for column in ("month", *names):
            table.add_column(column)
        for place in range(MONTHS):
            table.add_row(str(place + 1), *(_range(values(years, way)[:, place]) for way in range(len(names))))
        for label, part in (("1 to 6", slice(DRIFT - 1)), ("7 to 12", slice(DRIFT - 1, None))):
            means = [values(years, way)[:, part].mean(axis=1) for way in range(len(names))]
            table.add_row(label, *map(_range, means))
        _CONSOLE.print(table)
    for way, name in enumerate(names):
        _CONSOLE.print(f"{name}: {_over_the_years([year[way] for year in years])}")


def draw(years: Sequence[Sequence[Way]], alpha: float, file: Path) -> None:
    """True miss rates, a line a way through the means, shaded from the lowest to the highest seed."""
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    axes = figure.subplots()
    months = np.arange(1, MONTHS + 1)
    for way, first in enumerate(years[0]):
        rates = _rates(years, way)
        (line,) = axes.plot(months, rates.mean(axis=0), marker="o", label=first.name)
        axes.fill_between(months, rates.min(axis=0), rates.max(axis=0), alpha=0.15, color=line.get_color())
    axes.axhline(alpha, color="grey", linestyle="--", linewidth=1, label="promised")
    axes.axvline(DRIFT - 0.5, color="grey", linestyle=":", linewidth=1)
    axes.set(xlabel="month", ylabel="share of complaints filed unseen", ylim=(0, None))
    axes.set_title(f"Simulated years, drift from month {DRIFT}: mean and range of {len(years)} seeds")
    axes.legend(fontsize=8)
    figure.savefig(file, dpi=110, metadata={"Software": None})


def _row(way: Way, place: int) -> list[str]:
    live = way.lives[place]
    days = [day for month, day in way.alarms if month == place + 1]
    return [
        str(place + 1),
        f"{way.rates[place]:.1%}",
        "-" if live is None else f"{live.value:.1%} [{live.low:.1%}, {live.high:.1%}]",
        f"{way.months[place].review.mean():.1%}",
        f"from day {days[0]}" if days else "",
        way.gates[place],
    ]


def _summary(way: Way) -> str:
    after = np.mean(way.rates[DRIFT - 1 :])
    load = np.mean([month.review.mean() for month in way.months[DRIFT - 1 :]])
    text = f"{way.name}: months {DRIFT} to {MONTHS} miss {after:.1%} of complaints, {load:.1%} go to review."
    if way.samples:
        delay = _delay(way)
        text += (
            f" The interval covers on {np.mean(way.covered):.1%} of days; {_false_alarms(way)} days of alarm before; "
        )
        text += "no alarm after the drift." if delay is None else f"alarm {delay} days on."
    return text


def _over_the_years(ways: Sequence[Way]) -> str:
    promoted = [way.gates.count("promoted") for way in ways]
    text = f"promoted {min(promoted)} to {max(promoted)} of {MONTHS} times"
    if not ways[0].samples:
        return f"{text}."
    covered, delays = [np.mean(way.covered) for way in ways], [_delay(way) for way in ways]
    came = sorted(delay for delay in delays if delay is not None)
    alarms = f"alarm in {len(came)} of {len(ways)} years" + (f", {came[0]} to {came[-1]} days on" if came else "")
    false = sum(_false_alarms(way) for way in ways)
    return f"{text}; interval covers on {min(covered):.1%} to {max(covered):.1%} of days; {false} false days; {alarms}."


def _delay(way: Way) -> int | None:
    """Days from the drift to the first alarm."""
    return next(((month - DRIFT) * DAYS + day for month, day in way.alarms if month >= DRIFT), None)


def _false_alarms(way: Way) -> int:
    return sum(month < DRIFT for month, _ in way.alarms)


def _rates(years: Sequence[Sequence[Way]], way: int) -> np.ndarray:
    return np.array([year[way].rates for year in years], dtype=float)


def _loads(years: Sequence[Sequence[Way]], way: int) -> np.ndarray:
    return np.array([[month.review.mean() for month in year[way].months] for year in years])


def _range(values: np.ndarray) -> str:
    return f"{values.mean():.1%} [{values.min():.1%}, {values.max():.1%}]"
