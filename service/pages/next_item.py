"""The next item, without going back to the list."""

from collections.abc import Sequence
from urllib.parse import urlencode

from service.api.context import Context
from service.queue import QueueName, QueueStatus
from service.refusals import TooLate
from service.store import work_list
from service.store.work_list import Filters
from service.turns import Asking

MOST_SKIPPED = 50
_TRIED = 10


def next_address(
    parts: Context,
    officer: str,
    queue: QueueName,
    *,
    status: QueueStatus = QueueStatus.NEW,
    after: int | None = None,
    skipped: Sequence[int] = (),
    team: str = "",
) -> str:
    """Where to go on: the next item of this queue that stands where the last one stood, claimed; else the list.

    What is assigned to the officer's team is theirs too. One that the officer holds already comes first, so who sends
    a form twice holds one item more at most.
    """
    chosen = _next(parts, officer, queue, status, skipped, team=team)
    asked = {"after": after, "skipped": ".".join(map(str, skipped[-MOST_SKIPPED:]))}
    query = urlencode({name: value for name, value in asked.items() if value})
    if chosen is None:
        return f"/?queue={queue.value}&note=none{'&' if query else ''}{query}#heading"
    return f"/items/{chosen}{'?' if query else ''}{query}#heading"


def _next(
    parts: Context, officer: str, queue: QueueName, status: QueueStatus, skipped: Sequence[int], *, team: str
) -> int | None:
    if status is not QueueStatus.NEW:
        return _next_standing(parts, officer, queue, status, skipped, team=team)
    held = _held(parts, officer, queue, skipped)
    if held is not None:
        return held
    found = parts.claiming.claim_next(queue, officer, team=team or None, passing=skipped)
    return found.item.id if found.item else None


def _held(parts: Context, officer: str, queue: QueueName, skipped: Sequence[int]) -> int | None:
    mine = Filters(queue=queue, status=QueueStatus.CLAIMED, claimed_by=officer)
    with parts.database.reading() as connection:
        page = work_list.page(connection, mine, len(skipped) + 1, None, parts.today())
    return next((item.id for item in page.items if item.id not in skipped), None)


def _next_standing(
    parts: Context, officer: str, queue: QueueName, status: QueueStatus, skipped: Sequence[int], *, team: str
) -> int | None:
    with parts.database.reading() as connection:
        page = work_list.page(connection, Filters(queue=queue, status=status), _TRIED, None, parts.today())
    mine = {None, officer, team}
    for item in page.items:
        if item.id not in skipped and item.assigned_to in mine and _claimed(parts, officer, item.id):
            return item.id
    return None


def _claimed(parts: Context, officer: str, item_id: int) -> bool:
    try:
        parts.claiming.claim(item_id, Asking(by=officer))
    except TooLate:
        return False
    return True


def skipped_of(text: str) -> list[int]:
    """The items an address says were left for later."""
    return [int(part) for part in text.split(".") if part.isdecimal() and len(part) < 19][-MOST_SKIPPED:]
