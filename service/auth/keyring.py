"""API keys: made, listed, revoked, recognised."""

from datetime import timedelta

from service.audit import at_command_line, record_account
from service.auth.clock import Clock, utc_now
from service.auth.keys import new_key, parsed, same
from service.auth.refusals import AccountRefused
from service.roles import Caller, Permission
from service.store import people as store
from service.store.database import Database
from service.store.people import ApiKey

_NOTED_EVERY = timedelta(minutes=1)
"""How exactly the last use is kept: a write for each would be too many."""


class Keyring:
    """`now` is a clock that tests may turn."""

    def __init__(self, database: Database, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now

    def create(self, name: str, scopes: frozenset[Permission], lasts: timedelta | None) -> str:
        """The text of a new key: shown once, stored nowhere."""
        if not scopes or not 1 <= len(name) <= 100 or not name.isprintable():
            raise AccountRefused("A key needs a name of 1 to 100 printable characters and at least one scope.")
        made, now = new_key(), self._now()
        kept = ApiKey(
            id=made.id,
            name=name,
            secret_sha256=made.secret_sha256,
            scopes=scopes,
            created_at=now,
            expires_at=now + lasts if lasts else None,
            used_at=None,
            revoked_at=None,
        )
        with self._database.writing() as connection:
            store.add_key(connection, kept)
            record_account(connection, "key.created", f"key:{made.id}", by=at_command_line(), at=now, name=name)
        return made.text

    def all(self) -> list[ApiKey]:
        """All keys, also those that work no more."""
        with self._database.reading() as connection:
            return store.keys(connection)

    def revoke(self, key_id: str) -> ApiKey:
        """The key opens nothing from now on."""
        with self._database.writing() as connection:
            found = store.key(connection, key_id)
            if found is None:
                raise AccountRefused(f"There is no key {key_id}: `heard key list` shows them.")
            store.revoke_key(connection, key_id, self._now())
            record_account(connection, "key.revoked", f"key:{key_id}", by=at_command_line(), at=self._now())
        return found

    def caller(self, text: str) -> Caller | None:
        """Whose key it is; None where it is none, or works no more."""
        given, now = parsed(text), self._now()
        if given is None:
            return None
        with self._database.reading() as connection:
            found = store.key(connection, given[0])
        if found is None or not same(found.secret_sha256, given[1]) or not found.works_at(now):
            return None
        if found.used_at is None or now - found.used_at >= _NOTED_EVERY:
            with self._database.writing() as connection:
                store.use_key(connection, found.id, now)
        return Caller(id=f"key {found.id}", name=found.name, may=found.scopes)
