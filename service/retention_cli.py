"""Privacy from the command line: retention, erasure, holds, subject access."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.console import table_console
from pipeline.errors import InputError
from service.periods import Removal
from service.settings import Settings, settings_from

if TYPE_CHECKING:
    from service.erasure import Done, Eraser, Found
    from service.retention import Removed
    from service.store.database import Database as Store

retention = typer.Typer(no_args_is_help=True, help="Remove the words of messages that are past their time.")
hold = typer.Typer(no_args_is_help=True, help="Keep messages from being removed, as for a case at the Ombudsman.")
_console = Console(highlight=False, markup=False, soft_wrap=True)
_NAME_LIMIT, _SHOWN = 100, 20

Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would go; change nothing.")]
By = Annotated[str, typer.Option(help="Who does this; kept in the audit record.")]
Sender = Annotated[str | None, typer.Option(help="The address, or whatever stands as the sender of the messages.")]

_CLASSES = {
    Removal.NO_ACTION: "recorded, no action",
    Removal.SERVICE_REQUEST: "recorded, service request",
    Removal.CLOSED: "closed items",
}


@retention.command("run")
def run_retention(dry_run: DryRun = False, database: Database = None) -> None:
    """Remove what is past its time, by class; HEARD_KEEP_... says how long. Safe to stop and to run again."""
    from service.retention import Retention

    settings, store = _open(database)
    removed = Retention(store, settings.database, settings.keep.periods).run(dry=dry_run)
    store.close()
    _print_removed(removed, settings, dry=dry_run)


@hold.command("add")
def add_hold(
    by: By,
    reason: Annotated[str, typer.Option(help="Why, as: with the Ombudsman since 3 March.")],
    sender: Sender = None,
    message: Annotated[str | None, typer.Option(help="The id of one message.")] = None,
    case: Annotated[str | None, typer.Option(help="A case reference.")] = None,
    database: Database = None,
) -> None:
    """Keep what one resident sent, one message, or all of a case, until the hold is removed."""
    from service import holding

    _, store = _open(database)
    number = holding.add(store, by=_name(by), reason=reason, sender=sender, message=message, case=case)
    store.close()
    _console.print(f"Hold {number}. Nothing that it covers is removed until `heard hold remove {number}`.")


@hold.command("remove")
def remove_hold(
    number: Annotated[int, typer.Argument(help="As `heard hold list` shows it.")], by: By, database: Database = None
) -> None:
    """End a hold."""
    from service import holding

    _, store = _open(database)
    holding.lift(store, number, by=_name(by))
    store.close()
    _console.print(f"Hold {number} has ended.")


@hold.command("list")
def list_holds(database: Database = None) -> None:
    """The holds in force; of a sender only a part of the hash is shown, for no more is kept."""
    from service.store import holds

    _, store = _open(database)
    with store.reading() as connection:
        found = holds.in_force(connection)
    store.close()
    table = Table("number", "of", "since", "by", "reason")
    for one in found:
        of = f"{one.kind} {one.value[:12] if one.kind == 'sender' else one.value}"
        table.add_row(str(one.id), Text(of), f"{one.added_at:%Y-%m-%d}", Text(one.added_by), Text(one.reason))
    table_console().print(table if found else "No hold is in force.")


def erase(
    by: By,
    sender: Sender = None,
    reason: Annotated[str, typer.Option(help="Kept in the log of requests; no personal data.")] = "",
    also: Annotated[
        list[str] | None, typer.Option(help="The id of somebody else's message to erase with it; can be repeated.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="After a backup was restored: erase whoever is on the erase list.")
    ] = False,
    dry_run: DryRun = False,
    database: Database = None,
) -> None:
    """Erase a person everywhere; what came in stays counted. Status 2 where a hold or an open item is in the way."""
    from service.erasure import Asked

    if (sender is None) != again:
        raise typer.BadParameter("give --sender, or --again.")
    if again and (dry_run or also or reason):
        raise typer.BadParameter("--again takes no --dry-run, --also or --reason.")
    settings, store = _open(database)
    eraser = _eraser(settings, store)
    if again:
        _print_again(eraser.erase_again(_name(by)))
    elif dry_run:
        _print_found(eraser.find(str(sender), frozenset(also or ())))
    else:
        _print_done(eraser.erase(str(sender), Asked(by=_name(by), reason=reason, also=frozenset(also or ()))))
    store.close()


def export_person(
    sender: Annotated[str, typer.Option(help="The address, or whatever stands as the sender of the messages.")],
    output: Annotated[Path, typer.Option(help="A new folder for person.json, person.html and the raw messages.")],
    by: By,
    database: Database = None,
) -> None:
    """Write all that is kept about a resident into files (subject access)."""
    from service import subject_access

    _, store = _open(database)
    done = subject_access.export_person(store, sender, output, by=_name(by))
    store.close()
    _console.print(f"{_count(done.messages, 'message')} and {done.cases} set aside, in {output}.")
    if done.mentions:
        _console.print(f"Not in it, for others sent them, but they mention the address: {_some(done.mentions)}.")
    _console.print("Read it before you hand it over: it may tell about other people.")


def _open(database: str | None) -> "tuple[Settings, Store]":
    from service.store.database import open_current

    settings = settings_from(database=database)
    return settings, open_current(settings.database)


def _eraser(settings: Settings, store: "Store") -> "Eraser":
    from service.erasure import Eraser

    keep = settings.keep
    return Eraser(store, settings.database, keep.erase_list, folders=keep.copies, own=settings.own_addresses)


def _name(by: str) -> str:
    if not 0 < len(by.strip()) <= _NAME_LIMIT:
        raise InputError(f"Say who does it, in at most {_NAME_LIMIT} characters.")
    return by.strip()


def _print_removed(removed: "Removed", settings: Settings, *, dry: bool) -> None:
    would = "would be removed" if dry else "removed"
    for why, words in _CLASSES.items():
        _console.print(f"{words:<26} {removed.messages[why]:>9,} {would}")
    _console.print(f"{'settled quarantine':<26} {removed.settled:>9,} {would}")
    if not dry:
        _console.print(f"{'webhook events':<26} {removed.sent:>9,} {would}")
        _console.print(f"{'idempotency keys':<26} {removed.keys:>9,} {would}")
    if removed.held:
        _console.print(f"{'kept by a hold':<26} {removed.held:>9,}")
    if removed.waiting:
        _console.print(
            f"{_count(removed.waiting, 'case')} waited in quarantine for more than {settings.keep.settled_days} days: "
            "nobody has read them, so they are kept. See `heard quarantine list`."
        )
    _warn_unless_wiped(wiped=removed.wiped)


def _print_found(found: "Found") -> None:
    _console.print(
        f"{_count(len(found.messages), 'message')}, {len(found.cases)} set aside, "
        f"{_count(len(found.files), 'file')} with copies."
    )
    if found.held:
        _console.print(f"A hold covers {_some(found.held)}.")
    if found.open_items:
        _console.print(f"Still open: items {_some(tuple(map(str, found.open_items)))}.")
    for file in found.files:
        _console.print(f"to be deleted: {file}")
    _print_left(found)


def _print_done(done: "Done") -> None:
    found = done.found
    _console.print(
        f"Erased: {_count(len(found.messages), 'message')}, {len(found.cases)} set aside, "
        f"{_count(done.notes, 'note')}, {_count(len(found.files), 'file')}."
    )
    _print_left(found)
    _warn_unless_wiped(wiped=done.wiped)


def _print_again(done: "list[Done]") -> None:
    if not done:
        _console.print("Nobody on the erase list is in this database.")
    for one in done:
        _print_done(one)
        if one.found.open_items:
            items = _some(tuple(map(str, one.found.open_items)))
            _console.print(f"Open in the backup, and empty now: items {items}. Close them.")


def _print_left(found: "Found") -> None:
    if found.mentions:
        _console.print(
            f"Others sent these, but mention the address: {_some(found.mentions)}. Read them; --also ID erases one."
        )
    for file in found.unsearched:
        _console.print(f"could not be searched, look yourself: {file}")


def _warn_unless_wiped(*, wiped: bool) -> None:
    if not wiped:
        _console.print(
            "The database was in use, so its journal may hold removed words yet: run `heard retention run` again later."
        )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
