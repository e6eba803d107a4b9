"""`heard webhook` and `heard deliver`: the case systems that are told, and how that fares."""

import signal
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.console import table_console
from service.settings import settings_from

if TYPE_CHECKING:
    from service.store.database import Database as Store

webhook = typer.Typer(no_args_is_help=True, help="Tell a case system what was decided, by signed webhooks.")
_console = Console(highlight=False, markup=False, soft_wrap=True)

Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out.")
]
Number = Annotated[int, typer.Argument(help="As `heard webhook list` shows it.")]


@webhook.command()
def add(
    url: Annotated[str, typer.Argument(help="https://...")],
    events: Annotated[str, typer.Option(help="By commas, as item.confirmed; or all.")] = "all",
    with_text: Annotated[bool, typer.Option("--with-text", help="Send the resident's words too.")] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="It may be in your own network or on this machine.")
    ] = False,
    secret_file: Annotated[
        Path | None, typer.Option(help="A file with the whsec_ secret; one is made and shown if left out.")
    ] = None,
    database: Database = None,
) -> None:
    """Send events to a URL from now on. Shows the secret to check signatures with, once."""
    from service import webhook_targets as use

    made = use.add(
        _opened(database), url, events, secret_file=secret_file, with_text=with_text, allow_private=allow_private
    )
    _console.print(f"Webhook {made.id} is added. Its events: {', '.join(made.events)}.")
    if secret_file is None:
        _console.print(f"Its secret, shown only now: {made.secrets[0]}")


@webhook.command("list")
def list_targets(database: Database = None) -> None:
    """Each target: its state, what waits, what was sent, what was given up. Status 1 where one needs a person."""
    from service import webhook_targets as use

    table, fine = Table("number", "URL", "state", "waiting", "sent", "dead", "last failure"), True
    for target, counts in use.overview(_opened(database)):
        state = use.state(target, datetime.now(UTC))
        fine = fine and state != "disabled" and not counts.dead
        numbers = [str(counts.waiting), str(counts.sent), str(counts.dead)]
        table.add_row(str(target.id), Text(target.url), state, *numbers, Text(target.failure))
    table_console().print(table if table.row_count else "There is no webhook yet.")
    raise typer.Exit(0 if fine else 1)


@webhook.command()
def remove(number: Number, database: Database = None) -> None:
    """Forget a target, and what still was to be sent there."""
    from service import webhook_targets as use

    use.remove(_opened(database), number)
    _console.print(f"Webhook {number} is removed.")


@webhook.command()
def enable(number: Number, database: Database = None) -> None:
    """Send there again, after it answered 410 or was paused."""
    from service import webhook_targets as use

    use.enable(_opened(database), number)
    _console.print(f"Webhook {number} is enabled. Events of the time it was disabled are not sent.")


@webhook.command()
def rotate(
    number: Number,
    secret_file: Annotated[
        Path | None, typer.Option(help="A file with the new secret; one is made and shown if left out.")
    ] = None,
    database: Database = None,
) -> None:
    """Sign with a new secret; for 24 hours the old one signs too."""
    from service import webhook_targets as use

    secret = use.rotate(_opened(database), number, secret_file)
    _console.print(f"Webhook {number} has a new secret. The old one signs too for 24 hours.")
    if secret_file is None:
        _console.print(f"The new secret, shown only now: {secret}")


@webhook.command("test")
def send_test(number: Number, database: Database = None) -> None:
    """Send a webhook.test event now and say what came back. Status 1 where it was not taken."""
    from service import webhook_targets as use

    answer = use.send_test(_opened(database), number)
    _console.print(answer.failure or f"The target answered {answer.status}.")
    raise typer.Exit(1 if answer.failure else 0)


@webhook.command()
def dead(database: Database = None) -> None:
    """What was given up after the last try. Status 1 where there is any."""
    from service.store import outbox

    with _opened(database).reading() as connection:
        given_up = outbox.dead(connection)
    table = Table("number", "webhook", "event", "message", "of", "last failure")
    for one in given_up:
        at = f"{one.at:%Y-%m-%d %H:%M} UTC"
        table.add_row(str(one.id), str(one.webhook_id), one.kind, Text(one.message_id), at, Text(one.failure))
    table_console().print(table if given_up else "Nothing was given up.")
    raise typer.Exit(1 if given_up else 0)


@webhook.command()
def replay(
    number: Annotated[int | None, typer.Argument(help="As `heard webhook dead` shows it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that was given up.")] = False,
    database: Database = None,
) -> None:
    """Send what was given up again, under its old id, starting with the first try."""
    from service import webhook_targets as use

    if (number is None) != everything:
        raise typer.BadParameter("give a number, or --all.")
    count = use.replay(_opened(database), number)
    _console.print(f"{count} to be sent again.")


def deliver(
    once: Annotated[bool, typer.Option("--once", help="Send what is due, then end.")] = False,
    database: Database = None,
) -> None:
    """Send webhooks until Ctrl-C or SIGTERM, apart from the service (which then needs HEARD_DELIVER=false)."""
    from service.crashpoints import refuse_in_production
    from service.logs import to_standard_error
    from service.sender import Sender
    from service.vault import Vault
    from service.webhook_post import Poster

    refuse_in_production()
    store, stop, vault = _opened(database), Event(), Vault.as_set()
    vault.seal_again(store)
    to_standard_error()
    for received in (signal.SIGTERM, signal.SIGINT):
        signal.signal(received, lambda *_: stop.set())
    sender = Sender(store, Poster(), vault=vault)
    if once:
        sender.once(stop)
    else:
        sender.run(stop)


def _opened(database: str | None) -> "Store":
    from service.store.database import open_current

    return open_current(settings_from(database=database).database)
