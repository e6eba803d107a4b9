"""`heard shadow`: have a challenger say what it would have done with live messages, without deciding."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from service.settings import Settings
    from service.store.database import Database as Store

shadow = typer.Typer(no_args_is_help=True, help="Let a challenger score live messages without deciding.")

Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out.")
]


@shadow.command()
def start(
    version: Annotated[str, typer.Argument(help="A model of models/ or models/local, not the one that serves.")],
    database: Database = None,
) -> None:
    """Ask this model about every message decided from now on, while the service runs."""
    from service.audit import at_command_line
    from service.models import Models
    from service.shadow import start as begin

    settings, store = _open(database)
    run = begin(store, Models(settings.models or _models()), version, by=at_command_line())
    print(f"{run.version} is in the shadow. It decides nothing; `heard shadow report` shows what it would have done.")


@shadow.command()
def stop(database: Database = None) -> None:
    """Ask it no more; what it said stays."""
    from service.audit import at_command_line
    from service.shadow import stop as end

    _, store = _open(database)
    print(f"{end(store, by=at_command_line()).version} is in the shadow no more.")


@shadow.command()
def report(database: Database = None) -> None:
    """Print what the challenger would have done otherwise: routes, probabilities, by channel; ids, no words."""
    from service.shadow import NoShadow
    from service.shadow import report as made
    from service.shadow_report import print_report

    _, store = _open(database)
    with store.reading() as connection:
        found = made(connection)
    if found is None:
        raise NoShadow("No model was ever in the shadow: `heard shadow start VERSION`.")
    print_report(found)


def _open(database: str | None) -> "tuple[Settings, Store]":
    from service.settings import settings_from
    from service.store.database import open_current

    settings = settings_from(database=database)
    return settings, open_current(settings.database)


def _models() -> Path:
    from pipeline.classify import MODELS

    return MODELS
