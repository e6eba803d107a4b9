"""Wordings that tell a resident how to complain, by profile: those heard ships, and what an administrator made of them.

A version is kept in the database once an administrator changes it or an officer sends it, and never changes then, so
that an offer says for good which words were sent. What heard ships is in use until an administrator writes another.
"""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import Connection

from service.audit import record
from service.audit_chain import AuditEvent, Plain
from service.refusals import Changed
from service.store import wordings as store
from service.store.wordings import Version

_FILE = Path(__file__).parent / "wordings.toml"
_SHIPPED_AT = datetime(2026, 11, 1, tzinfo=UTC)
OMBUDSMEN = {"hos": "Housing Ombudsman Service", "lgsco": "Local Government and Social Care Ombudsman"}


@cache
def _shipped(profile: str) -> Mapping[str, Version]:
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8")).get(profile, [])
    return {
        row["id"]: Version(
            wording_id=row["id"], version=1, name=row["name"], text=row["text"].strip(), made_at=_SHIPPED_AT
        )
        for row in rows
    }


def newest(connection: Connection, profile: str) -> list[Version]:
    """The newest version of each wording, by name, those out of use too."""
    kept, shipped = store.latest(connection, profile), _shipped(profile)
    found = [_newest(kept.get(name), shipped.get(name)) for name in {**shipped, **kept}]
    return sorted((each for each in found if each), key=lambda each: (each.name, each.wording_id))


def in_use(connection: Connection, profile: str) -> list[Version]:
    """Those an officer chooses from; none for a profile that has none, and the officer writes their own."""
    return [each for each in newest(connection, profile) if each.in_use]


def versions(connection: Connection, profile: str, wording_id: str) -> list[Version]:
    """Every version of a wording, the newest first; none where there is no such wording."""
    kept, shipped = store.versions(connection, profile, wording_id), _shipped(profile).get(wording_id)
    first = _newest(kept[0] if kept else None, shipped)
    return kept if first is None or first in kept else [first, *kept]


def sent(connection: Connection, profile: str, wording_id: str, version: int | None = None) -> Version | None:
    """That version of a wording, the newest one in use where none is named, kept from now on; None for no such one."""
    found = [each for each in versions(connection, profile, wording_id) if version in {None, each.version}]
    if not found or (version is None and not found[0].in_use):
        return None
    return found[0] if found[0].id else _kept(connection, profile, found[0])


def save(connection: Connection, profile: str, made: Version) -> Version:
    """Keep a new version in the place of the one before; Changed where somebody else made one meanwhile."""
    before = versions(connection, profile, made.wording_id)
    if before and not before[0].id:
        _kept(connection, profile, before[0])
    if made.version != (before[0].version if before else 0) + 1 or not store.add(connection, profile, made):
        by = before[0].made_by if before else ""
        raise Changed(f"{by or 'Somebody'} changed this wording meanwhile. Look at theirs, then save yours again.")
    detail: dict[str, Plain] = {"version": made.version, "in_use": made.in_use, "sha256": _sha256(made)}
    about = f"wording:{profile}/{made.wording_id}"
    record(
        connection, AuditEvent(at=made.made_at, kind="wording.changed", actor=made.made_by, about=about, detail=detail)
    )
    return versions(connection, profile, made.wording_id)[0]


def id_for(connection: Connection, profile: str, name: str) -> str:
    """An id for a new wording, made of its name."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "wording"
    taken = {each.wording_id for each in newest(connection, profile)}
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken | {"new"} else next(each for each in numbered if each not in taken)


def _newest(kept: Version | None, shipped: Version | None) -> Version | None:
    """What an administrator wrote, else what heard ships now: after an upgrade that may be other words."""
    if kept is None or shipped is None or kept.made_by or (kept.name, kept.text) == (shipped.name, shipped.text):
        return kept or shipped
    return replace(shipped, version=kept.version + 1)


def _kept(connection: Connection, profile: str, shipped: Version) -> Version:
    store.add(connection, profile, shipped)
    return next(
        each for each in store.versions(connection, profile, shipped.wording_id) if each.version == shipped.version
    )


def _sha256(made: Version) -> str:
    return hashlib.sha256(f"{made.name}\n{made.text}".encode()).hexdigest()
