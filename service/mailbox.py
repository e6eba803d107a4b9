r"""One IMAP connection: what the watcher asks of it, by UID only, and its troubles as sentences.

Never relies on UNSEEN, never sets \Seen (BODY.PEEK). Every answer is bounded: message numbers are asked for in
windows, mails in batches of a few megabytes, so that neither memory nor imaplib's line limit (1,000,000 bytes) grows
with the mailbox (F22).
"""

import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from pipeline.read.mail import MAIL_LIMIT
from service.imap_troubles import code_of, spoken
from service.oauth import Tokens
from service.sources import LoginRefused, MailboxSource, MoveTo, SetKeyword, Tls, Trouble

_WINDOW, _WIDEST = 1_000, 65_536
"""UIDs asked for at once: 65,536 of them are 720 kB at most, under imaplib's limit for a line."""
_BATCH_MAILS, _BATCH_BYTES = 50, 4_000_000
"""Fetched at once, at most. A connection begins with one mail and doubles, so that one often cut gets on, too."""


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A folder as it was opened: its numbering, the number of the next mail, and what keeps mails from being marked."""

    uidvalidity: int
    uidnext: int
    hindrance: str = ""


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """What the server gave for one UID. `raw` is None where it gave no whole mail; over MAIL_LIMIT it is the start."""

    uid: int
    raw: bytes | None
    size: int = 0
    delivered: datetime | None = None


class Mailbox:
    """A connection after login. Every method may raise Trouble; the connection is then of no more use."""

    def __init__(self, client: IMAPClient, source: MailboxSource) -> None:
        self._client = client
        self._after = source.after
        self._batch = 1

    def open(self, folder: str) -> Opened:
        """Open a folder, read-only unless mails are to be marked or moved."""
        with spoken(f"the folder {folder!r} cannot be opened"):
            answer = self._client.select_folder(folder, readonly=self._after == "leave")
            if b"UIDNEXT" not in answer:
                answer |= self._client.folder_status(folder, ["UIDNEXT"])
            return Opened(
                uidvalidity=int(answer[b"UIDVALIDITY"]),
                uidnext=int(answer[b"UIDNEXT"]),
                hindrance=self._hindrance(answer, folder),
            )

    def windows(self, first: int, last: int) -> Iterator[list[int]]:
        """The UIDs there are from `first` to `last`, in order, a bounded number at a time."""
        width = _WINDOW
        while first <= last:
            end = min(first + width - 1, last)
            found = self.uids(first, end)
            if found:
                yield found
            width = _WINDOW if len(found) > _WINDOW // 2 else min(width * 2, _WIDEST)
            first = end + 1

    def uids(self, first: int, last: int, *also: str) -> list[int]:
        """The UIDs there are from `first` to `last`. More criteria of RFC 3501, 6.4.4 may be given."""
        with spoken("the server does not search"):
            found = self._client.search(["UID", f"{first}:{last}", *also])
        return sorted(uid for uid in found if first <= uid <= last)

    def delivered(self, uid: int) -> datetime | None:
        """When the mailbox got a mail (INTERNALDATE), None where the mail is gone."""
        with spoken("the server does not tell the mails' dates"):
            return _aware(self._fetch([uid], ["INTERNALDATE"]).get(uid, {}).get(b"INTERNALDATE"))

    def batches(self, uids: Sequence[int]) -> Iterator[list[Fetched]]:
        """Everything about every UID, in order; what the server did not give comes with `raw` None."""
        while uids:
            some, uids = uids[: self._batch], uids[self._batch :]
            with spoken("the server does not tell the mails' sizes"):
                about = self._fetch(some, ["RFC822.SIZE", "INTERNALDATE"])
            for group in _by_size(some, about):
                with spoken("the server does not give the mails"):
                    bodies = self._bodies(group, about)
                yield bodies
            self._batch = min(self._batch * 2, _BATCH_MAILS)

    def _bodies(self, uids: list[int], about: dict[int, dict[bytes, Any]]) -> list[Fetched]:
        if len(uids) == 1 and _size(about, uids[0]) > MAIL_LIMIT:
            item, key = f"BODY.PEEK[]<0.{MAIL_LIMIT + 1}>", b"BODY[]<0>"
        else:
            item, key = "BODY.PEEK[]", b"BODY[]"
        bodies = self._fetch([uid for uid in uids if uid in about], [item])
        return [self._fetched(uid, bodies.get(uid, {}).get(key), about.get(uid, {})) for uid in uids]

    def _fetched(self, uid: int, raw: bytes | None, about: dict[bytes, Any]) -> Fetched:
        size, delivered = int(about.get(b"RFC822.SIZE", 0)), about.get(b"INTERNALDATE")
        if raw is not None and len(raw) <= MAIL_LIMIT and len(raw) != size and not self._ends_at(uid, len(raw)):
            raw = None
        return Fetched(uid=uid, raw=raw, size=size, delivered=_aware(delivered))

    def _ends_at(self, uid: int, length: int) -> bool:
        """Whether nothing comes after what came. Exchange estimates RFC822.SIZE, so a difference alone says little."""
        answer = self._fetch([uid], [f"BODY.PEEK[]<{length}.1>"])
        return uid in answer and not answer[uid].get(f"BODY[]<{length}>".encode())

    def _fetch(self, uids: Sequence[int], items: list[str]) -> dict[int, dict[bytes, Any]]:
        """One FETCH; where the server says NO to several, since one of them is gone or broken, one at a time."""
        try:
            return dict(self._client.fetch(uids, items))
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            if len(uids) == 1:
                return {}
        return {uid: found for one in uids for uid, found in self._fetch([one], items).items()}

    def tidy(self, uids: Sequence[int]) -> None:
        """Mark or move mails, as the source says. What others removed meanwhile is passed over (RFC 3501, RFC 6851)."""
        for start in range(0, len(uids), _BATCH_MAILS):
            some = uids[start : start + _BATCH_MAILS]
            with spoken("the mails cannot be marked or moved"):
                if isinstance(self._after, SetKeyword):
                    self._client.add_flags(some, [self._after.keyword], silent=True)
                elif isinstance(self._after, MoveTo):
                    self._move(some, self._after.move)

    def _move(self, uids: Sequence[int], folder: str) -> None:
        if self._client.has_capability("MOVE"):
            self._client.move(uids, folder)
        elif self._client.has_capability("UIDPLUS"):
            self._client.copy(uids, folder)
            self._client.add_flags(uids, ["\\Deleted"], silent=True)
            self._client.uid_expunge(uids)
        else:
            raise Trouble("the server knows neither MOVE nor UIDPLUS: use after = 'leave' or a keyword.")

    def wait(self, seconds: float, stop: Event) -> None:
        """Until the server says something (IDLE, RFC 2177), `stop` is set or the time is over."""
        if not self._client.has_capability("IDLE"):
            stop.wait(seconds)
            return
        with spoken("the server does not let us wait"):
            self._client.idle()
            until = time.monotonic() + seconds
            while not stop.is_set() and time.monotonic() < until:
                began = time.monotonic()
                if self._client.idle_check(timeout=0.5) or time.monotonic() - began < 0.1:
                    break  # woken without words: the connection is closed, and the next command says so
            self._client.idle_done()

    def _hindrance(self, answer: dict[bytes, Any], folder: str) -> str:
        if self._after != "leave" and not answer.get(b"READ-WRITE", False):
            return f"the folder {folder!r} is read-only here: use after = 'leave'."
        kept = {bytes(flag).lower() for flag in answer.get(b"PERMANENTFLAGS", ())}
        if isinstance(self._after, SetKeyword) and not {b"\\*", self._after.keyword.lower().encode()} & kept:
            return f"the server keeps no keywords in {folder!r}: use after = 'leave' or move."
        return ""


@contextmanager
def connected(source: MailboxSource, tokens: Tokens | None) -> Iterator[Mailbox]:
    """A connection after login, closed at the end. TLS is checked always, and there is no way round it (F26)."""
    with spoken(f"{source.host} cannot be reached"):
        client = IMAPClient(
            source.host,
            port=source.port or (993 if source.tls is Tls.ON else 143),
            ssl=source.tls is Tls.ON,
            ssl_context=_context(source),
            timeout=source.timeout_seconds,
        )
    client.normalise_times = False
    try:
        with spoken("no login"):
            if source.tls is Tls.STARTTLS:
                client.starttls(_context(source))
            _log_in(client, source, tokens)
        yield Mailbox(client, source)
    finally:
        _close(client)


def _close(client: IMAPClient) -> None:
    """Without LOGOUT, whose answer could be waited for in vain: the server sees the end all the same."""
    try:
        client.shutdown()
    except OSError:
        return


def _context(source: MailboxSource) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=source.ca_file)


def _log_in(client: IMAPClient, source: MailboxSource, tokens: Tokens | None) -> None:
    try:
        if tokens is not None:
            client.oauth2_login(source.user, tokens.get())
        elif source.password is not None and client.has_capability("AUTH=PLAIN"):
            client.plain_login(source.user, source.password.read())
        elif source.password is not None:
            client.login(source.user, source.password.read())
    except LoginError as error:
        if isinstance(error.__context__, IMAPClientAbortError):
            raise Trouble("the connection was cut during login.") from None
        if tokens is not None:
            tokens.drop()
        raise LoginRefused(f"the server refused the login of {source.user}{code_of(error)}.") from None


def _by_size(uids: Sequence[int], about: dict[int, dict[bytes, Any]]) -> Iterator[list[int]]:
    """Neighbours that make no more than a few megabytes together."""
    group: list[int] = []
    total = 0
    for uid in uids:
        if group and total + _size(about, uid) > _BATCH_BYTES:
            yield group
            group, total = [], 0
        group.append(uid)
        total += _size(about, uid)
    if group:
        yield group


def _size(about: dict[int, dict[bytes, Any]], uid: int) -> int:
    return int(about.get(uid, {}).get(b"RFC822.SIZE", 0))


def _aware(moment: object) -> datetime | None:
    return moment.astimezone(UTC) if isinstance(moment, datetime) and moment.tzinfo else None
