"""An identity provider for tests: `oidc-provider-mock`, whose tokens a test may change before they are handed out.

It signs with a key of its own, which the key set it publishes holds, and checks PKCE, which the mock does not.
"""

import base64
import hashlib
import json
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.jws import JWSRegistry
from werkzeug.serving import make_server

Start = Callable[..., Any]


class Provider:
    """`make` makes the ID token from the claims the mock would have sent."""

    def __init__(self) -> None:
        self.issuer = ""
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self.published = [self.key]
        self.make: Callable[[dict[str, Any]], str] = self.signed
        self.up = True
        self._challenges: list[str] = []

    def signed(self, claims: dict[str, Any], *, key: RSAKey | None = None, **header: Any) -> str:
        key = key or self.key
        full = {"alg": "RS256", "kid": key.kid, **header}
        registry = JWSRegistry(algorithms=["RS256", "RS512"], strict_check_header=False)
        return jwt.encode(full, claims, key, registry=registry)

    def with_claims(self, **changed: Any) -> None:
        """Tokens with these claims; None takes one out."""

        def make(claims: dict[str, Any]) -> str:
            return self.signed({name: value for name, value in {**claims, **changed}.items() if value is not None})

        self.make = make

    def person(self, subject: str, **claims: Any) -> None:
        httpx2.put(f"{self.issuer}/users/{subject}", json=claims).raise_for_status()

    def log_in(self, address: str, subject: str) -> str:
        """What the provider sends a browser back to, once `subject` has proved who they are there."""
        answer = httpx2.post(address, data={"sub": subject})
        assert answer.status_code == 302, answer.text
        back = urlsplit(answer.headers["location"])
        return f"{back.path}?{back.query}"

    def wrapped(self, app: Callable[[dict[str, Any], Start], Any]) -> Callable[[dict[str, Any], Start], Any]:
        def serve(environ: dict[str, Any], start: Start) -> Any:
            path = environ["PATH_INFO"]
            if not self.up:
                return _answer(start, "503 Service Unavailable", b"{}")
            if path == "/jwks":
                keys = [key.as_dict(private=False) for key in self.published]
                return _answer(start, "200 OK", json.dumps({"keys": keys}).encode())
            if path == "/oauth2/authorize" and environ["REQUEST_METHOD"] == "POST":
                asked = dict(parse_qsl(environ["QUERY_STRING"]))
                assert asked["code_challenge_method"] == "S256"
                self._challenges.append(asked["code_challenge"])
            return self._token(app, environ, start) if path == "/oauth2/token" else app(environ, start)

        return serve

    def _token(self, app: Any, environ: dict[str, Any], start: Start) -> Any:
        size = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(size)
        verifier = parse_qs(body.decode())["code_verifier"][0]
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if not self._challenges or digest != self._challenges.pop():
            return _answer(start, "400 Bad Request", b'{"error": "invalid_grant"}')
        environ["wsgi.input"] = _Body(body)
        heard: list[Any] = []
        given = b"".join(app(environ, lambda status, headers, _error=None: heard.extend([status, headers])))
        tokens = json.loads(given)
        if "id_token" in tokens:
            tokens["id_token"] = self.make(payload_of(tokens["id_token"]))
        return _answer(start, heard[0], json.dumps(tokens).encode())


class _Body:
    def __init__(self, body: bytes) -> None:
        self._left = body

    def read(self, size: int = -1) -> bytes:
        size = len(self._left) if size < 0 else size
        taken, self._left = self._left[:size], self._left[size:]
        return taken

    def readline(self, size: int = -1) -> bytes:
        return self.read(size)


def payload_of(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def b64(value: bytes | dict[str, Any]) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _answer(start: Start, status: str, body: bytes) -> list[bytes]:
    start(status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def a_provider() -> Iterator[Provider]:
    """One that listens on this machine until the context ends."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the mock uses what authlib has deprecated
        import oidc_provider_mock  # noqa: PLC0415  # it warns when imported: only where it is wanted

    provider = Provider()
    server = make_server("localhost", 0, provider.wrapped(oidc_provider_mock.app().wsgi_app), threaded=True)
    provider.issuer = f"http://localhost:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield provider
    server.shutdown()
    thread.join(5)
    server.server_close()
