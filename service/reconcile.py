"""`heard reconcile`: the conservation law, by source and day."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.store import queues
from service.store.database import Database


def print_balances(database: Database) -> bool:
    """Print every source and day; True where received = decided + waiting + quarantined + duplicates in all."""
    with database.reading() as connection:
        balances = queues.balances(connection)
    console = Console(highlight=False, markup=False)
    table = Table(title="received = decided + waiting + quarantined + duplicates", title_justify="left")
    for column in ("source", "day", "received", "decided", "waiting", "quarantined", "duplicates", ""):
        table.add_column(column, justify="left" if column in {"source", "day", ""} else "right")
    for row in balances:
        counts = (row.received, row.decided, row.waiting, row.quarantined, row.duplicates)
        table.add_row(
            Text(row.source), row.day.isoformat(), *map(str, counts), "holds" if row.holds else "DOES NOT HOLD"
        )
    console.print(table if balances else "Nothing has been received yet.")
    return all(row.holds for row in balances)
