"""The organisation's identity provider as it describes itself (OpenID Connect Discovery 1.0), and its keys.

Only what the configured issuer names is used: never a key or an address out of a token (S29).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from service.auth.refusals import NoProvider, NotLetIn
from service.oidc_settings import Oidc, is_protected

AGAIN = "Start again; if it happens again, tell whoever runs heard."
_ALGORITHMS = ["RS256", "PS256", "ES256"]
"""Signatures by a private key only: neither `none` nor one made with a key that is public."""
_SECONDS = 10
_KEPT = 3_600
_SOONEST = 60
"""Seconds between two fetches of the keys, however many tokens name a key that is not there."""


@dataclass(frozen=True, kw_only=True)
class Endpoints:
    """Where the provider is asked."""

    authorization: str
    token: str
    keys: str


class Provider:
    """Fetched when first needed and once an hour; NoProvider where it does not answer as it should."""

    def __init__(self, oidc: Oidc, clock: Callable[[], float] = time.monotonic) -> None:
        self._oidc = oidc
        self._clock = clock
        self._lock = Lock()
        self._endpoints: Endpoints | None = None
        self._keys: KeySet | None = None
        self._fetched = 0.0

    def endpoints(self) -> Endpoints:
        """From `/.well-known/openid-configuration` of the issuer."""
        with self._lock:
            if self._endpoints is None:
                self._endpoints = self._discover()
            return self._endpoints

    def claims(self, id_token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """(header, claims) of a token that the provider signed; nothing else about it has been checked."""
        registry = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        try:
            try:
                token = jwt.decode(id_token, self._key_set(), registry=registry)
            except InvalidKeyIdError:  # the provider may have changed its keys
                token = jwt.decode(id_token, self._key_set(older_than=_SOONEST), registry=registry)
        except (JoseError, ValueError, TypeError) as error:
            raise NotLetIn(f"The provider's token is not valid ({type(error).__name__}). {AGAIN}") from None
        return dict(token.header), dict(token.claims)

    def _key_set(self, older_than: float = _KEPT) -> KeySet:
        keys = self.endpoints().keys
        with self._lock:
            now = self._clock()
            if self._keys is None or now - self._fetched >= older_than:
                try:
                    self._keys = KeySet.import_key_set(_fetch(keys))  # type: ignore[arg-type]  # it checks the shape
                except (JoseError, ValueError, LookupError, TypeError):
                    raise NoProvider("The sign-in provider's keys cannot be read.") from None
                self._fetched = now
            return self._keys

    def _discover(self) -> Endpoints:
        described = _fetch(f"{self._oidc.issuer.rstrip('/')}/.well-known/openid-configuration")
        names = {"authorization": "authorization_endpoint", "token": "token_endpoint", "keys": "jwks_uri"}
        found = {ours: str(described.get(theirs, "")) for ours, theirs in names.items()}
        if described.get("issuer") != self._oidc.issuer or not all(map(is_protected, found.values())):
            raise NoProvider(
                "The sign-in provider describes itself as another issuer, or names an address without TLS."
            )
        return Endpoints(**found)


def _fetch(address: str) -> dict[str, Any]:
    try:
        answer = httpx2.get(address, timeout=_SECONDS, follow_redirects=False)
        answer.raise_for_status()
        body = answer.json()
    except (httpx2.HTTPError, ValueError):
        raise NoProvider("The sign-in provider does not answer. Try again in a few minutes.") from None
    if not isinstance(body, dict):
        raise NoProvider("The sign-in provider's answer cannot be read.")
    return body
