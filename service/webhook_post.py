"""One POST to a webhook: to an address that was checked, within a time that holds for all of it, no redirect followed.

The name is resolved here, every address of it is checked, and the connection goes to one of those addresses: between
the check and the connection nobody can give the name another one (DNS rebinding).
"""

import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore

from service.webhook_addresses import Resolve, refusal, resolve

_MOST_READ = 64 * 1024
_BODY_SECONDS = 2.0
_THROTTLED = frozenset({429, 503})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a target said. `status` is None where it said nothing; `failure` is empty where it took the event."""

    status: int | None = None
    failure: str = ""
    retry_after: timedelta | None = None


class AddressRefused(OSError):
    """The name leads where no webhook may go."""


class Poster:
    """Certificates are checked against those this machine trusts (`SSL_CERT_FILE` names others). TLS 1.2 or later."""

    def __init__(self, *, seconds: float = 20.0, resolver: Resolve = resolve) -> None:
        self._seconds = seconds
        self._trusted = ssl.create_default_context()
        self._trusted.minimum_version = ssl.TLSVersion.TLSv1_2
        self._resolver = resolver

    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, allow_private: bool) -> Answer:
        """Send; what went wrong is answered, not raised."""
        clock = _Clock(self._seconds)
        backend = _Checked(clock, self._resolver, allow_private=allow_private)
        try:
            with (
                httpcore.ConnectionPool(ssl_context=self._trusted, network_backend=backend) as pool,
                pool.stream("POST", url, headers=list(headers.items()), content=body) as response,
            ):
                _read_some(response, clock)
                return _answer(response)
        except AddressRefused as refused:
            return Answer(failure=str(refused))
        except httpcore.TimeoutException:
            return Answer(failure=f"no answer within {self._seconds:g} seconds")
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            return Answer(failure=_reason(error))


class _Clock:
    """What is left of the time for one POST."""

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self, error: type[httpcore.TimeoutException]) -> float:
        seconds = self._ends - time.monotonic()
        if seconds <= 0:
            raise error
        return seconds

    def end_within(self, seconds: float) -> None:
        self._ends = min(self._ends, time.monotonic() + seconds)


class _Checked(httpcore.NetworkBackend):
    """Connects to checked addresses only, in the order the resolver gives them."""

    def __init__(self, clock: _Clock, resolver: Resolve, *, allow_private: bool) -> None:
        self._clock = clock
        self._resolver = resolver
        self._allow_private = allow_private
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  # the clock has the time for all of it
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self._resolver(host, port)
        for address in addresses:
            why = refusal(address, allow_private=self._allow_private)
            if why:
                raise AddressRefused(why)
        last: Exception = OSError("the name has no address")
        for address in addresses:
            try:
                seconds = self._clock.left(httpcore.ConnectTimeout)
                stream = self._real.connect_tcp(address, port, seconds, local_address, socket_options)
            except httpcore.ConnectError as error:
                last = error
            else:
                return _Timed(stream, self._clock)
        raise last


class _Timed(httpcore.NetworkStream):
    """A stream whose every step has only what is left of the time: a byte a second does not hold it open."""

    def __init__(self, stream: httpcore.NetworkStream, clock: _Clock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002  # as above
        return self._stream.read(max_bytes, self._clock.left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002  # as above
        self._stream.write(buffer, self._clock.left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002  # as above
    ) -> httpcore.NetworkStream:
        seconds = self._clock.left(httpcore.ConnectTimeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, seconds), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _read_some(response: httpcore.Response, clock: _Clock) -> None:
    """Let the target finish what it says, within reason; the answer is its status, whatever follows."""
    clock.end_within(_BODY_SECONDS)
    size = 0
    try:
        for chunk in response.iter_stream():
            size += len(chunk)
            if size >= _MOST_READ:
                return
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        return


def _answer(response: httpcore.Response) -> Answer:
    status = response.status
    if 200 <= status < 300:
        return Answer(status=status)
    kind = f"answered {status}, a redirect: they are never followed" if 300 <= status < 400 else f"answered {status}"
    return Answer(status=status, failure=kind, retry_after=_retry_after(response) if status in _THROTTLED else None)


def _retry_after(response: httpcore.Response) -> timedelta | None:
    """Seconds or a date (RFC 9110, 10.2.3)."""
    given = next((value.decode("latin-1") for name, value in response.headers if name.lower() == b"retry-after"), "")
    if given.isascii() and given.isdigit():
        return timedelta(seconds=min(int(given), 10**6))
    try:
        moment = parsedate_to_datetime(given)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(moment - datetime.now(UTC), timedelta())


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error.__context__ or error
    if isinstance(cause, ssl.SSLError):
        return f"the secure connection failed ({getattr(cause, 'verify_message', None) or cause.reason or 'TLS'})"
    named = cause.strerror if isinstance(cause, OSError) and cause.strerror else type(error).__name__
    return f"the connection failed ({named})"
