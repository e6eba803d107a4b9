"""`heard reconcile`: the conservation law, by source and day, and that each thing is where it is said to be."""

from rich.table import Table
from rich.text import Text

from pipeline.console import table_console
from service.store import checks, queues
from service.store.checks import Broken
from service.store.database import Database
from service.store.queues import Balance


def print_balances(database: Database) -> bool:
    """Print every source and day, then what is not as it must be; True where all holds."""
    with database.reading() as connection:
        balances, broken = queues.balances(connection), checks.broken(connection)
    console = table_console()
    console.print(_table(balances) if balances else "Nothing has been received yet.")
    for found in broken:
        console.print(_sentence(found), soft_wrap=True)
    return not broken and all(row.holds for row in balances)


def _table(balances: list[Balance]) -> Table:
    table = Table(title="received = decided + waiting + quarantined + duplicates", title_justify="left")
    for column in ("source", "day", "received", "decided", "waiting", "quarantined", "duplicates", ""):
        left = column in {"source", "day", ""}
        table.add_column(column, justify="left" if left else "right", no_wrap=column == "day", overflow="fold")
    for row in balances:
        counts = (row.received, row.decided, row.waiting, row.quarantined, row.duplicates)
        table.add_row(
            Text(row.source), row.day.isoformat(), *map(str, counts), "holds" if row.holds else "DOES NOT HOLD"
        )
    return table


def _sentence(found: Broken) -> str:
    more = f" and {found.count - len(found.which)} more" if found.count > len(found.which) else ""
    return f"DOES NOT HOLD: {found.relation}. Not so: {', '.join(found.which)}{more}."
