"""Sign-in at the provider: authorization code with PKCE (S256), state and nonce bound to the browser that began (S28).

What binds them is a row of the database, so any process of the service can finish what another began, and no secret of
the service's own is needed.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError

from service.auth.clock import Clock, utc_now
from service.auth.keys import hashed, same
from service.auth.provider import AGAIN, Provider
from service.auth.refusals import NoProvider, NotLetIn
from service.oidc_settings import Oidc
from service.roles import Role
from service.store import people as store
from service.store.database import Database
from service.store.people import SignIn

_FINISH_WITHIN = timedelta(minutes=10)
_LEEWAY = 60
"""Seconds by which the provider's clock may differ."""
_STALE = "This sign-in was begun elsewhere, too long ago, or is finished already. Start again."


@dataclass(frozen=True, kw_only=True)
class Begun:
    """Where the browser goes, and what its cookie holds meanwhile."""

    address: str
    browser: str


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who the provider says it is."""

    issuer: str
    subject: str
    name: str
    role: Role
    go_to: str


class SignIns:
    """`back` is this service's own address that the provider sends browsers to."""

    def __init__(self, database: Database, oidc: Oidc, back: str, now: Clock = utc_now) -> None:
        self._database = database
        self._oidc = oidc
        self._back = back
        self._now = now
        self._provider = Provider(oidc)

    def begin(self, go_to: str) -> Begun:
        """Send a browser to the provider."""
        browser, state, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        verifier, endpoints = secrets.token_urlsafe(64), self._provider.endpoints()
        asked = {"nonce": nonce, "scope": "openid profile"}
        if "acr" in self._oidc.require:
            asked["acr_values"] = " ".join(self._oidc.require["acr"])
        with self._client() as client:
            address, _ = client.create_authorization_url(endpoints.authorization, state, verifier, **asked)
        now = self._now()
        row = SignIn(state_sha256=hashed(state), nonce=nonce, verifier=verifier, go_to=go_to, began_at=now)
        with self._database.writing() as connection:
            store.begin_sign_in(connection, hashed(browser), row, now - _FINISH_WITHIN)
        return Begun(address=address, browser=browser)

    def finish(self, browser: str, state: str, code: str, issuer: str | None = None) -> Identity:
        """Who came back. Whatever is wrong with it is a NotLetIn, and the sign-in is spent."""
        with self._database.writing() as connection:
            begun = store.take_sign_in(connection, hashed(browser))
        late = begun is None or self._now() - begun.began_at >= _FINISH_WITHIN
        if begun is None or late or not same(begun.state_sha256, hashed(state)):
            raise NotLetIn(_STALE)
        if issuer not in {None, self._oidc.issuer}:  # RFC 9207: the answer of another provider
            raise NotLetIn(_STALE)
        try:
            return self._identity(begun, code)
        except NotLetIn as error:
            error.go_to = begun.go_to
            raise

    def _identity(self, begun: SignIn, code: str) -> Identity:
        if not code:  # the provider says why in `error`, which anybody may write
            raise NotLetIn(
                "The provider did not let you in. Start again; if it happens again, ask whoever administers accounts "
                "there."
            )
        claims = self._checked(self._exchange(code, begun.verifier), begun.nonce)
        return Identity(
            issuer=self._oidc.issuer,
            subject=claims["sub"],
            name=str(claims.get("name") or claims.get("preferred_username") or "Officer"),
            role=self._role(claims),
            go_to=begun.go_to,
        )

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self._oidc.client_id,
            client_secret=self._oidc.client_secret.get_secret_value(),
            redirect_uri=self._back,
            code_challenge_method="S256",
            timeout=10,
        )

    def _exchange(self, code: str, verifier: str) -> dict[str, Any]:
        endpoint = self._provider.endpoints().token
        try:
            with self._client() as client:
                tokens: dict[str, Any] = client.fetch_token(
                    endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
                )
        except OAuthError:
            raise NotLetIn("The provider did not accept this sign-in. Start again.") from None
        except (httpx2.HTTPError, ValueError, TypeError):
            raise NoProvider("The sign-in provider does not answer. Try again in a few minutes.") from None
        return tokens

    def _checked(self, tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
        """The claims of an ID token made by this provider, for us, just now, for this sign-in (OIDC Core 3.1.3.7)."""
        if not isinstance(tokens.get("id_token"), str):
            raise NotLetIn(f"The provider gave no ID token. {AGAIN}")
        header, claims = self._provider.claims(tokens["id_token"])
        must = {
            "iss": {"essential": True, "value": self._oidc.issuer},
            "aud": {"essential": True, "value": self._oidc.client_id},
        }
        given = {"nonce": nonce, "client_id": self._oidc.client_id, "access_token": tokens.get("access_token")}
        try:
            CodeIDToken(claims, header, must, given).validate(leeway=_LEEWAY)
        except (JoseError, ValueError, TypeError) as error:
            raise NotLetIn(f"The provider's token is not valid ({type(error).__name__}). {AGAIN}") from None
        if not isinstance(claims["sub"], str) or not 1 <= len(claims["sub"]) <= 255:
            raise NotLetIn(f"The provider's token names nobody. {AGAIN}")
        for name, accepted in self._oidc.require.items():
            if not _values(claims, name) & set(accepted):
                raise NotLetIn(
                    f"The provider does not say how you proved who you are ({name}): sign in with a second factor."
                )
        return claims

    def _role(self, claims: dict[str, Any]) -> Role:
        """The one that may most, of those the claim names."""
        held = {self._oidc.roles[value] for value in _values(claims, self._oidc.role_claim) & self._oidc.roles.keys()}
        for role in (Role.ADMINISTRATOR, Role.OFFICER, Role.DATA_SCIENTIST, Role.VIEWER):
            if role in held:
                return role
        raise NotLetIn("You have no role in heard yet: ask whoever administers accounts at the provider.")


def _values(claims: dict[str, Any], name: str) -> set[str]:
    """A claim's values, whether it holds one or a list."""
    value = claims.get(name)
    return {item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)}
