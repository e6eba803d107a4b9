"""What the audit record is told by routes that change nothing in the database: who looked."""

from service.api.context import Context
from service.audit import record
from service.audit_chain import AuditEvent
from service.store.items import database_time

NO_NAME = "nobody signed in"


def viewed(parts: Context, by: str, about: str) -> None:
    """Record that `by` is shown a case, before it is: about `item:12` or `message:ID`."""
    _record(parts, "case.viewed", by, about)


def _record(parts: Context, kind: str, by: str, about: str) -> None:
    with parts.database.writing() as connection:
        event = AuditEvent(at=database_time(connection), kind=kind, actor=by or NO_NAME, about=about)
        record(connection, event)
