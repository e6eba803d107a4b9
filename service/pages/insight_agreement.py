"""Tables of how well two officers agree on the same message, all together and never by officer."""

from pipeline.domain import Label
from pipeline.metrics import Figure
from service.agreement import FEWEST, Agreement
from service.insight import Insight
from service.pages import words
from service.pages.insight_table import Cell, Column, Form, Table, named

_SAYS = (
    "Verdicts drawn by lot are read again by another officer who does not see them. Kappa is agreement beyond chance: "
    "1 is perfect, 0 is chance. From and to hold each figure with 95% confidence."
)


def agreement(found: Insight) -> Table:
    """How often both said the same, and how much more often than by chance."""
    seen = found.monitor.agreement
    bounds = ("From", "To")
    return Table(
        id="agreement",
        title="Agreement of two readers",
        says=_said(seen, _SAYS),
        columns=(
            *named("Readings", "Read twice"),
            *(Column(name=name, form=Form.SHARE) for name in ("Agreed", *bounds)),
            *(Column(name=name, form=Form.NUMBER) for name in ("Kappa", *(f"Kappa {end.lower()}" for end in bounds))),
        ),
        rows=[("All", seen.pairs, *_figure(seen.agreed), *_figure(seen.kappa))] if seen.agreed else [],
    )


def first_against_second(found: Insight) -> Table:
    """What the second reader said by what the first said."""
    seen = found.monitor.agreement
    rows: list[tuple[Cell, ...]] = [
        (words.LABELS[label], *map(int, counts)) for label, counts in zip(Label, seen.table, strict=True)
    ]
    return Table(
        id="first-against-second",
        title="First against second reading",
        says=_said(seen, "A row for what the first officer decided, a column for what the second said of it."),
        columns=named("First", *(f"Second: {words.LABELS[label].lower()}" for label in Label)),
        rows=rows if seen.agreed else [],
    )


def _said(seen: Agreement, says: str) -> str:
    if seen.agreed is None:
        return (
            f"{says} Not shown: {seen.pairs} read twice in this period, and of fewer than {FEWEST} it would be chance."
        )
    if seen.kappa is None:
        return f"{says} There is no kappa: all first or all second readings say the same."
    return says


def _figure(found: Figure | None) -> tuple[Cell, ...]:
    return (found.value, found.low, found.high) if found else (None, None, None)
