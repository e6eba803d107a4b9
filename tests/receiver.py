"""A case system that webhooks go to: HTTPS on this machine, taking, refusing, stalling or breaking as a test says."""

import random
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook

from tests.dovecot import a_certificate

Act = Callable[["Handler"], None]


@dataclass(frozen=True, kw_only=True)
class Got:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes
    status: int | None


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers["content-length"]))
        self.status: int | None = None
        self.server.receiver.act(self)
        self.server.receiver.got.append(
            Got(
                path=self.path,
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.body,
                status=self.status,
            )
        )

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: "Receiver"

    def handle_error(self, *_args: Any) -> None:
        """A sender that hangs up is what some tests are about."""


@dataclass
class Receiver:
    """`act` says what happens to each request; all that came is in `got`."""

    url: str
    certificate: Path
    act: Act = lambda handler: handler.answer(204)
    got: list[Got] = field(default_factory=list)
    hung_up: threading.Event = field(default_factory=threading.Event)

    def verified(self, secret: str) -> list[Any]:
        """The events that came, each verified by the reference library."""
        return [Webhook(secret).verify(one.body, one.headers) for one in list(self.got)]

    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in list(self.got)]

    def taken(self) -> list[Got]:
        return [one for one in list(self.got) if one.status is not None and one.status < 300]


@contextmanager
def a_receiver(folder: Path, host: str = "localhost", *, tls: bool = True) -> Iterator[Receiver]:
    certificate, key = a_certificate(folder, host=host)
    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver = Receiver(url=f"https://{host}:{server.server_address[1]}/hooks", certificate=certificate)
    server.receiver = receiver
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


def reset(handler: Handler) -> None:
    """Break the connection with a RST."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()


def crawl(handler: Handler) -> None:
    """An answer whose headers come a byte at a time, and never end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        handler.wfile.write(b".")
        handler.wfile.flush()
        time.sleep(0.02)


def endless(handler: Handler) -> None:
    """Takes it, then sends a body of 1 GB; `status` counts what could be written of it."""
    handler.send_response(200)
    handler.send_header("content-length", str(10**9))
    handler.end_headers()
    handler.server.receiver.written = 0
    while True:
        handler.server.receiver.written += handler.connection.send(b"x" * 16_384)


def faulty(seed: int) -> Act:
    """Fails three times in ten: resets, 500, 429 with Retry-After, redirects."""
    chance, lock = random.Random(seed), threading.Lock()

    def act(handler: Handler) -> None:
        with lock:
            drawn = chance.random()
        if drawn < 0.1:
            reset(handler)
        elif drawn < 0.2:
            handler.answer(500)
        elif drawn < 0.25:
            handler.answer(429, Retry_After="2")
        elif drawn < 0.3:
            handler.answer(301, Location="https://localhost/")
        else:
            handler.answer(200)

    return act
