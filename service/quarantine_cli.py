"""`heard quarantine`: what could not be received as it came, and what a person does about it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.console import table_console
from pipeline.domain import Channel
from service.settings import settings_from

if TYPE_CHECKING:
    from service.api.context import Context
    from service.received import Received
    from service.store.quarantine import Case

quarantine = typer.Typer(
    no_args_is_help=True, help="See what could not be received as it came, read it again, or supply the message."
)
_console = Console(highlight=False, markup=False, soft_wrap=True)
_WAITS = 1

Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out.")
]
Model = Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")]
RowChannel = Annotated[Channel | None, typer.Option(help="The channel of rows that do not name one.")]
Number = Annotated[int, typer.Argument(help="As `heard quarantine list` shows it.")]


@quarantine.command("list")
def list_cases(database: Database = None) -> None:
    """What waits for a person: number, source, UTC day, place and reason; never the words."""
    from service.store import quarantine as store
    from service.store.database import open_current

    with open_current(settings_from(database=database).database).reading() as connection:
        cases = store.waiting(connection)
    table = Table("number", "source", "day", "place", "reason")
    for case in cases:
        table.add_row(str(case.number), Text(case.source), case.day.isoformat(), Text(case.place), Text(case.reason))
    table_console().print(table if cases else "Nothing waits in quarantine.")


@quarantine.command()
def show(
    number: Number,
    raw: Annotated[Path | None, typer.Option(help="Write the bytes as they came to this new file.")] = None,
    database: Database = None,
) -> None:
    """The facts about one, settled or not; the bytes only into a file."""
    from service.quarantine import find, save_raw
    from service.store.database import open_current

    store = open_current(settings_from(database=database).database)
    case = find(store, number)
    for name, value in _facts(case).items():
        _console.print(f"{name:<10} {value}")
    if raw is not None:
        _console.print(f"{save_raw(store, number, raw):,} bytes written to {raw}: they hold a resident's words.")


@quarantine.command()
def retry(
    number: Annotated[int | None, typer.Argument(help="As `heard quarantine list` shows it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Everything that waits.")] = False,
    channel: RowChannel = None,
    database: Database = None,
    model: Model = None,
) -> None:
    """Read it again as heard reads today, and receive what can be read now. Status 1 where something waits on."""
    if (number is None) != everything:
        raise typer.BadParameter("give a number, or --all.")

    from service import quarantine as use

    parts = _parts(database, model)
    done = (
        use.retry_all(parts.database, parts.intake, channel)
        if number is None
        else iter([use.retry(parts.database, parts.intake, number, channel)])
    )
    status = 0
    for one in done:
        if one.received is None:
            status = _WAITS
            _console.print(f"{one.number} waits on: {one.reason}")
        else:
            _console.print(f"{one.number} {_became(one.received)}")
    raise typer.Exit(status)


@quarantine.command()
def release(
    number: Number,
    by: Annotated[str, typer.Option(help="Who says that this is the message; kept in its history.")],
    row: Annotated[
        Path | None, typer.Option("--as", help="A JSON file with id, text, channel and what else is known.")
    ] = None,
    text_from: Annotated[Path | None, typer.Option(help="A UTF-8 file with the words; needs --channel.")] = None,
    channel: Annotated[Channel | None, typer.Option(help="How it came in, where the JSON file does not say.")] = None,
    why: Annotated[str, typer.Option(help="Why so; kept in its history, with the reason it was set aside.")] = "",
    database: Database = None,
    model: Model = None,
) -> None:
    """Receive a message that a person supplied, as what was set aside."""
    from service import quarantine as use

    if row is not None and text_from is None:
        message = use.message_of(row, channel)
    elif text_from is not None and row is None and channel is not None:
        message = use.message_of_text(text_from, channel, number)
    else:
        raise typer.BadParameter("give --as FILE.json, or --text-from FILE with --channel.")
    parts = _parts(database, model)
    _console.print(f"{number} {_became(use.release(parts.database, parts.intake, number, message, by=by, why=why))}")


def _facts(case: "Case") -> dict[str, str]:
    facts = {
        "number": str(case.number),
        "source": case.source,
        "place": case.place,
        "came in": f"{case.arrived_at:%Y-%m-%d %H:%M} UTC",
        "reason": case.reason,
        "bytes": f"{case.size:,}",
        "sha256": case.raw_sha256,
    }
    if case.settled_at is None:
        return facts
    return facts | {"settled": f"{case.settled_at:%Y-%m-%d %H:%M} UTC", "message": str(case.message_id)}


def _became(received: "Received") -> str:
    how = "received as message" if received.new else "is a duplicate of message"
    return f"{how} {received.message_id}"


def _parts(database: str | None, model: Path | None) -> "Context":
    from service.app import build_context
    from service.store.database import open_current

    settings = settings_from(database=database, model=model)
    open_current(settings.database).close()
    return build_context(settings)
