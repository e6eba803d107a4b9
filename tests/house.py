"""The service as officers and systems reach it: under its public name, from another machine, with a clock to turn."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.api.context import Context
from service.app import create_app
from service.auth.door import Door
from service.roles import Permission, Role
from service.settings import Settings
from service.store.database import Database

PUBLIC = "https://heard.council.example"
ELSEWHERE = ("203.0.113.7", 50_000)
PASSWORD = "correct horse battery staple"
START = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)
_numbers = itertools.count()


class House:
    """One database and one service on it; `another()` is a second process."""

    def __init__(self, context: Context, **settings: Any) -> None:
        self.now = START
        self._base = context
        self.settings = Settings(**{"public_url": PUBLIC, **settings})
        self.context = self._parts(context.database)
        self.people = self.context.door.people

    def _parts(self, database: Database) -> Context:
        door = Door(database, self.settings, now=lambda: self.now)
        return Context(**{**vars(self._base), "settings": self.settings, "door": door, "database": database})

    def app(self) -> FastAPI:
        return create_app(self.context)

    def another(self) -> FastAPI:
        """As another process would see the same database, which closes its own connections and nobody else's."""
        url = self._base.database._engine.url.render_as_string(hide_password=False)
        return create_app(self._parts(Database(url, self._base.database.audit_key)))

    def officer(self, role: Role = Role.OFFICER, name: str = "A. Khan", password: str = PASSWORD) -> str:
        """Somebody with this role; the first administrator is made on the way."""
        if role is not Role.ADMINISTRATOR and not any(
            one.role is Role.ADMINISTRATOR for one in self.people.officers.all()
        ):
            self.people.officers.create("First Administrator", Role.ADMINISTRATOR, PASSWORD)
        return self.people.officers.create(name, role, password).name

    def key(self, *scopes: Permission, lasts: timedelta | None = None) -> dict[str, str]:
        """The header a new key is sent in."""
        text = self.people.keys.create(f"system {next(_numbers)}", frozenset(scopes or Permission), lasts)
        return {"Authorization": f"Bearer {text}"}

    def session(self, role: Role, name: str | None = None) -> dict[str, str]:
        """The cookie of somebody who has signed in, without the form."""
        officers = {one.name: one for one in self.people.officers.all()}
        name = name or f"One {role.value}"
        officer = officers.get(name) or {one.name: one for one in self._made(role, name)}[name]
        return {self.context.door.cookie: self.people.sessions.begin(officer)}

    def _made(self, role: Role, name: str) -> list[Any]:
        self.officer(role, name)
        return self.people.officers.all()


def browser(app: FastAPI, **given: Any) -> TestClient:
    """A browser elsewhere that says, as browsers do, from which page it sends."""
    headers = {"Origin": PUBLIC, "Sec-Fetch-Site": "same-origin"}
    values = {"base_url": PUBLIC, "client": ELSEWHERE, "headers": headers, "follow_redirects": False, **given}
    return TestClient(app, raise_server_exceptions=False, **values)


def system(app: FastAPI, **given: Any) -> TestClient:
    """A client that is no browser."""
    values = {"base_url": PUBLIC, "client": ELSEWHERE, "follow_redirects": False, **given}
    return TestClient(app, raise_server_exceptions=False, **values)


def sign_in(client: TestClient, name: str = "A. Khan", password: str = PASSWORD, go_to: str = "/") -> Any:
    return client.post("/sign-in", data={"name": name, "password": password, "next": go_to})
