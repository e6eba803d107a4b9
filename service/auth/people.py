"""Everybody who may ask for something, in one place."""

from service.auth.clock import Clock, utc_now
from service.auth.keyring import Keyring
from service.auth.officers import Officers
from service.auth.sessions import Sessions
from service.store import people as store
from service.store.database import Database


class People:
    """Officers, their sessions and the keys of one database."""

    def __init__(self, database: Database, now: Clock = utc_now) -> None:
        self._database = database
        self._somebody = False
        self.officers = Officers(database, now)
        self.sessions = Sessions(database, now)
        self.keys = Keyring(database, now)

    def anybody(self) -> bool:
        """Whether there ever was an officer or a key. It cannot become false again."""
        if not self._somebody:
            with self._database.reading() as connection:
                self._somebody = store.anybody(connection)
        return self._somebody
