"""`heard decide`: what came in while the model failed is decided after all."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from service.settings import settings_from

_console = Console(highlight=False, markup=False, soft_wrap=True)

Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out.")
]


def decide(
    undetermined: Annotated[
        bool, typer.Option("--undetermined", help="The messages that no model has decided and no officer either.")
    ] = False,
    database: Database = None,
    model: Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")] = None,
) -> None:
    """Decide what came in while the model failed. Safe to run at any time and again. Status 1 where some wait on."""
    from datetime import timedelta

    from pipeline.classify import MODELS
    from service.crashpoints import refuse_in_production
    from service.later import Later
    from service.logs import to_standard_error
    from service.models import Models
    from service.outbox import Outbox
    from service.sampling import Sampling
    from service.serving import Serving
    from service.store.database import open_current

    if not undetermined:
        raise typer.BadParameter("say which: --undetermined.")
    refuse_in_production()
    settings = settings_from(database=database, model=model)
    to_standard_error()
    store = open_current(settings.database)
    serving = Serving(
        Models(settings.models or MODELS),
        profile=settings.profile,
        fixed=settings.model,
        patience=settings.model_seconds,
    )
    done = Later(
        store,
        serving,
        outbox=Outbox(undo_within=timedelta(minutes=settings.undo_minutes)),
        sampling=Sampling(share=settings.blind_share, seed=settings.blind_seed),
    ).run()
    store.close()
    for route, count in sorted(done.routes.items()):
        _console.print(f"{route:<16} {count:>8,} decided")
    if done.held:
        _console.print(f"An officer works on {done.held:,}: run it again later.")
    if done.waiting:
        _console.print(f"{done.waiting:,} wait on: {serving.problem or 'the model gave no answer.'}")
    if done.whole and not done.routes:
        _console.print("Nothing waits for a model.")
    raise typer.Exit(0 if done.whole else 1)
