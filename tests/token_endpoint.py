"""A token endpoint of OAuth that also tells Dovecot whose a token is."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class TokenEndpoint(ThreadingHTTPServer):
    """`valid` are the tokens that still are, with the mailbox of each."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.valid: dict[str, str] = {}
        self.user, self.given, self.asked = "", 0, list[dict[str, str]]()
        self.expires_in = 3600.0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: TokenEndpoint

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append({name: values[0] for name, values in form.items()})
        if form["client_secret"] != ["tell-no-one-7"]:
            self._say(401, {"error": "invalid_client", "error_description": form["client_secret"][0]})
            return
        self.server.given += 1
        token = f"token-{self.server.given}"
        self.server.valid[token] = self.server.user
        self._say(200, {"access_token": token, "expires_in": self.server.expires_in, "token_type": "Bearer"})

    def do_GET(self) -> None:
        token = parse_qs(urlsplit(self.path).query)["access_token"][0]
        user = self.server.valid.get(token)
        self._say(200 if user else 401, {"email": user} if user else {"error": "invalid_token"})

    def _say(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@contextmanager
def a_token_endpoint() -> Iterator[TokenEndpoint]:
    """One that answers."""
    with TokenEndpoint() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
