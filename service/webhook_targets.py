"""Adding, watching and mending the targets of webhooks; each change stands in the audit record."""

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pipeline.errors import InputError
from service.audit import at_command_line, record
from service.audit_chain import AuditEvent, Plain
from service.sender import Post, send
from service.store import outbox as events
from service.store import webhooks as store
from service.store.database import Database
from service.store.outbox import Counts
from service.vault import Vault
from service.webhook_addresses import Resolve, checked_url, refusal, resolve
from service.webhook_post import Answer, Poster
from service.webhooks import OLD_SECRET_KEPT, Happening, Target, checked_secret, new_secret, wanted

_NONE = Counts(waiting=0, sent=0, dead=0)
_MOST_OF_A_SECRET = 1_000


def add(
    database: Database,
    url: str,
    kinds: str,
    *,
    secret_file: Path | None = None,
    with_text: bool = False,
    allow_private: bool = False,
    resolver: Resolve = resolve,
    vault: Vault | None = None,
) -> Target:
    """A new target; InputError says why it cannot be one. A name that does not resolve yet may later."""
    target = Target(
        id=0,
        url=checked_url(url, allow_private=allow_private),
        events=wanted(kinds),
        with_text=with_text,
        allow_private=allow_private,
        secrets=(_secret(secret_file),),
    )
    _check_addresses(target, resolver)
    kept = replace(target, secrets=((vault or Vault.as_set()).seal(target.secrets[0]),))
    now = datetime.now(UTC)
    try:
        with database.writing() as connection:
            made = replace(target, id=store.add(connection, kept, now))
            _record(connection, "webhook.added", made.id, now, text=with_text, private=allow_private)
    except IntegrityError:
        raise InputError("There is a webhook with this URL: remove it first, or give another URL.") from None
    return made


def overview(database: Database) -> list[tuple[Target, Counts]]:
    """Every target, and how many of its events stand where."""
    with database.reading() as connection:
        counts = events.counts(connection)
        return [(target, counts.get(target.id, _NONE)) for target in store.targets(connection, datetime.now(UTC))]


def state(target: Target, now: datetime) -> str:
    """disabled, paused, failing or ok: the worst that is true."""
    if target.disabled_at:
        return "disabled"
    if target.paused_until and target.paused_until > now:
        return "paused"
    return "failing" if target.failures else "ok"


def remove(database: Database, number: int) -> None:
    """Forget a target, and what still was to be sent there."""
    _change(database, number, "webhook.removed", lambda connection: store.remove(connection, number))


def enable(database: Database, number: int) -> None:
    """Send there again."""
    _change(database, number, "webhook.enabled", lambda connection: store.enable(connection, number))


def rotate(database: Database, number: int, secret_file: Path | None = None) -> str:
    """A new secret, answered; the old one signs too for a while."""
    secret, until = _secret(secret_file), datetime.now(UTC) + OLD_SECRET_KEPT
    sealed = Vault.as_set().seal(secret)
    _change(database, number, "webhook.rotated", lambda connection: store.rotate(connection, number, sealed, until))
    return secret


def send_test(database: Database, number: int, post: Post | None = None) -> Answer:
    """Send a test event now."""
    now = datetime.now(UTC)
    with database.reading() as connection:
        target = Vault.as_set().opened(_target(connection, number, now))
    body = json.dumps({"type": Happening.TEST.value, "timestamp": now.isoformat(), "data": {}}).encode()
    return send(post or Poster(), target, f"test_{secrets.token_hex(12)}", body)


def replay(database: Database, number: int | None) -> int:
    """Try a dead event again, or all of them; answers how many. InputError where that one is not dead."""
    now = datetime.now(UTC)
    with database.writing() as connection:
        count = events.replay(connection, None if number is None else [number], now)
        if number is not None and not count:
            raise InputError(f"No event {number} was given up: `heard webhook dead` lists those that were.")
        _record(connection, "webhook.replayed", None, now, events=count)
    return count


def _change(database: Database, number: int, kind: str, change: Callable[[Connection], object]) -> None:
    now = datetime.now(UTC)
    with database.writing() as connection:
        _target(connection, number, now)
        change(connection)
        _record(connection, kind, number, now)


def _target(connection: Connection, number: int, now: datetime) -> Target:
    target = store.target(connection, number, now)
    if target is None:
        raise InputError(f"There is no webhook {number}: `heard webhook list` shows them.")
    return target


def _record(connection: Connection, kind: str, number: int | None, at: datetime, **detail: Plain) -> None:
    about = "" if number is None else f"webhook:{number}"
    record(connection, AuditEvent(at=at, kind=kind, actor=at_command_line(), about=about, detail=detail))


def _secret(file: Path | None) -> str:
    if file is None:
        return new_secret()
    try:
        with file.open(encoding="ascii") as given:
            return checked_secret(given.read(_MOST_OF_A_SECRET).strip())
    except (OSError, UnicodeDecodeError):
        raise InputError(f"The secret cannot be read from {file}: is the path right, is it one line of text?") from None


def _check_addresses(target: Target, resolver: Resolve) -> None:
    parts = urlsplit(target.url)
    try:
        addresses: Iterable[str] = resolver(parts.hostname or "", parts.port or 443)
    except OSError:
        return
    for address in addresses:
        why = refusal(address, allow_private=target.allow_private)
        if why:
            raise InputError(f"This cannot be a webhook's URL: {why}.")
