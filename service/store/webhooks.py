"""The targets of webhooks, and how they fare. Every function works on a connection it is given."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, delete, insert, or_, select, update

from service.store.outbox_tables import outbox, webhook
from service.store.wiping import overwrite
from service.webhooks import Happening, Target

_FINE = {"failures": 0, "failure": "", "paused_until": None}


def add(connection: Connection, target: Target, at: datetime) -> int:
    """Keep a new target; answers its id."""
    row = insert(webhook).values(
        url=target.url,
        events=[kind.value for kind in target.events],
        with_text=target.with_text,
        allow_private=target.allow_private,
        secret=target.secrets[0],
        added_at=at,
    )
    return int(connection.execute(row.returning(webhook.c.id)).scalar_one())


def targets(connection: Connection, now: datetime) -> list[Target]:
    """All targets, with the secrets that sign now, sealed."""
    query = select(webhook).order_by(webhook.c.id)
    return [_target(row, now) for row in connection.execute(query).mappings()]


def target(connection: Connection, webhook_id: int, now: datetime) -> Target | None:
    """One target."""
    row = connection.execute(select(webhook).where(webhook.c.id == webhook_id)).mappings().first()
    return _target(row, now) if row else None


def remove(connection: Connection, webhook_id: int) -> bool:
    """Forget a target and all that was to go there; False where there is none."""
    connection.execute(delete(outbox).where(outbox.c.webhook_id == webhook_id))
    return connection.execute(delete(webhook).where(webhook.c.id == webhook_id)).rowcount == 1


def rotate(connection: Connection, webhook_id: int, secret: str, old_until: datetime) -> None:
    """A new secret; the one before signs too until then."""
    changed = {"secret": secret, "old_secret": webhook.c.secret, "old_secret_until": old_until}
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(changed))


def reseal(connection: Connection, seal: Callable[[str], str]) -> int:
    """Keep every secret as `seal` has it; answers how many there are. What stood there before is overwritten."""
    overwrite(connection)
    count = 0
    for row in connection.execute(select(webhook).with_for_update()).mappings().all():
        kept = {name: seal(row[name]) for name in ("secret", "old_secret") if row[name] is not None}
        connection.execute(update(webhook).where(webhook.c.id == row["id"]).values(kept))
        count += len(kept)
    return count


def enable(connection: Connection, webhook_id: int) -> None:
    """Send there again, as if nothing had been wrong."""
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values({**_FINE, "disabled_at": None}))


def failed(connection: Connection, webhook_id: int, failure: str) -> int:
    """Count one more failure of a target in a row; answers how many there are."""
    counted = {"failures": webhook.c.failures + 1, "failure": failure}
    query = update(webhook).where(webhook.c.id == webhook_id).values(counted)
    return connection.scalar(query.returning(webhook.c.failures)) or 0


def pause(connection: Connection, webhook_id: int, until: datetime) -> None:
    """Leave a target alone until then."""
    later = or_(webhook.c.paused_until.is_(None), webhook.c.paused_until < until)
    connection.execute(update(webhook).where(webhook.c.id == webhook_id, later).values(paused_until=until))


def disable(connection: Connection, webhook_id: int, now: datetime) -> None:
    """Send nothing there until a person enables it."""
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(disabled_at=now))


def succeeded(connection: Connection, webhook_id: int) -> None:
    """Nothing is wrong with a target any more."""
    connection.execute(update(webhook).where(webhook.c.id == webhook_id, webhook.c.failures > 0).values(_FINE))


def is_open(now: datetime) -> ColumnElement[bool]:
    """Whether something may be sent to a target now."""
    rested = or_(webhook.c.paused_until.is_(None), webhook.c.paused_until <= now)
    return and_(webhook.c.disabled_at.is_(None), rested)


def _target(row: RowMapping, now: datetime) -> Target:
    old_signs = row["old_secret"] is not None and row["old_secret_until"] > now
    plain = ("id", "url", "with_text", "allow_private", "failures", "failure", "paused_until", "disabled_at")
    return Target(
        **{name: row[name] for name in plain},
        events=tuple(Happening(name) for name in row["events"]),
        secrets=(row["secret"], row["old_secret"]) if old_signs else (row["secret"],),
    )
