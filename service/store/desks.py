"""What each officer has set up on the pages: keys, the order of a page, views of the work list."""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from service.store.desk_tables import officer_choice, saved_view

MOST_VIEWS = 20


@dataclass(frozen=True, kw_only=True)
class Choices:
    """`single_keys`: one key decides (WCAG 2.1.4 asks for a way to switch that off). `suggestion_first`: heard's
    suggestion is shown with the message; else the officer asks for it. `toured`: the tour is not offered any more.
    `team`: the officer is handed what is assigned to it, too.
    """

    single_keys: bool = True
    suggestion_first: bool = True
    toured: bool = False
    team: str = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """A view of the work list under a name; `query` is that of its address."""

    name: str
    query: str


def choices(connection: Connection, officer: str) -> Choices | None:
    """What an officer chose; None for one who has chosen nothing yet."""
    row = connection.execute(select(officer_choice).where(officer_choice.c.officer == officer)).mappings().first()
    return Choices(**{name: row[name] for name in Choices.__dataclass_fields__}) if row else None


def choose(connection: Connection, officer: str, made: Choices) -> None:
    """Keep an officer's choices."""
    connection.execute(delete(officer_choice).where(officer_choice.c.officer == officer))
    connection.execute(insert(officer_choice).values(officer=officer, **vars(made)))


def views(connection: Connection, officer: str) -> list[View]:
    """An officer's views, by name."""
    query = select(saved_view.c.name, saved_view.c.query).where(saved_view.c.officer == officer)
    return [View(**row) for row in connection.execute(query.order_by(saved_view.c.name)).mappings()]


def save_view(connection: Connection, officer: str, view: View) -> bool:
    """Keep a view, in the place of an earlier one of that name; False where the officer has too many."""
    drop_view(connection, officer, view.name)
    kept = connection.scalar(select(func.count()).select_from(saved_view).where(saved_view.c.officer == officer))
    if kept is not None and kept >= MOST_VIEWS:
        return False
    connection.execute(insert(saved_view).values(officer=officer, name=view.name, query=view.query))
    return True


def drop_view(connection: Connection, officer: str, name: str) -> None:
    """Forget a view."""
    connection.execute(delete(saved_view).where(saved_view.c.officer == officer, saved_view.c.name == name))
