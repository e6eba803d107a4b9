"""A proxy before PostgreSQL that cuts a connection at a COMMIT, so that its outcome is not known (F7)."""

import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Literal

Cut = Literal["before", "after"]
"""Before the COMMIT reaches the server, or after it was done and before the client is told."""


class Proxy:
    """Listens on a port of its own; `cut(when, nth)` cuts at the n-th COMMIT from now, once."""

    def __init__(self, server: Path) -> None:
        self._server = server
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._when: Cut | None = None
        self._left = 0
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, when: Cut, nth: int) -> None:
        """Arm it."""
        self._when, self._left = when, nth

    def close(self) -> None:
        """Take no more connections."""
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._connect, args=(client,), daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(str(self._server))
            threading.Thread(target=self._answers, args=(server, client), daemon=True).start()
            while data := client.recv(65_536):
                if self._is_the_one(data):
                    if self._when == "after":
                        self._when = None
                        self._swallowed(server, data)
                    self.cuts += 1
                    for end in (client, server):  # closing is not enough while another thread reads
                        end.shutdown(socket.SHUT_RDWR)
                    return
                server.sendall(data)

    def _is_the_one(self, data: bytes) -> bool:
        if self._when is None or b"COMMIT" not in data:
            return False
        self._left -= 1
        if self._left == 0 and self._when == "before":
            self._when = None
            return True
        return self._left == 0

    def _swallowed(self, server: socket.socket, data: bytes) -> None:
        """Let the server commit and keep its answer from the client."""
        self._muted = threading.Event()
        self._mute = True
        server.sendall(data)
        self._muted.wait(5)
        self._mute = False

    _mute = False

    def _answers(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                if self._mute:
                    self._muted.set()
                    return
                client.sendall(data)
