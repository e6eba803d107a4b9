"""Tables in Markdown, aligned so that they read well on a terminal and in a document."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

_WIDE = 10_000


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table of `rows`, each cell on one line as `str` gives it."""
    table = Table(*columns, box=box.MARKDOWN)
    for row in rows:
        table.add_row(*(str(cell).replace("|", "\\|") for cell in row))
    console = Console(width=_WIDE, markup=False, highlight=False, emoji=False, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line for line in capture.get().split("\n") if line.strip())
