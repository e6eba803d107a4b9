"""Who comes in: everything that recognises a caller, put together from the settings."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import SettingsError
from service.auth.clock import Clock, utc_now
from service.auth.limits import Limits
from service.auth.oidc import SignIns
from service.auth.people import People
from service.oidc_settings import is_loopback
from service.roles import NOBODY_YET, Caller
from service.settings import Settings
from service.store.database import Database
from service.together import Together

BACK = "/sign-in/back"
"""Where the identity provider sends browsers."""


@dataclass(frozen=True, kw_only=True)
class _Shown:
    """What a request shows of who sent it."""

    address: str
    key: str | None
    session: str | None


class Door:
    """`secure` says whether browsers come by TLS: then cookies are `__Host-` ones (S17)."""

    def __init__(self, database: Database, settings: Settings, now: Clock = utc_now) -> None:
        here = f"http://{settings.host}:{settings.port}"
        self.people = People(database, now)
        self.limits = Limits(settings.requests_per_minute)
        self.sign_ins = SignIns(database, settings.oidc, (settings.public_url or here) + BACK, now)
        self.provider = settings.oidc.on
        self.secure = settings.public_url.startswith("https://")
        self.cookie = "__Host-heard" if self.secure else "heard"
        self.browser_cookie = "__Host-heard-sign-in" if self.secure else "heard-sign-in"
        self._asked = Together(self._callers)
        self._only_here = is_loopback(settings.host) and not settings.public_url

    def is_open(self) -> bool:
        """Whether nobody needs to say who they are: only this machine is served, and nobody could."""
        return self._only_here and not self._anybody()

    def refuse_strangers(self) -> None:
        """SettingsError where others than this machine would be served though nobody could sign in."""
        if not self._only_here and not self._anybody():
            raise SettingsError(
                "only 127.0.0.1, ::1 or localhost can be served while no API key or officer exists: make the first "
                "with `heard officer create NAME --role administrator`."
            )

    async def caller(self, address: str, key: str | None, session: str | None) -> Caller | None:
        """Who is asking, by key if one was sent, else by session; None where neither opens.

        TooOften where the address has sent many keys that are none, or the caller asks more than its share.
        """
        answer = await self._asked.ask(_Shown(address=address, key=key, session=session))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _callers(self, shown: Sequence[_Shown]) -> Sequence[Caller | Exception | None]:
        """Who asks at the same moment is looked up by one thread, each as if alone."""
        if self.is_open():
            return [NOBODY_YET] * len(shown)
        return [self._caller(each) for each in shown]

    def _caller(self, shown: _Shown) -> Caller | Exception | None:
        try:
            found = self._by_key(shown.address, shown.key) if shown.key is not None else self._by_session(shown.session)
            if found:
                self.limits.request(found.id)
        except Exception as error:  # noqa: BLE001  # raised to who asked
            return error
        return found

    def _by_key(self, address: str, key: str) -> Caller | None:
        found = self.people.keys.caller(key)
        if found is None:
            self.limits.bad_key(address)
        return found

    def _by_session(self, session: str | None) -> Caller | None:
        return self.people.sessions.caller(session) if session else None

    def _anybody(self) -> bool:
        return self.provider or self.people.anybody()
