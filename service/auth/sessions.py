"""Officers' sessions: on the server, so that signing out, disabling or a new password ends them at once (S32, S33)."""

import secrets
from datetime import timedelta

from service.audit import record_account
from service.auth.clock import Clock, utc_now
from service.auth.keys import hashed
from service.roles import HOLDS, Caller
from service.store import people as store
from service.store.database import Database
from service.store.people import Officer

IDLE, LONGEST = timedelta(minutes=30), timedelta(hours=12)
"""A session ends so long after the last request, and so long after signing in (S33)."""
_NOTED_EVERY = timedelta(minutes=1)
"""How exactly the last request is kept: a write for each would be too many."""


class Sessions:
    """`now` is a clock that tests may turn."""

    def __init__(self, database: Database, now: Clock = utc_now) -> None:
        self._database = database
        self._now = now

    def begin(self, officer: Officer, earlier: str | None = None) -> str:
        """A new session; answers what its cookie holds. The session the browser had `earlier` ends (S32)."""
        token, now = secrets.token_urlsafe(32), self._now()
        with self._database.writing() as connection:
            store.end_sessions_before(connection, now - IDLE, now - LONGEST)
            if earlier:
                store.end_session(connection, hashed(earlier))
            store.add_session(connection, hashed(token), officer.id, now)
            record_account(connection, "officer.signed_in", f"officer:{officer.id}", by=officer.name, at=now)
        return token

    def end(self, token: str) -> None:
        """Signed out: the cookie opens nothing any more."""
        with self._database.writing() as connection:
            store.end_session(connection, hashed(token))

    def caller(self, token: str) -> Caller | None:
        """Whose session a cookie names; None where it is over."""
        now = self._now()
        with self._database.reading() as connection:
            found = store.session(connection, hashed(token))
        if found is None or found.officer.disabled_at or now >= min(found.seen_at + IDLE, found.began_at + LONGEST):
            return None
        if now - found.seen_at >= _NOTED_EVERY:
            with self._database.writing() as connection:
                store.see(connection, hashed(token), now)
        officer = found.officer
        return Caller(id=f"officer {officer.id}", name=officer.name, may=HOLDS[officer.role])
