"""`heard officer` and `heard key`: who may sign in, and with which keys. No secret is ever an option."""

import re
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from pipeline.console import table_console
from pipeline.errors import InputError
from service.roles import Permission, Role
from service.settings import settings_from

if TYPE_CHECKING:
    from service.auth.people import People

officer = typer.Typer(no_args_is_help=True, help="Make, list and disable officers; change a password.")
key = typer.Typer(no_args_is_help=True, help="Make, list and revoke API keys.")
_console = Console(highlight=False, markup=False, soft_wrap=True)

Database = Annotated[
    str | None, typer.Option(help="sqlite:///FILE or postgresql+psycopg://...; heard.db in this folder if left out.")
]
Name = Annotated[str, typer.Argument(help="As it stands in the history; it is what the officer signs in with.")]


@officer.command("create")
def create_officer(
    name: Name,
    role: Annotated[Role, typer.Option(help="The first is an administrator.")] = Role.OFFICER,
    database: Database = None,
) -> None:
    """Make an officer. The password is asked for twice, or read from standard input."""
    made = _people(database, new=True).officers.create(name, role, _password())
    _console.print(f"{made.name} may sign in as {made.role}.")


@officer.command("list")
def list_officers(database: Database = None) -> None:
    """Everybody, also those disabled."""
    table = Table("name", "role", "signs in", "since", "disabled")
    for one in _people(database).officers.all():
        where = one.issuer or "with a password"
        table.add_row(Text(one.name), one.role, Text(where), _day(one.created_at), _day(one.disabled_at))
    table_console().print(table if table.row_count else "There is no officer yet.")


@officer.command("disable")
def disable_officer(name: Name, database: Database = None) -> None:
    """Sign an officer out everywhere, for good. What they did stays in the history."""
    _people(database).officers.disable(name)
    _console.print(f"{name} is signed out and cannot sign in.")


@officer.command("password")
def change_password(name: Name, database: Database = None) -> None:
    """Give an officer a new password, and sign them out everywhere."""
    _people(database).officers.change_password(name, _password())
    _console.print(f"{name} has a new password and is signed out.")


@officer.command("roles")
def print_roles() -> None:
    """What each role may do, route by route, as Markdown: docs/reference/roles.md."""
    from service.access import as_markdown

    typer.echo(as_markdown(), nl=False)


@key.command("create")
def create_key(
    name: Annotated[str, typer.Option(help="Whose it is: the system or team that uses it.")],
    scopes: Annotated[str, typer.Option(help=f"By commas: {', '.join(Permission)}.")],
    expires: Annotated[str, typer.Option(help="Days until it ends, as 90d, or never.")] = "90d",
    database: Database = None,
) -> None:
    """Make a key and print it: the only time it can be seen. Send it as `Authorization: Bearer`."""
    lasts = _lasts(expires)
    text = _people(database, new=True).keys.create(name, _scopes(scopes), lasts)
    typer.echo(text)
    typer.echo("Keep it now: it is not stored and cannot be shown again.", err=True)


@key.command("list")
def list_keys(database: Database = None) -> None:
    """All keys, also those that work no more; never the keys themselves."""
    dates = (Column(name, no_wrap=True) for name in ("made", "last used", "ends"))
    table = Table("id", "name", "scopes", *dates)
    for one in _people(database).keys.all():
        ends = f"revoked {_day(one.revoked_at)}" if one.revoked_at else _day(one.expires_at)
        scopes = " ".join(sorted(one.scopes))
        table.add_row(one.id, Text(one.name), scopes, _day(one.created_at), _day(one.used_at), ends or "never")
    table_console().print(table if table.row_count else "There is no key yet.")


@key.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="As `heard key list` shows it.")], database: Database = None
) -> None:
    """End a key: the next request with it is refused."""
    revoked = _people(database).keys.revoke(key_id)
    _console.print(f"The key {revoked.id} of {revoked.name} opens nothing any more.")


def _people(url: str | None, *, new: bool = False) -> "People":
    from service.auth.people import People
    from service.store.database import Database as Store
    from service.store.database import open_current

    address = settings_from(database=url).database
    if not new:
        return People(open_current(address))
    store = Store(address)
    store.migrate()
    return People(store)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password (15 characters or more)", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")


def _scopes(text: str) -> frozenset[Permission]:
    try:
        return frozenset(Permission(word.strip()) for word in text.split(",") if word.strip())
    except ValueError:
        raise InputError(f"--scopes takes {', '.join(Permission)}, by commas.") from None


def _lasts(text: str) -> timedelta | None:
    if text == "never":
        return None
    days = re.fullmatch(r"([1-9][0-9]{0,3})d", text)
    if days is None:
        raise InputError("--expires takes a number of days, as 90d, or never.")
    return timedelta(days=int(days[1]))


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""
