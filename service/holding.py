"""Put a hold on what must not be removed, as while the Ombudsman looks into a case, and end it."""

from datetime import UTC, datetime

from sqlalchemy import Connection

from pipeline.errors import InputError
from service import audit
from service.audit_chain import AuditEvent
from service.contacts import sender_of
from service.privacy import HoldKind, sender_sha256
from service.store import holds, messages
from service.store.database import Database

_LONGEST = 200


def add(
    database: Database,
    *,
    by: str,
    reason: str,
    sender: str | None = None,
    message: str | None = None,
    case: str | None = None,
) -> int:
    """Hold what one of the three names; answers the hold's number."""
    if sum(value is not None for value in (sender, message, case)) != 1:
        raise InputError("Say what to hold: a sender, a message or a case; one of them.")
    if not reason.strip():
        raise InputError("Say why it must be kept.")
    now = datetime.now(UTC)
    with database.writing() as connection:
        kind, value = _what(connection, sender, message, case)
        number = holds.add(connection, kind, value, reason=reason.strip(), by=by, at=now)
        audit.record(connection, AuditEvent(at=now, kind="hold.added", actor=by, about=f"hold:{number}"))
    return number


def lift(database: Database, number: int, *, by: str) -> None:
    """End a hold; what it covered may be removed from now on."""
    now = datetime.now(UTC)
    with database.writing() as connection:
        if not holds.lift(connection, number, by=by, at=now):
            raise InputError(f"No hold in force has the number {number}: see `heard hold list`.")
        audit.record(connection, AuditEvent(at=now, kind="hold.lifted", actor=by, about=f"hold:{number}"))


def _what(connection: Connection, sender: str | None, message: str | None, case: str | None) -> tuple[HoldKind, str]:
    if sender is not None and sender_of(sender):
        return HoldKind.SENDER, sender_sha256(sender)
    if message is not None:
        if messages.known_content(connection, message) is None:
            raise InputError("There is no message with this id.")
        return HoldKind.MESSAGE, message
    if case is not None and 0 < len(case.strip()) <= _LONGEST:
        return HoldKind.CASE, case.strip()
    raise InputError(f"A sender or a case has a name, of at most {_LONGEST} characters.")
