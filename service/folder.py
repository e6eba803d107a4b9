"""A folder into which files are put -> messages. A file is claimed, read, received, and only then put away.

Claiming is a rename into `.heard`, which only the watcher writes to: nobody can put a link in the file's place between
the look and the read, and after a kill the file is still there and is read first (F27). There it lies in a folder
whose name counts the processes that took it up (F14).
"""

import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import structlog
from sqlalchemy.exc import DataError

from pipeline.domain import Message
from pipeline.errors import HeardError, InputError, RefusedRow, UnreadableSource
from pipeline.read.files import read_paths
from pipeline.read.lines import line_of
from pipeline.read.mail import MAIL_LIMIT
from service.crashpoints import crashpoint
from service.intake import Intake
from service.received import IdInUse
from service.sources import FolderSource, Trouble
from service.store import inboxes as store
from service.store.database import Database

CLAIMED, DONE, REFUSED = ".heard", "done", "refused"
_UNFINISHED = (".part", ".tmp", ".partial", ".filepart", ".crdownload", ".download")

_TRIES = 5
"""Processes that may end with a file in hand before it is refused unread."""

Seen = tuple[int, int, int]
"""Inode, size and time of change: what must stay the same for a file to count as finished."""

_log = structlog.get_logger()


def _now() -> datetime:
    return datetime.now(UTC)


class WatchedFolder:
    """One folder that is watched."""

    kind = "folder"

    def __init__(
        self,
        source: FolderSource,
        database: Database,
        intake: Intake,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self.source = source
        self._database = database
        self._intake = intake
        self._clock = clock
        self._now = now
        self._seen: dict[str, tuple[Seen, float]] = {}
        self._told: set[str] = set()
        self._in_hand: set[str] = set()

    def session(self, looked: Callable[[], None], stop: Event, *, once: bool) -> None:
        """Look and wait in turn until `stop` is set; with `once`, look, wait till files are settled, look, end."""
        try:
            self._prepare()
            self.look(stop)
            if once:
                stop.wait(self.source.settle_seconds)
                self.look(stop)
            looked()
            while not once and not stop.wait(self.source.poll_seconds):
                self.look(stop)
                looked()
        except OSError as error:
            raise Trouble(f"the folder {self.source.path} cannot be used: {error.strerror}.") from None

    def look(self, stop: Event) -> None:
        """Receive every file that was claimed before, and every one that is finished."""
        for left in sorted((self.source.path / CLAIMED).glob("*/*")):
            self._take_up_again(left, stop)
        for name in self._finished():
            if stop.is_set():
                return
            claimed = self.source.path / CLAIMED / "1" / name
            try:
                (self.source.path / name).rename(claimed)
            except FileNotFoundError:  # taken away again
                continue
            self._in_hand.add(name)
            crashpoint("watch_after_claim")
            self._receive_file(claimed, stop)

    def _take_up_again(self, left: Path, stop: Event) -> None:
        """A file another process, or this one after a trouble, could not finish."""
        tries = int(left.parent.name)
        if left.name not in self._in_hand and tries >= _TRIES:
            reason = f"{_TRIES} processes ended while reading this file: a person must look at it."
            self._set_aside(RefusedRow(reason, source=left.name, raw=_bytes(left)))
            self._put_away(left, REFUSED)
        elif left.name not in self._in_hand:
            self._in_hand.add(left.name)
            self._receive_file(left.rename(self.source.path / CLAIMED / str(tries + 1) / left.name), stop)
        else:
            self._receive_file(left, stop)

    def _prepare(self) -> None:
        if not self.source.path.is_dir():
            raise Trouble(f"the folder {self.source.path} is not there.")
        for name in (CLAIMED, DONE, REFUSED, *(f"{CLAIMED}/{tries}" for tries in range(1, _TRIES + 1))):
            (self.source.path / name).mkdir(mode=0o700, exist_ok=True)

    def _finished(self) -> list[str]:
        """Names of ordinary files whose size has stayed the same long enough, oldest change first."""
        now, settled, present = self._clock(), list[tuple[int, str]](), dict[str, tuple[Seen, float]]()
        for path, seen in self._candidates():
            before, since = self._seen.get(path.name, (None, now))
            present[path.name] = (seen, since if before == seen else now)
            if now - present[path.name][1] >= self.source.settle_seconds:
                settled.append((seen[2], path.name))
        self._seen = present
        return [name for _, name in sorted(settled)]

    def _candidates(self) -> Iterator[tuple[Path, Seen]]:
        for path in self.source.path.iterdir():
            if path.name.startswith((".", "~$")) or path.name.lower().endswith(_UNFINISHED):
                continue
            try:
                found = path.lstat()
            except FileNotFoundError:
                continue
            if stat.S_ISREG(found.st_mode):
                yield path, (found.st_ino, found.st_size, found.st_mtime_ns)
            elif path.name not in {DONE, REFUSED}:
                self._ignored(path.name)

    def _ignored(self, name: str) -> None:
        """A link, a folder, a pipe, a device: said once."""
        if name not in self._told:
            self._told.add(name)
            _log.warning("folder_ignored", source=self.source.name, file=name, reason="not an ordinary file")

    def _receive_file(self, path: Path, stop: Event) -> None:
        if not stat.S_ISREG(path.lstat().st_mode):
            self._put_away(path, REFUSED)
            return
        taken, found = 0, None
        for found in read_paths([str(path)], channel=self.source.channel):
            if stop.is_set():  # the file stays claimed; what was received is recognised next time
                return
            taken += self._take(path, found)
        crashpoint("watch_after_file")
        with self._database.writing() as connection:
            store.arrived(connection, self.source.name, self._now())
        self._put_away(path, REFUSED if found and not taken else DONE)
        crashpoint("watch_after_put_away")

    def _take(self, path: Path, found: Message | InputError) -> bool:
        """Receive or set aside; whether it could be read."""
        if isinstance(found, RefusedRow):
            self._set_aside(RefusedRow(found.reason, source=_place(found.source), line=found.line, raw=found.raw))
        elif isinstance(found, UnreadableSource):
            self._set_aside(RefusedRow(_reason(path, found), source=path.name, raw=_bytes(path)))
        elif isinstance(found, Message):
            self._receive(replace(found, source=_place(found.source or found.id)))
            return True
        return False

    def _receive(self, message: Message) -> None:
        try:
            received = self._intake.receive(message, source=self.source.name)
            _log.info("folder_received", source=self.source.name, message_id=received.message_id, new=received.new)
        except IdInUse:
            _log.warning("folder_set_aside", source=self.source.name)
        except (HeardError, DataError) as error:
            reason = f"it could not be received ({type(error).__name__}): a person must look at it."
            refused = RefusedRow(reason, source=message.source or message.id, raw=message.raw or line_of(message))
            self._set_aside(refused)

    def _set_aside(self, refused: RefusedRow) -> None:
        self._intake.set_aside(refused, source=self.source.name)
        _log.warning("folder_set_aside", source=self.source.name)

    def _put_away(self, path: Path, where: str) -> None:
        """Into `done` or `refused`, under its own name or, where that is taken, one with a number."""
        target, number = self.source.path / where / path.name, 0
        while target.exists() or target.is_symlink():
            number += 1
            target = target.with_name(f"{path.stem}-{number}{path.suffix}")
        path.rename(target)
        self._in_hand.discard(path.name)


def _place(source: str) -> str:
    """The file's own name with what follows it: where it lay meanwhile says nothing."""
    inside = source.rpartition(f"/{CLAIMED}/")
    return inside[2].partition("/")[2] if inside[1] else source


def _reason(path: Path, error: UnreadableSource) -> str:
    return str(error).removeprefix(f"{path}: ")


def _bytes(path: Path) -> bytes:
    """What there is to keep of a file that no reader takes."""
    try:
        with path.open("rb") as file:
            return file.read(MAIL_LIMIT)
    except OSError:
        return b""
