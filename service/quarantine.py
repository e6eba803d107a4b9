"""What could not be received as it came: read it again, or let a person supply the message; count it once."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.domain import Channel, Message
from pipeline.errors import InputError, RefusedRow
from pipeline.read.columns import parse_map
from pipeline.read.files import read_again
from pipeline.read.lines import line_of, read_jsonl
from service.audit_chain import ACTOR
from service.intake import Intake, Settlement
from service.queue import EventKind
from service.received import AlreadySettled, IdInUse, Received
from service.store import imports
from service.store import quarantine as store
from service.store.database import Database
from service.store.quarantine import Case

_NAME_LIMIT = 100
_NOTHING_KEPT = "no bytes of it were kept: a person must supply the message."


@dataclass(frozen=True, kw_only=True)
class Retried:
    """What reading again came to. `received` is None where the case waits on, and `reason` says why."""

    number: int
    received: Received | None = None
    reason: str = ""


def find(database: Database, number: int) -> Case:
    """One case, settled or not; InputError where there is none."""
    with database.reading() as connection:
        found = store.case(connection, number)
    if found is None:
        raise InputError(f"Nothing in quarantine has the number {number}: see `heard quarantine list`.")
    return found


def retry_all(database: Database, intake: Intake, channel: Channel | None) -> Iterator[Retried]:
    """Read everything that waits again, oldest first, each in a transaction of its own."""
    with database.reading() as connection:
        numbers = [case.number for case in store.waiting(connection)]
    for number in numbers:
        try:
            yield retry(database, intake, number, channel)
        except AlreadySettled:  # by somebody else, who says so
            continue


def retry(database: Database, intake: Intake, number: int, channel: Channel | None) -> Retried:
    """Read a case again with the readers as they are now. `channel` is for a row that does not name one."""
    case = _waiting(database, number)
    message = _read(database, case, channel)
    if isinstance(message, RefusedRow):
        return _waits_on(database, case, message.reason)
    try:
        why = f"Set aside as {case.place}: {case.reason}"
        settlement = Settlement(kind=EventKind.RETRIED, actor=ACTOR, why=why)
        return Retried(number=number, received=intake.settle(case, message, settlement))
    except IdInUse as conflict:
        return _waits_on(database, case, str(conflict))


def release(database: Database, intake: Intake, number: int, message: Message, *, by: str, why: str = "") -> Received:
    """Receive `message`, which a person supplied, as what was set aside. The bytes that came in are kept with it."""
    if not 0 < len(by.strip()) <= _NAME_LIMIT:
        raise InputError(f"Say who releases it, in at most {_NAME_LIMIT} characters.")
    case = _waiting(database, number)
    with database.reading() as connection:
        raw = store.raw_of(connection, number)
    reason = f"{why.strip() or 'Set aside'} ({case.place}: {case.reason})"
    settlement = Settlement(kind=EventKind.RELEASED, actor=by.strip(), why=reason)
    return intake.settle(case, replace(message, raw=raw), settlement)


def message_of(file: Path, channel: Channel | None) -> Message:
    """The one input row in a JSON file; RefusedRow says what is wrong with it."""
    return _row(file.read_bytes(), file, channel)


def message_of_text(file: Path, channel: Channel, number: int) -> Message:
    """The words in a UTF-8 file, under an id that only this case has."""
    try:
        words = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise RefusedRow("the file is not UTF-8 text.", source=str(file)) from None
    return _row(line_of(Message(id=f"quarantine-{number}", text=words, channel=channel)), file, channel)


def save_raw(database: Database, number: int, file: Path) -> int:
    """Write the bytes as they came to a new file that only its owner can read; answers how many."""
    case = find(database, number)
    with database.reading() as connection:
        raw = store.raw_of(connection, number)
    if not raw:
        where = f"they are kept with message {case.message_id}" if case.message_id else "none were kept"
        raise InputError(f"Number {number} has no bytes here: {where}.")
    file.touch(mode=0o600, exist_ok=False)
    return file.write_bytes(raw)


def _row(data: bytes, file: Path, channel: Channel | None) -> Message:
    found = next(read_jsonl([data], source=str(file), channel=channel), None)
    if isinstance(found, Message):
        return found
    raise RefusedRow(found.reason if found else "the file is empty.", source=str(file))


def _waiting(database: Database, number: int) -> Case:
    case = find(database, number)
    if case.settled_at is not None:
        raise AlreadySettled(f"Number {number} was settled before: it is message {case.message_id}.")
    return case


def _read(database: Database, case: Case, channel: Channel | None) -> Message | RefusedRow:
    with database.reading() as connection:
        raw = store.raw_waiting(connection, case.number)
        how = imports.read_with(connection, case.source, case.place, case.arrived_at)
    if raw is None:
        raise AlreadySettled(f"Number {case.number} was settled by somebody else meanwhile.")
    if not raw:
        return RefusedRow(_NOTHING_KEPT, source=case.place)
    if how is None:
        return read_again(raw, source=case.place, channel=channel)
    return read_again(raw, source=case.place, channel=channel or how.channel, columns=parse_map(how.pairs))


def _waits_on(database: Database, case: Case, reason: str) -> Retried:
    """Without bytes the first reason is the best there is."""
    if reason not in {_NOTHING_KEPT, case.reason}:
        with database.writing() as connection:
            store.set_reason(connection, case.number, reason)
    return Retried(number=case.number, reason=reason)
