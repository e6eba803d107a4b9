"""Officers: made, told apart and disabled.

All is asked of the database at that moment: whoever is disabled is out with the next request, in every process.
"""

import unicodedata

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from service.audit import at_command_line, record_account
from service.auth.clock import Clock, utc_now
from service.auth.passwords import hash_password, verify
from service.auth.refusals import AccountRefused, NotLetIn
from service.roles import Role
from service.store import people as store
from service.store.database import Database
from service.store.people import Officer

_WRONG = "The name or the password is wrong, or the account is disabled."


class Officers:
    """`now` is a clock that tests may turn."""

    def __init__(self, database: Database, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now

    def create(self, name: str, role: Role, password: str) -> Officer:
        """One more officer. The first is an administrator, so that somebody can make and disable others."""
        name = " ".join(name.split())
        if not 1 <= len(name) <= 100 or not name.isprintable():
            raise AccountRefused("A name has 1 to 100 printable characters.")
        kept = hash_password(password, name)
        try:
            with self._database.writing() as connection:
                if role is not Role.ADMINISTRATOR and not store.administrators(connection):
                    raise AccountRefused("There is no administrator yet: make one first (--role administrator).")
                made = store.add_officer(connection, name, folded(name), role, self._now(), password=kept)
                self._record(connection, "officer.created", made)
                return made
        except IntegrityError:
            raise AccountRefused(
                f"There is an officer {name} already, perhaps a disabled one. Choose another name."
            ) from None

    def all(self) -> list[Officer]:
        """Everybody."""
        with self._database.reading() as connection:
            return store.officers(connection)

    def disable(self, name: str) -> None:
        """The officer is out at once, everywhere. The last administrator stays."""
        with self._database.writing() as connection:
            found = _named(connection, name)
            if found.role is Role.ADMINISTRATOR and found.disabled_at is None and store.administrators(connection) == 1:
                raise AccountRefused(f"{found.name} is the last administrator: make another first.")
            store.disable(connection, found.id, self._now())
            self._record(connection, "officer.disabled", found)
            store.end_sessions_of(connection, found.id)

    def change_password(self, name: str, password: str) -> None:
        """A new password; whoever is signed in with the old one is out."""
        kept = hash_password(password, name)
        with self._database.writing() as connection:
            found = _named(connection, name)
            if found.issuer:
                raise AccountRefused(f"{found.name} signs in at {found.issuer} and has no password here.")
            store.set_password(connection, found.id, kept)
            self._record(connection, "officer.password_changed", found)
            store.end_sessions_of(connection, found.id)

    def check_password(self, name: str, password: str) -> Officer:
        """Who it is; NotLetIn says the same whatever was wrong, and takes as long."""
        with self._database.reading() as connection:
            found = store.by_name(connection, folded(name))
        right = verify(found.password if found else None, password)
        if found is None or not right or found.disabled_at:
            self._refused(found)
            raise NotLetIn(_WRONG)
        return found

    def officer_of(self, issuer: str, subject: str, name: str, role: Role) -> Officer:
        """Who the provider means: (issuer, subject), never an address or a name, which may change hands (S30)."""
        with self._database.writing() as connection:
            found = store.by_subject(connection, issuer, subject)
            if found is None:
                free = self._free(connection, name)
                return store.add_officer(
                    connection, free, folded(free), role, self._now(), issuer=issuer, subject=subject
                )
            if found.disabled_at:
                raise NotLetIn("This account is disabled.")
            if found.role is not role:
                store.set_role(connection, found.id, role)
            return found

    def _refused(self, officer: Officer | None) -> None:
        """Recorded where there is such an officer: what else was typed as a name may be a password."""
        if officer is not None:
            with self._database.writing() as connection:
                about = f"officer:{officer.id}"
                record_account(connection, "officer.refused", about, by=officer.name, at=self._now())

    def _record(self, connection: Connection, what: str, officer: Officer) -> None:
        about, by = f"officer:{officer.id}", at_command_line()
        record_account(connection, what, about, by=by, at=self._now(), name=officer.name, role=officer.role.value)

    def _free(self, connection: Connection, name: str) -> str:
        """The name, or with a number where another has it: two people are never one in the history."""
        wanted = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:90] or "Officer"
        free, number = wanted, 1
        while store.by_name(connection, folded(free)):
            number += 1
            free = f"{wanted} ({number})"
        return free


def folded(name: str) -> str:
    """Names that look alike are one name."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _named(connection: Connection, name: str) -> Officer:
    found = store.by_name(connection, folded(name))
    if found is None:
        raise AccountRefused(f"There is no officer {name}: `heard officer list` shows them.")
    return found
