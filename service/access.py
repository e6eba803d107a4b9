"""What each route needs, read off the route table, so that nothing is open by being forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from service.api.permissions import Needs, anyone
from service.app import with_routes
from service.roles import HOLDS, Permission, Role

_FILES = "/static"
"""The pages' own files are mounted, and so cannot carry a dependency; they are for anyone."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """A route. `needs` are all needed; `declared` is false where it says neither that nor that it is for anyone."""

    method: str
    path: str
    needs: frozenset[Permission]
    declared: bool


def table(app: FastAPI) -> list[Access]:
    """Every route there is, in the order it is looked for."""
    return [access for route in iter_route_contexts(app.routes) for access in _of(route)]


def _of(route: RouteContext) -> Iterator[Access]:
    asked = list(_calls(route.dependant)) if getattr(route, "dependant", None) else []
    needs = frozenset(call.permission for call in asked if isinstance(call, Needs))
    declared = bool(needs) or anyone in asked or str(route.path).startswith(_FILES)
    for method in sorted(route.methods or {"GET"}):
        yield Access(method=method, path=str(route.path), needs=needs, declared=declared)


def as_markdown() -> str:
    """The page docs/reference/roles.md."""
    roles = [
        f"| {'permission':<10} | {' | '.join(role.value.replace('_', ' ') for role in Role)} |",
        _line(len(Role) + 1),
    ]
    for permission in Permission:
        marks = ["yes" if permission in HOLDS[role] else "" for role in Role]
        roles.append(f"| {permission:<10} | {' | '.join(marks)} |")
    routes = ["| route | needs | roles |", _line(3)]
    routes.extend(
        f"| `{a.method} {a.path}` | {', '.join(sorted(a.needs))} | {_who(a.needs)} |" for a in table(with_routes())
    )
    return _PAGE.format(roles="\n".join(roles), routes="\n".join(routes))


def _who(needs: frozenset[Permission]) -> str:
    if not needs:
        return "anyone"
    return ", ".join(role.value.replace("_", " ") for role in Role if needs <= HOLDS[role])


def _line(columns: int) -> str:
    return "|---" * columns + "|"


def _calls(dependant: Dependant) -> Iterator[object]:
    for needed in dependant.dependencies:
        yield needed.call
        yield from _calls(needed)


_PAGE = """# Who may do what

`heard officer roles` prints this page from the routes themselves.

An officer has one role; a key has scopes, which are the permissions. A data scientist sees what came in and how it was
decided, to find out where the model is wrong, and decides nothing. While there is neither a key nor an officer, only
this machine is served and needs none.

{roles}

{routes}
"""
