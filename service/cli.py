"""The command `heard`: serve, demo and reconcile here, the commands about messages and models from `pipeline`."""

import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.cli import app, run
from pipeline.errors import SettingsError
from service.audit_cli import audit
from service.auth_cli import key, officer
from service.decide_cli import decide
from service.feedback_cli import feedback, monitor, report
from service.import_cli import import_table
from service.quarantine_cli import quarantine
from service.records_cli import atrs, card, dpia
from service.retention_cli import erase, export_person, hold, retention
from service.settings import Settings, settings_from
from service.settings_file import VARIABLE
from service.shadow_cli import shadow
from service.watch_cli import watch
from service.webhook_cli import deliver, webhook

_STOP_WITHIN = 20
"""Seconds that requests under way have when the service is told to stop (P32)."""
_CHECKOUT = Path(__file__).resolve().parents[1]

Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out.")
]
Port = Annotated[int | None, typer.Option(help="8000 if left out.")]

app.add_typer(quarantine, name="quarantine")
app.command("import")(import_table)
app.command()(decide)
app.add_typer(watch, name="watch")
app.add_typer(retention, name="retention")
app.add_typer(hold, name="hold")
app.command()(erase)
app.command()(export_person)
app.add_typer(officer, name="officer")
app.add_typer(key, name="key")
app.add_typer(webhook, name="webhook")
app.command()(deliver)
app.add_typer(audit, name="audit")
app.add_typer(shadow, name="shadow")
app.add_typer(feedback, name="feedback")
app.command()(monitor)
app.command()(report)
app.command()(card)
app.command()(atrs)
app.command()(dpia)


@app.callback()
def with_settings(
    settings: Annotated[
        Path | None, typer.Option(help="The file of settings; heard.toml in this folder if left out.", envvar=VARIABLE)
    ] = None,
) -> None:
    """Messages to UK landlords and councils: read, decided, routed, and never lost."""
    if settings is not None:
        os.environ[VARIABLE] = str(settings)


@app.command("settings")
def show_settings() -> None:
    """Every setting with its variable, default and meaning, as docs/reference/settings.md."""
    from service.settings_page import as_markdown

    typer.echo(as_markdown(), nl=False)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="127.0.0.1 if left out.")] = None,
    port: Port = None,
    database: Database = None,
    model: Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")] = None,
) -> None:
    """Serve the HTTP interface and the queue page until Ctrl-C."""
    from service.app import build_context, create_app
    from service.logs import to_standard_error

    if model is not None and not model.is_dir():
        raise SettingsError(f"{model} is not a model folder: a model folder holds manifest.json and model.joblib.")
    settings = settings_from(host=host, port=port, database=database, model=model)
    to_standard_error()
    _serve(create_app(build_context(settings)), settings)


@app.command()
def demo(
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the page afterwards.")] = True,
    port: Port = None,
    database: Database = None,
) -> None:
    """Screen the sample messages, say what was found, and serve the queue until Ctrl-C."""
    from pipeline.classify import MODELS
    from service.app import build_context, create_app
    from service.demo import ensure_model, print_summary, screen_samples

    settings = settings_from(port=port, database=database)
    if settings.model is None:
        ensure_model(_CHECKOUT, MODELS)
    context = build_context(settings)
    screened = screen_samples(context, _CHECKOUT / "data" / "samples")
    print_summary(
        context,
        screened,
        today=datetime.now(UTC).date(),
        address=f"http://{settings.host}:{settings.port}/" if serve else None,
    )
    if serve:
        _serve(create_app(context), settings)


@app.command()
def reconcile(database: Database = None) -> None:
    """Prove that nothing vanished: received = decided + waiting + quarantined + duplicates, by source and day."""
    from service.reconcile import print_balances
    from service.store.database import open_current

    store = open_current(settings_from(database=database).database)
    raise typer.Exit(0 if print_balances(store) else 1)


def main() -> None:
    """The entry point."""
    run(app)


def _serve(application: object, settings: Settings) -> None:
    import uvicorn

    try:
        listening = socket.create_server((settings.host, settings.port), family=_family(settings.host))
    except OSError as error:
        where = f"port {settings.port} on {settings.host}"
        raise SettingsError(
            f"{where} cannot be used ({error.strerror}): is another service on it? Choose --port."
        ) from None
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does not for a socket it was given
    with listening:
        config = uvicorn.Config(
            application,  # type: ignore[arg-type]  # an ASGI app
            log_config=None,
            access_log=False,
            http="h11",  # httptools would take headers without end (docs/decisions/0018)
            timeout_graceful_shutdown=_STOP_WITHIN,
            proxy_headers=bool(settings.public_url),  # without a proxy nobody may say where a request comes from
        )
        uvicorn.Server(config).run(sockets=[listening])


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
