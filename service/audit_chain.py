"""The arithmetic of the audit record: each row's keyed hash is over its words and the hash of the row before. Pure."""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipeline.errors import InputError

FIRST = 1
BEFORE_FIRST = "0" * 64
"""What the first row has for the hash of the row before."""
ACTOR = "heard"
"""Who did what no person did."""
STARTED = "record.started"
"""The first row's kind; it names the key."""

Plain = str | int | float | bool | None


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """Somebody did something: `kind` as in `item.confirmed`, `about` as in `item:12`.

    It is kept for good, an erased person's too: ids, numbers and officers' names only, never what a resident wrote.
    """

    at: datetime
    kind: str
    actor: str
    about: str = ""
    detail: dict[str, Plain] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row as it is kept. `detail` is JSON text, so that no database can put it in another order."""

    seq: int
    at: datetime
    kind: str
    actor: str
    about: str
    detail: str
    previous: str
    hash: str


@dataclass(frozen=True, kw_only=True)
class Head:
    """The last row at some moment, written down where who can write to the database cannot."""

    seq: int
    hash: str


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is wrong at one place of the record."""

    seq: int
    what: str


def fingerprint(key: bytes) -> str:
    """Names a key without giving it away."""
    return hmac.new(key, b"the key of heard's audit record", hashlib.sha256).hexdigest()[:16]


def linked(key: bytes, event: AuditEvent, previous: Head) -> Row:
    """The row for an event that follows `previous`."""
    detail = json.dumps(event.detail, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    row = Row(
        seq=previous.seq + 1,
        at=event.at.astimezone(UTC),
        kind=_plain(event.kind, 60),
        actor=_plain(event.actor, 100),
        about=_plain(event.about, 220),
        detail=detail,
        previous=previous.hash,
        hash="",
    )
    return Row(**{**vars(row), "hash": keyed_hash(key, row)})


def started(key: bytes, at: datetime) -> Row:
    """The first row."""
    event = AuditEvent(at=at, kind=STARTED, actor=ACTOR, detail={"key": fingerprint(key)})
    return linked(key, event, Head(seq=FIRST - 1, hash=BEFORE_FIRST))


def keyed_hash(key: bytes, row: Row) -> str:
    """HMAC-SHA256 over the row and the hash before it, in one order and one spelling."""
    at = row.at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [row.seq, at, row.kind, row.actor, row.about, row.detail, row.previous]
    return hmac.new(key, json.dumps(fields, separators=(",", ":")).encode(), hashlib.sha256).hexdigest()


def faults(key: bytes, rows: Iterable[Row], heads: Iterable[Head] = ()) -> Iterator[Fault]:
    """Everything that does not fit, in the order of the rows; then what the published heads say is missing.

    Without a head nobody can tell that rows at the end are missing; without the right key nothing fits.
    """
    published: dict[int, set[str]] = {}
    for head in heads:
        published.setdefault(head.seq, set()).add(head.hash)
    before = Head(seq=FIRST - 1, hash=BEFORE_FIRST)
    for row in rows:
        yield from _misfits(key, row, before)
        if published.pop(row.seq, {row.hash}) != {row.hash}:
            yield Fault(seq=row.seq, what="differs from the head that was published")
        before = Head(seq=row.seq, hash=row.hash)
    for seq in sorted(published):
        yield Fault(seq=seq, what="is missing: a published head names it")


def _misfits(key: bytes, row: Row, before: Head) -> Iterator[Fault]:
    if row.seq != before.seq + 1:
        yield Fault(seq=before.seq + 1, what=f"is missing: the row after {before.seq} is {row.seq}")
    if row.previous != before.hash:
        yield Fault(seq=row.seq, what="does not follow from the row before it")
    if not hmac.compare_digest(row.hash, keyed_hash(key, row)):
        yield Fault(seq=row.seq, what="is not as it was written, or was written with another key")


def head_of_line(line: str) -> Head:
    """A head as a line of a file; InputError where it is none."""
    try:
        read = json.loads(line)
        return Head(seq=int(read["seq"]), hash=str(read["hash"]))
    except (ValueError, TypeError, KeyError):
        raise InputError('a head is a line as {"seq": 12, "hash": "..."}: has the file been changed?') from None


def line_of_head(head: Head, at: datetime) -> str:
    """A line of a file of heads."""
    return json.dumps({"seq": head.seq, "hash": head.hash, "at": at.astimezone(UTC).isoformat(timespec="seconds")})


def _plain(text: str, limit: int) -> str:
    """As both databases give it back: what they would refuse or change could not be verified."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")[:limit]
