"""A shared mailbox -> messages: each mail is received first, then the cursor moves, then it may be marked or moved.

A kill between two of these steps costs a recognised duplicate or a mark made later, never a mail (P1, P3, P14).
"""

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event

import structlog
from sqlalchemy.exc import DataError

from pipeline.errors import HeardError, RefusedRow
from pipeline.read.mail import MAIL_LIMIT, read_mail
from service.crashpoints import crashpoint
from service.intake import Intake
from service.mailbox import Fetched, Mailbox, Opened, connected
from service.oauth import Tokens
from service.received import IdInUse
from service.sources import MailboxSource, Trouble
from service.store import inboxes as store
from service.store.database import Database
from service.store.inboxes import Cursor

_TRIES = 5
"""Processes that may end with a mail in hand before it is set aside unread (F14)."""
_WITHHELD = 3
"""Times the server may fail to give a mail before it is set aside without its bytes."""

_log = structlog.get_logger()


def _now() -> datetime:
    return datetime.now(UTC)


class Inbox:
    """One mailbox that is watched. Not for two threads at once."""

    kind = "mailbox"

    def __init__(
        self, source: MailboxSource, database: Database, intake: Intake, now: Callable[[], datetime] = _now
    ) -> None:
        self.source = source
        self._database = database
        self._intake = intake
        self._now = now
        self._tokens = Tokens(source.oauth) if source.oauth else None
        self._withheld: Counter[tuple[str, int]] = Counter()
        self._uidnext: dict[str, int] = {}
        self._in_hand: tuple[str, int] | None = None

    def session(self, looked: Callable[[], None], stop: Event, *, once: bool) -> None:
        """Connect, then look and wait in turn until `stop` is set; with `once`, look and end. May raise Trouble."""
        with connected(self.source, self._tokens) as mailbox:
            while True:
                untidied = [self._look(mailbox, folder, stop) for folder in self.source.folders]
                for trouble in filter(None, untidied):
                    raise trouble
                if not stop.is_set():
                    looked()
                if once or stop.is_set():
                    return
                first = self.source.folders[0]
                if mailbox.open(first).uidnext == self._uidnext[first]:  # else something came while we looked
                    mailbox.wait(self.source.poll_seconds, stop)

    def _look(self, mailbox: Mailbox, folder: str, stop: Event) -> Trouble | None:
        """Receive what is new, then mark or move it. What hinders that is answered: it keeps no mail from us."""
        opened = mailbox.open(folder)
        self._uidnext[folder] = opened.uidnext
        cursor = self._cursor(mailbox, folder, opened)
        for uids in mailbox.windows(cursor.last_uid + 1, opened.uidnext - 1):
            for batch in mailbox.batches(uids):
                for fetched in batch:
                    if stop.is_set():
                        return None
                    self._take(mailbox, cursor, fetched)
        try:
            self._tidy(mailbox, cursor, opened.hindrance)
        except Trouble as trouble:
            return trouble
        return None

    def _cursor(self, mailbox: Mailbox, folder: str, opened: Opened) -> Cursor:
        """Where to go on. A folder numbered anew is read from its start: what is known is recognised (P13)."""
        with self._database.reading() as connection:
            known = store.cursor(connection, self.source.name, folder)
        if known and _numbered_alike(mailbox, known, opened):
            return known
        with self._database.writing() as connection:
            store.begin(connection, self.source.name, folder, opened.uidvalidity)
            begun = store.cursor(connection, self.source.name, folder)
        if known:
            _log.warning("inbox_numbered_anew", source=self.source.name, folder=folder)
        assert begun is not None  # noqa: S101  # written a line above
        return begun

    def _take(self, mailbox: Mailbox, cursor: Cursor, fetched: Fetched) -> None:
        if fetched.raw is None:
            self._not_given(mailbox, cursor, fetched.uid)
            return
        crashpoint("watch_after_fetch")
        self._receive(cursor, fetched, fetched.raw)
        crashpoint("watch_after_commit")
        with self._database.writing() as connection:
            store.advance(connection, cursor, fetched.uid, delivered_at=fetched.delivered)
            store.arrived(connection, self.source.name, self._now())
        crashpoint("watch_after_cursor")

    def _receive(self, cursor: Cursor, fetched: Fetched, raw: bytes) -> None:
        place = _place(cursor.folder, fetched.delivered, raw)
        if self._tried(cursor) > _TRIES:
            reason = f"{_TRIES} processes ended while reading this mail: a person must look at the file."
            self._set_aside(RefusedRow(reason, source=place, raw=raw), fetched.uid)
            return
        read = read_mail(raw, source=place, envelope=_envelope(fetched.delivered))
        if isinstance(read, RefusedRow):
            self._set_aside(_with_size(read, fetched), fetched.uid)
            return
        try:
            received = self._intake.receive(read, source=self.source.name)
            _log.info("inbox_received", source=self.source.name, message_id=received.message_id, new=received.new)
        except IdInUse:
            _log.warning("inbox_set_aside", source=self.source.name, uid=fetched.uid)
        except (HeardError, DataError) as error:
            reason = f"the mail could not be received ({type(error).__name__}): a person must look at the file."
            self._set_aside(RefusedRow(reason, source=place, raw=raw), fetched.uid)

    def _tried(self, cursor: Cursor) -> int:
        """How many processes have had the next mail in hand; each counts itself once, at its first mail."""
        if self._in_hand == (cursor.folder, cursor.uidvalidity):
            return 1
        with self._database.writing() as connection:
            tries = store.attempt(connection, cursor)
        self._in_hand = (cursor.folder, cursor.uidvalidity)
        return tries

    def _set_aside(self, refused: RefusedRow, uid: int) -> None:
        self._intake.set_aside(refused, source=self.source.name)
        _log.warning("inbox_set_aside", source=self.source.name, uid=uid)

    def _not_given(self, mailbox: Mailbox, cursor: Cursor, uid: int) -> None:
        """Removed by somebody else meanwhile: counted. Still there: tried again, then left to a person (P9)."""
        if not mailbox.uids(uid, uid):
            _log.warning("inbox_vanished", source=self.source.name, folder=cursor.folder, uid=uid)
            with self._database.writing() as connection:
                store.advance(connection, cursor, uid, vanished=1)
            return
        self._withheld[cursor.folder, uid] += 1
        if self._withheld[cursor.folder, uid] < _WITHHELD:
            raise Trouble(f"the server does not give the mail with UID {uid} in {cursor.folder!r} whole.")
        reason = "the server does not give this mail whole: a person must open it in the mailbox, where it still is."
        place = f"{cursor.folder};UIDVALIDITY={cursor.uidvalidity};UID={uid}"
        self._set_aside(RefusedRow(reason, source=place), uid)
        with self._database.writing() as connection:
            store.advance(connection, cursor, uid)

    def _tidy(self, mailbox: Mailbox, cursor: Cursor, hindrance: str) -> None:
        """Mark or move what is received and is not yet marked or moved; what was too large to keep stays."""
        if self.source.after == "leave":
            return
        if hindrance:
            raise Trouble(hindrance)
        with self._database.reading() as connection:
            now = store.cursor(connection, cursor.source, cursor.folder)
        if now is None or now.uidvalidity != cursor.uidvalidity or now.tidied_uid >= now.last_uid:
            return
        for uids in mailbox.windows(now.tidied_uid + 1, now.last_uid):
            smaller = mailbox.uids(uids[0], uids[-1], "SMALLER", str(MAIL_LIMIT + 1))
            mailbox.tidy(smaller)
        crashpoint("watch_after_tidy")
        with self._database.writing() as connection:
            store.tidied(connection, cursor, now.last_uid)


def _numbered_alike(mailbox: Mailbox, known: Cursor, opened: Opened) -> bool:
    """Whether UIDs mean what they meant. After a restore numbers may be given again under the same UIDVALIDITY: then
    the next number has gone back, or the last mail read is another.
    """
    if known.uidvalidity != opened.uidvalidity or known.last_uid >= opened.uidnext:
        return False
    delivered = mailbox.delivered(known.last_uid) if known.delivered_at else None
    return delivered is None or delivered == known.delivered_at


def _place(folder: str, delivered: datetime | None, raw: bytes) -> str:
    """Where a mail lay, by what stays the same when the server numbers the folder anew."""
    when = f"{delivered:%Y%m%dT%H%M%SZ}-" if delivered else ""
    return f"{folder}#{when}{hashlib.sha256(raw).hexdigest()[:12]}"


def _envelope(delivered: datetime | None) -> str:
    """INTERNALDATE as an mbox line has it: what the mailbox noted at delivery (P12)."""
    return f"From heard {delivered:%a %b %d %H:%M:%S %Y}" if delivered else ""


def _with_size(refused: RefusedRow, fetched: Fetched) -> RefusedRow:
    if fetched.size <= MAIL_LIMIT or len(refused.raw) <= MAIL_LIMIT:
        return refused
    size = f"the mail has {fetched.size:,} bytes; the limit is {MAIL_LIMIT:,}."
    reason = f"{size} Its start is kept, all of it is in the mailbox."
    return RefusedRow(reason, source=refused.source, raw=refused.raw)
