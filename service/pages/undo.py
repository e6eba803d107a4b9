"""What was just done, with the way back."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from service.api.context import Context
from service.queue import UNDOABLE, QueueStatus
from service.store import items, reviews


@dataclass(frozen=True, kw_only=True)
class After:
    """The item acted on last. `undoable` says whether this officer can still take it back."""

    id: int
    status: QueueStatus
    undoable: bool


def typed_before(connection: Connection, item_id: int) -> dict[str, str]:
    """What an officer had typed into the decision that was taken back, so that it need not be typed again."""
    item, made = items.item(connection, item_id), [*reviews.reviews(connection, item_id).values()]
    if item is None or item.status is not QueueStatus.NEW or not made:
        return {}
    asked, last = reviews.requests(connection, item.message_id), made[-1]
    return {
        "note": last.note,
        "reason": last.reason,
        "category": last.category,
        "contested": "1" if last.contested else "",
        "asks_for": asked[-1].asks_for if asked and asked[-1].withdrawn_at else "",
    }


def after_of(connection: Connection, parts: Context, item_id: int | None, officer: str) -> After | None:
    """What became of the item the address names; None where it names none."""
    item = items.item(connection, item_id) if item_id else None
    if item is None:
        return None
    now, within = parts.today().now, timedelta(minutes=parts.settings.undo_minutes)
    last = items.last_event(connection, item.id, tuple(UNDOABLE))
    undoable = last is not None and not last[1] and last[0].actor == officer and now < last[0].at + within
    return After(id=item.id, status=item.status_at(now), undoable=undoable)
