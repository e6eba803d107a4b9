"""Everything kept about one resident, in files to hand over (UK GDPR Art. 15, and 20 for the JSON)."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader

from pipeline.errors import InputError
from service import audit
from service.audit_chain import AuditEvent
from service.contacts import sender_of
from service.privacy import RequestKind, sender_sha256
from service.store import erasure, holds, person
from service.store.database import Database

_PAGE = "person.html.jinja"
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written. `mentions` are messages of others in which the address occurs: they are not in the export."""

    messages: int
    cases: int
    mentions: tuple[str, ...]


def _now() -> datetime:
    return datetime.now(UTC)


def export_person(
    database: Database, sender: str, folder: Path, *, by: str, now: Callable[[], datetime] = _now
) -> Exported:
    """Write person.json, person.html and the messages as received into a new folder that only its owner can read."""
    address = sender_of(sender)
    if not address:
        raise InputError("Give the address, or whatever stands as the sender of the messages.")
    _make(folder)
    with database.reading() as connection:
        names = [kept.id for kept in erasure.messages_of(connection, address)]
        cases = erasure.cases_with(connection, address)
        mentions = erasure.mentions(connection, address, set(names))
        found: dict[str, Any] = {"sender": address, "written_at": now(), "messages": [], "set_aside": []}
        for number, name in enumerate(names, start=1):
            raw = _keep(folder / f"message-{number}.raw", person.raw_of(connection, name))
            found["messages"].append({**person.about(connection, name), "as_received": raw})
        for number in cases:
            facts, data = person.set_aside(connection, number)
            found["set_aside"].append({**facts, "as_received": _keep(folder / f"set-aside-{number}.raw", data)})
    _write(folder / "person.json", json.dumps(found, ensure_ascii=False, indent=1, default=_json).encode())
    _write(folder / "person.html", _page(found).encode())
    exported = Exported(messages=len(names), cases=len(cases), mentions=tuple(mentions))
    _log(database, address, exported, by=by, at=now())
    return exported


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=_PRIVATE_FOLDER)
    except OSError as error:
        raise InputError(f"{folder} cannot be made ({error.strerror}): name a new folder.") from None


def _keep(path: Path, data: bytes) -> str | None:
    if data:
        _write(path, data)
    return path.name if data else None


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=_PRIVATE_FILE, exist_ok=False)
    path.write_bytes(data)


def _json(value: object) -> str:
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _page(found: dict[str, Any]) -> str:
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    return templates.get_template(_PAGE).render(found)


def _log(database: Database, address: str, exported: Exported, *, by: str, at: datetime) -> None:
    with database.writing() as connection:
        number = holds.log_request(connection, RequestKind.ACCESS, sender_sha256(address), reason="", by=by, at=at)
        holds.log_outcome(connection, number, exported.messages, {"cases": exported.cases}, at)
        event = AuditEvent(
            at=at,
            kind="person.exported",
            actor=by,
            about=f"privacy_request:{number}",
            detail={"messages": exported.messages, "cases": exported.cases},
        )
        audit.record(connection, event)
