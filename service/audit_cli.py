"""`heard audit`: whether the record of who did what is whole, and its head for safe keeping elsewhere."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from service.settings import settings_from

audit = typer.Typer(no_args_is_help=True, help="Check the record of who did what, and publish its head.")
_console = Console(highlight=False, markup=False, soft_wrap=True)

Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out.")
]


@audit.command()
def verify(
    heads: Annotated[
        Path | None, typer.Option(help="The file of heads published before; else that of HEARD_AUDIT_HEAD_FILE.")
    ] = None,
    database: Database = None,
) -> None:
    """Read the whole record again. Status 1 where a row was changed, removed, put in, or put elsewhere."""
    from service.audit import verify as check
    from service.audit_head import heads_in
    from service.store.database import open_current

    settings = settings_from(database=database)
    file = heads or settings.audit_head_file
    published = heads_in(file) if file and (heads or file.exists()) else []
    verdict = check(open_current(settings.database), published)
    for fault in verdict.faults:
        _console.print(f"row {fault.seq} {fault.what}")
    _console.print(f"{verdict.rows:,} rows, {'all in order' if verdict.holds else 'NOT in order'}.")
    if verdict.heads:
        _console.print(f"Compared with {verdict.heads:,} published heads.")
    else:
        _console.print("No published head to compare with: rows removed from the end would not show (--heads FILE).")
    raise typer.Exit(0 if verdict.holds else 1)


@audit.command()
def head(
    to: Annotated[Path | None, typer.Option(help="Append it to this file; printed if left out.")] = None,
    database: Database = None,
) -> None:
    """The number and hash of the last row, as a line to keep where the database's writers cannot write."""
    from service.audit_chain import line_of_head
    from service.audit_head import append_head
    from service.store import audit as store
    from service.store.database import open_current

    with open_current(settings_from(database=database).database).reading() as connection:
        last = store.head(connection)
    if last is None:
        _console.print("Nothing is recorded yet.")
    elif to is None:
        _console.print(line_of_head(last, datetime.now(UTC)))
    else:
        append_head(to, last, datetime.now(UTC))
        _console.print(f"The head, row {last.seq:,}, is appended to {to}.")


@audit.command()
def show(
    about: Annotated[
        str,
        typer.Argument(
            help="message:ID, item:, arrival:, webhook: or officer:NUMBER, model:VERSION, items, insight:TABLE ..."
        ),
    ],
    database: Database = None,
) -> None:
    """What the record holds about one thing: when, what, who."""
    from service.store import audit as store
    from service.store.database import open_current

    table = Table("row", "at", "what", "who", "detail")
    with open_current(settings_from(database=database).database).reading() as connection:
        for row in store.rows(connection, about):
            at = f"{row.at:%Y-%m-%d %H:%M:%S} UTC"
            table.add_row(str(row.seq), at, Text(row.kind), Text(row.actor), Text(row.detail))
    _console.print(table if table.row_count else f"The record holds nothing about {about}.")
