"""Erase a person everywhere heard keeps anything (UK GDPR Art. 17), and keep count of what there was."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection

from pipeline.errors import InputError
from service import audit, copies, erase_list
from service.audit_chain import AuditEvent
from service.contacts import sender_of
from service.crashpoints import crashpoint
from service.erase_list import Erased
from service.privacy import HoldKind, Kept, RequestKind, is_held, sender_sha256
from service.store import erasure as store
from service.store import holds, retention
from service.store.database import Database
from service.store.recovering import addresses_of
from service.store.wiping import wipe

_BATCH = 200


class NotErased(InputError):
    """Erasing must wait: a hold, or an item that is still open."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where a person is. `mentions` are messages of others in which the address occurs."""

    messages: tuple[Kept, ...]
    open_items: tuple[int, ...]
    held: tuple[str, ...]
    cases: tuple[int, ...]
    mentions: tuple[str, ...]
    files: tuple[Path, ...]
    unsearched: tuple[Path, ...]


@dataclass(frozen=True, kw_only=True)
class Done:
    """What was erased. `wiped` is False where others use the database: its journal may hold something yet."""

    found: Found
    notes: int
    wiped: bool


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Who asked for what. `also` names messages of others to erase with it."""

    by: str
    reason: str = ""
    also: frozenset[str] = frozenset()


def _now() -> datetime:
    return datetime.now(UTC)


class Eraser:
    """`folders` hold copies; `own` are the organisation's own addresses and domains, which are nobody's."""

    def __init__(
        self,
        database: Database,
        url: str,
        list_file: Path,
        *,
        folders: Sequence[Path] = (),
        own: Collection[str] = (),
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._database = database
        self._url = url
        self._list = list_file
        self._folders = folders
        self._own = own
        self._now = now

    def find(self, sender: str, also: frozenset[str] = frozenset(), until: datetime | None = None) -> Found:
        """Where a person is; changes nothing."""
        address = self._address(sender)
        with self._database.reading() as connection:
            of_sender = store.messages_of(connection, address, until)
            messages = (*of_sender, *store.messages_named(connection, also - {kept.id for kept in of_sender}))
            names = {kept.id for kept in messages}
            covered = holds.covered(connection)
            person = (HoldKind.SENDER, sender_sha256(address))
            held = tuple(kept.id for kept in messages if is_held(kept, covered))
            copied = copies.search(self._folders, [address, *names])
            return Found(
                messages=messages,
                open_items=tuple(store.open_items(connection, names)),
                held=held or (("the sender",) if person in covered else ()),
                cases=tuple(store.cases_with(connection, address, until)),
                mentions=tuple(store.mentions(connection, address, names)),
                files=copied.with_person,
                unsearched=copied.unsearched,
            )

    def erase(self, sender: str, asked: Asked) -> Done:
        """Erase a person. NotErased, and nothing is changed, where a hold or an open item stands against it.

        The erase list is written first: an erasure that is cut off is ended by asking again, or from the list.
        """
        found = self.find(sender, asked.also)
        _refuse(found)
        until = self._now()
        erase_list.append(self._list, Erased(sender_sha256=sender_sha256(sender), until=until))
        crashpoint("erasure_after_list")
        return self._carry_out(self._address(sender), found, asked)

    def erase_again(self, by: str) -> list[Done]:
        """After a backup was restored: erase whoever the list names, up to when they were erased.

        What is open in the backup is erased too: it was closed, or it would not be on the list. Holds stand.
        """
        latest = {one.sender_sha256: one.until for one in erase_list.read(self._list)}
        with self._database.reading() as connection:
            addresses = addresses_of(connection, set(latest))
        done = []
        for digest, address in addresses.items():
            found = self.find(address, until=latest[digest])
            if found.held:
                raise NotErased(_held(found))
            done.append(self._carry_out(address, found, Asked(by=by, reason="again, from the erase list")))
        return done

    def _carry_out(self, address: str, found: Found, asked: Asked) -> Done:
        number = self._begin(address, asked)
        names = {kept.id for kept in found.messages}
        for start in range(0, len(found.messages), _BATCH):
            self._remove(found.messages[start : start + _BATCH])
        with self._database.writing() as connection:
            retention.empty_cases(connection, found.cases)
            store.unlink(connection, names)
            notes = store.clean_notes(connection, address)
            store.forget_views(connection, address)
            holds.forget_lifted(connection, _values(address, found.messages))
            self._end(connection, number, found, notes, asked.by)
        copies.remove(found.files)
        crashpoint("erasure_before_wipe")
        return Done(found=found, notes=notes, wiped=wipe(self._url, whole=True))

    def _begin(self, address: str, asked: Asked) -> int:
        reason = store.without(asked.reason, address)
        with self._database.writing() as connection:
            return holds.log_request(
                connection, RequestKind.ERASURE, sender_sha256(address), reason=reason, by=asked.by, at=self._now()
            )

    def _remove(self, some: Sequence[Kept]) -> None:
        with self._database.writing() as connection:
            store.forget_answers(connection, [kept.id for kept in some])
            there = store.messages_named(connection, [kept.id for kept in some])  # retention may have been first
            retention.remove(connection, {kept.id: kept.why for kept in there}, self._now())
            crashpoint("erasure_in_batch")

    def _end(self, connection: Connection, number: int, found: Found, notes: int, by: str) -> None:
        outcome = {"cases": len(found.cases), "notes": notes, "files": len(found.files)}
        holds.log_outcome(connection, number, len(found.messages), outcome, self._now())
        event = AuditEvent(
            at=self._now(),
            kind="person.erased",
            actor=by,
            about=f"privacy_request:{number}",
            detail={"messages": len(found.messages), **outcome},
        )
        audit.record(connection, event)

    def _address(self, sender: str) -> str:
        address = sender_of(sender)
        if not address:
            raise InputError("Give the address, or whatever stands as the sender of the messages.")
        if address in self._own or f"@{address.rpartition('@')[2]}" in self._own:
            raise InputError("This is an address of the organisation itself (own_addresses), not of a resident.")
        return address


def _refuse(found: Found) -> None:
    if found.held:
        raise NotErased(_held(found))
    if found.open_items:
        listed = ", ".join(map(str, found.open_items[:5]))
        more = " and others" if len(found.open_items) > 5 else ""
        raise NotErased(
            f"{len(found.open_items)} items are still open ({listed}{more}). The record of a live complaint is kept "
            "(UK GDPR Art. 17(3)): close them first."
        )


def _held(found: Found) -> str:
    return f"A hold covers {', '.join(found.held[:5])}: see `heard hold list`, and `heard hold remove` when it may end."


def _values(address: str, messages: Sequence[Kept]) -> dict[HoldKind, set[str]]:
    return {
        HoldKind.SENDER: {sender_sha256(address)},
        HoldKind.MESSAGE: {kept.id for kept in messages},
        HoldKind.CASE: {case for kept in messages for case in kept.cases},
    }
