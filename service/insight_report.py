"""The tables of `heard report`: those of the insight page."""

from rich.table import Table

from pipeline.console import table_console
from service.insight import Insight
from service.monitor import verdict
from service.pages.insight_table import Form
from service.pages.insight_table import Table as Figures
from service.pages.insight_tables import tables


def print_insight(found: Insight) -> None:
    """Every table, then in a sentence whether the promise is kept."""
    console = table_console()
    console.print(f"Messages decided from {found.asked.first} to {found.asked.last} (UTC).")
    for figures in tables(found):
        if figures.rows:
            console.print(_table(figures))
            console.print(f"{figures.says}\n", soft_wrap=True)
    console.print(verdict(found.monitor), soft_wrap=True)


def _table(figures: Figures) -> Table:
    table = Table(title=figures.title, title_justify="left")
    for column in figures.columns:
        table.add_column(column.name, justify="left" if column.form is Form.WORDS else "right", overflow="fold")
    for row in figures.written:
        table.add_row(*row)
    return table
