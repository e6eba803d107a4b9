"""The tables of `heard monitor`."""

from math import isnan

from rich.console import Console
from rich.table import Table

from pipeline.live import LiveMissRate
from service.agreement import Agreement
from service.monitor import Drift, Report, verdict

_TITLE = "Live miss rate: complaints filed without an officer, by the blind sample"
_HELP = " See docs/how-to/monitor-a-model.md."


def print_report(report: Report) -> None:
    """Everything, then in a sentence whether it is well."""
    console = Console(width=120, highlight=False, markup=False)
    console.print(f"From {report.within.since:%Y-%m-%d} to {report.within.until:%Y-%m-%d %H:%M}.")
    if report.live is None:
        console.print("Nothing was filed without an officer while a sample was drawn: there is nothing to say yet.")
    else:
        console.print(_rates(report))
    if report.overturned:
        console.print(f"Officers found otherwise than heard on {report.overturned} of what they read.", soft_wrap=True)
    if report.agreement.agreed:
        console.print(_agreement(report.agreement), soft_wrap=True)
    console.print(_drift(report))
    console.print(f"{verdict(report)}{_HELP if report.alarm else ''}", soft_wrap=True)


def _agreement(found: Agreement) -> str:
    kappa = (
        f"Cohen's kappa {found.kappa}" if found.kappa else "no kappa, for all first or all second readings say the same"
    )
    return f"Two officers agreed on {found.agreed} of what both read; {kappa}."


def _rates(report: Report) -> Table:
    table = Table(title=_TITLE, title_justify="left")
    for column in ("", "filed", "drawn", "found", "not settled", "miss rate", "between"):
        table.add_column(column, justify="left" if not column else "right")
    found = {"all": report.live, **{name.value: rate for name, rate in report.channels.items()}}
    for name, rate in found.items():
        if rate is not None:
            table.add_row(name, *_cells(rate))
    return table


def _cells(rate: LiveMissRate) -> tuple[str, ...]:
    counts = (rate.sampled.filed, rate.sampled.drawn, rate.sampled.found, rate.sampled.open)
    value = "-" if rate.value != rate.value else f"{rate.value:.1%}"  # nan where nothing was reviewed
    return (*(f"{count:,}" for count in counts), value, f"{rate.low:.1%} and {rate.high:.1%}")


def _drift(report: Report) -> Table:
    table = Table(title="What comes in, now against before", title_justify="left")
    for column in ("channel", "before", "now", "probabilities (PSI)", "topics (PSI)", "words (AUC)", "by chance", ""):
        table.add_column(column, justify="left" if column in {"channel", ""} else "right")
    for row in report.drift:
        table.add_row(row.channel.value, f"{row.before:,}", f"{row.now:,}", *_moves(row))
    return table


def _moves(row: Drift) -> tuple[str, ...]:
    indices = ("-" if isnan(value) else f"{value:.2f}" for value in (row.index, row.topics))
    words, chance = (f"{row.words.auc:.2f}", f"{row.words.p:.2g}") if row.words else ("-", "-")
    return (*indices, words, chance, "CHANGED" if row.moved else "")
