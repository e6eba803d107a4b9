"""`heard watch`: shared mailboxes and folders, read as messages come in; and how each of them fares."""

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipeline.console import table_console
from service.settings import settings_from

if TYPE_CHECKING:
    from service.sources import Inboxes

watch = typer.Typer(help="Watch shared mailboxes and folders, and say how each of them fares.")

Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out.")
]


@watch.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="inboxes.toml: the mailboxes and folders.")] = None,
    folder: Annotated[list[Path] | None, typer.Option(help="A folder to watch; may be given again.")] = None,
    once: Annotated[
        bool, typer.Option("--once", help="Take in what is there, then end. Status 1 after trouble.")
    ] = False,
    database: Database = None,
    model: Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")] = None,
) -> None:
    """Receive what comes in until Ctrl-C or SIGTERM. Mail is left as it is unless inboxes.toml says otherwise."""
    if context.invoked_subcommand is not None:
        return

    inboxes = _inboxes(config, folder or [])

    from service.app import build_context
    from service.logs import to_standard_error
    from service.watch import watch as watch_all

    settings = settings_from(database=database, model=model)
    parts = build_context(settings)
    to_standard_error()
    parts.classifier.start()
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    fine = watch_all(inboxes.all, parts.database, settings.database, parts.intake, stop, once=once)
    parts.database.close()
    raise typer.Exit(0 if fine else 1)


@watch.command()
def status(database: Database = None) -> None:
    """Each source: its state, the last look, the last message, what is wrong. Status 1 where one is not ok."""
    from service.store import inboxes
    from service.store.database import open_current

    with open_current(settings_from(database=database).database).reading() as connection:
        sources = inboxes.sources(connection)
    now = datetime.now(UTC)
    table = Table("source", "state", "last look", "last message", "lag", "what is wrong")
    for source in sources:
        last = [_moment(source.looked_at), _moment(source.message_at), _ago(now - (source.looked_at or source.since))]
        table.add_row(Text(source.name), source.state(now), *last, Text(source.failure))
    table_console().print(table if sources else "Nothing has been watched yet.")
    raise typer.Exit(0 if all(source.state(now) == "ok" for source in sources) else 1)


def _inboxes(config: Path | None, folders: list[Path]) -> "Inboxes":
    from service.sources import Inboxes, checked, folder_at, read_inboxes

    given = read_inboxes(config) if config is not None else Inboxes()
    return checked(Inboxes(mailbox=given.mailbox, folder=(*given.folder, *map(folder_at, folders))))


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "never"


def _ago(lag: timedelta) -> str:
    minutes = int(lag.total_seconds()) // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
