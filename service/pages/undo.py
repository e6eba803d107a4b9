"""What was just done, with the way back."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from service.api.context import Context
from service.queue import UNDOABLE, QueueStatus
from service.store import items


@dataclass(frozen=True, kw_only=True)
class After:
    """The item acted on last. `undoable` says whether this officer can still take it back."""

    id: int
    status: QueueStatus
    undoable: bool


def after_of(connection: Connection, parts: Context, item_id: int | None, officer: str) -> After | None:
    """What became of the item the address names; None where it names none."""
    item = items.item(connection, item_id) if item_id else None
    if item is None:
        return None
    now, within = parts.today().now, timedelta(minutes=parts.settings.undo_minutes)
    last = items.last_event(connection, item.id, tuple(UNDOABLE))
    undoable = last is not None and not last[1] and last[0].actor == officer and now < last[0].at + within
    return After(id=item.id, status=item.status_at(now), undoable=undoable)
