"""A small scripted IMAP server for what a well-behaved one never does: lies, refusals, nonsense."""

import re
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Self

from service.sources import MailboxSource, Secret, Tls


class Script:
    """Serves one folder with these mails, numbered from 1.

    `shortened` mails come cut by half, once each; `size_off_by` is added to every RFC822.SIZE; bodies of `withheld` are
    refused always; `refuses` is how every FETCH is answered, NO, BAD, BYE or nonsense.
    """

    def __init__(
        self,
        mails: list[bytes],
        *,
        shortened: int = 0,
        size_off_by: int = 0,
        withheld: frozenset[int] | set[int] = frozenset(),
        refuses: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.mails = mails
        self.shortened = shortened
        self.size_off_by = size_off_by
        self.withheld = withheld
        self.refuses = refuses
        self.heard: list[str] = []
        self._tls = tls

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join(timeout=10)

    def source(self, user: str, **given: Any) -> MailboxSource:
        values = {
            "name": "repairs",
            "host": "127.0.0.1",
            "port": self.port,
            "user": user,
            "password": Secret(env="INBOX_PASSWORD"),
            "tls": Tls.OFF,
            "timeout_seconds": 5,
            **given,
        }
        return MailboxSource(**values)

    def _serve(self) -> None:
        while True:
            try:
                talk, _ = self._server.accept()
            except OSError:
                return
            with suppress(OSError), talk, self._tls.wrap_socket(talk, server_side=True) if self._tls else talk as line:
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        line.sendall(b"* OK ready\r\n")
        with line.makefile("rb") as asked:
            for words in asked:
                said = words.decode().strip()
                self.heard.append(said)
                tag, _, command = said.partition(" ")
                for answer in self._answers(tag, command):
                    line.sendall(answer)

    def _answers(self, tag: str, command: str) -> Iterator[bytes]:
        done = f"{tag} OK done\r\n".encode()
        if command.startswith("CAPABILITY"):
            yield b"* CAPABILITY IMAP4rev1\r\n" + done
        elif command.startswith(("SELECT", "EXAMINE")):
            yield f"* {len(self.mails)} EXISTS\r\n* 0 RECENT\r\n* FLAGS ()\r\n".encode()
            yield f"* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {len(self.mails) + 1}] x\r\n".encode() + done
        elif command.startswith("UID SEARCH"):
            first, last = (int(number) for number in re.findall(r"(\d+):(\d+)", command)[0])
            numbers = " ".join(str(uid) for uid in range(first, min(last, len(self.mails)) + 1))
            yield f"* SEARCH {numbers}\r\n".encode() + done
        elif command.startswith("UID FETCH"):
            yield from self._fetch(tag, command, done)
        else:
            yield done

    def _fetch(self, tag: str, command: str, done: bytes) -> Iterator[bytes]:
        if self.refuses:
            yield {"NO": f"{tag} NO [SERVERBUG] x", "BAD": f"{tag} BAD x", "BYE": "* BYE x"}.get(
                self.refuses, "* 1 FETCH ((((\r\n* !!"
            ).encode() + b"\r\n"
            if self.refuses == "BYE":
                raise ConnectionAbortedError
            return
        uids = [int(uid) for uid in command.split()[2].split(",")]
        if "BODY" in command and self.withheld & set(uids):
            yield f"{tag} NO [SERVERBUG] x\r\n".encode()
            return
        yield b"* 9 EXPUNGE\r\n* 3 EXISTS\r\n"
        for uid in uids:
            yield self._one(uid, command)
        yield done

    def _one(self, uid: int, command: str) -> bytes:
        mail = self.mails[uid - 1]
        if "BODY" not in command:
            size = len(mail) + self.size_off_by
            return (
                f'* {uid} FETCH (UID {uid} RFC822.SIZE {size} INTERNALDATE "02-Nov-2026 09:30:00 +0000")\r\n'.encode()
            )
        part, key = mail, "BODY[]"
        start = re.search(r"<(\d+)\.1>", command)
        if start:
            part, key = mail[int(start[1]) :][:1], f"BODY[]<{start[1]}>"
        elif self.shortened:
            self.shortened -= 1
            part = mail[: len(mail) // 2]
        return f"* {uid} FETCH (UID {uid} {key} {{{len(part)}}}\r\n".encode() + part + b")\r\n"
