"""Access tokens for XOAUTH2: from a token endpoint by client credentials (RFC 6749, 4.4), or from a command."""

import re
import subprocess
import time
from collections.abc import Callable

import httpx

from service.sources import LoginRefused, OAuth, Trouble

_SECONDS = 30
_EARLY = 120
"""Seconds before its end at which a token is no longer used for a login."""


class Tokens:
    """The token in use, fetched anew before it ends or once it was refused."""

    def __init__(self, oauth: OAuth, clock: Callable[[], float] = time.monotonic) -> None:
        self._oauth = oauth
        self._clock = clock
        self._token = ""
        self._until = 0.0

    def get(self) -> str:
        """A token that the server should accept; LoginRefused or Trouble where none is given."""
        if self._oauth.token_command:
            return _from_command(self._oauth.token_command)
        if not self._token or self._clock() >= self._until:
            self._token, seconds = _from_endpoint(self._oauth)
            self._until = self._clock() + seconds - _EARLY
        return self._token

    def drop(self) -> None:
        """The token was refused: ask for another next time."""
        self._token = ""


def _from_endpoint(oauth: OAuth) -> tuple[str, float]:
    """(token, seconds it lasts)."""
    secret = oauth.client_secret.read() if oauth.client_secret else ""
    form = {
        "grant_type": "client_credentials",
        "client_id": oauth.client_id,
        "client_secret": secret,
        "scope": oauth.scope,
    }
    try:
        answer = httpx.post(str(oauth.token_url), data=form, timeout=_SECONDS, follow_redirects=False)
        body = answer.json()
        if answer.status_code in {400, 401, 403}:
            raise LoginRefused(f"the token endpoint refused the client ({_code(body)}): check id, secret and scope.")
        answer.raise_for_status()
        return str(body["access_token"]), float(body.get("expires_in", 0))
    except httpx.HTTPStatusError as error:
        raise Trouble(f"the token endpoint answered {error.response.status_code}.") from None
    except httpx.HTTPError as error:
        raise Trouble(f"the token endpoint cannot be reached ({type(error).__name__}).") from None
    except (ValueError, LookupError, TypeError, AttributeError):
        raise Trouble("the token endpoint's answer is not a token (RFC 6749, 5.1).") from None


def _code(body: object) -> str:
    """The error code of RFC 6749, 5.2; nothing else of the answer, which may repeat what was sent."""
    code = str(body.get("error", "")) if isinstance(body, dict) else ""
    return code if re.fullmatch(r"[a-z_]{1,40}", code) else "no reason given"


def _from_command(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=True)  # noqa: S603  # the operator's own
        token = done.stdout.decode("ascii").strip()
    except subprocess.CalledProcessError as error:
        raise Trouble(f"the token command failed with status {error.returncode}.") from None
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise Trouble(f"the token command gave no token ({type(error).__name__}).") from None
    if not token:
        raise Trouble("the token command printed nothing.")
    return token
