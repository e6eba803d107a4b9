"""The next item, without going back to the list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import urlencode

from service.api.context import Context
from service.pages.asked import Asked
from service.queue import QueueItem, QueueStatus
from service.refusals import TooLate
from service.store import claims, work_list
from service.store.work_list import Filters
from service.turns import Asking

_LATER = timedelta(hours=8)
"""What an officer gave back is left to others, and to the next working day."""
_LOOKED_THROUGH = 20
_AT_ONCE = 25


@dataclass(frozen=True, kw_only=True)
class Round:
    """What an officer works through: a queue as they filtered it, those of its items that stand so.

    What is assigned to their team is theirs too.
    """

    officer: str
    team: str
    asked: Asked
    stands: QueueStatus = QueueStatus.NEW

    @property
    def within(self) -> str:
        """The list they work through, as an address has it; nothing for a whole queue."""
        return self.asked.query() if self.asked.is_filtered() else ""

    def filters(self, parts: Context) -> Filters:
        """What is theirs to take."""
        mine = {self.officer, self.team, self.asked.officer.strip()} - {""}
        asked = self.asked.filters(self.officer, parts.today().now)
        return replace(asked, status=self.stands, claimed_by=None, free_for=tuple(sorted(mine)))


def next_address(parts: Context, round_: Round, *, after: int | None = None, afresh: bool = False) -> str:
    """Where to go on: the next item of the round, claimed; else the list.

    One that the officer holds already comes first, so who sends a form twice holds one item more at most. What they
    left for later comes only when they start `afresh` and nothing else is left.
    """
    later = _left_for_later(parts, round_.officer)
    chosen = _next(parts, round_, later)
    if chosen is None and later and afresh:
        chosen = _next(parts, round_, ())
    if chosen is None:
        note = "later" if not afresh and _waits(parts, round_, later) else "none"
        listed = urlencode({"note": note} | ({"after": after} if after else {}))
        return f"/?{round_.within or round_.asked.query()}&{listed}#heading"
    return item_address(chosen, {"after": after, "within": round_.within})


def item_address(item_id: int, given: dict[str, object], where: str = "#heading") -> str:
    """The page of an item, with what is given of what it may be asked."""
    query = urlencode({name: value for name, value in given.items() if value})
    return f"/items/{item_id}{'?' if query else ''}{query}{where}"


def _next(parts: Context, round_: Round, passing: Sequence[int]) -> int | None:
    if round_.within or round_.stands is not QueueStatus.NEW:
        return next((item.id for item in _fitting(parts, round_, passing) if _claimed(parts, round_, item.id)), None)
    held = _held(parts, round_)
    if held is not None:
        return held
    team = round_.team or None
    found = parts.claiming.claim_next(round_.asked.queue, round_.officer, team=team, passing=passing)
    return found.item.id if found.item else None


def _held(parts: Context, round_: Round) -> int | None:
    mine = Filters(queue=round_.asked.queue, status=QueueStatus.CLAIMED, claimed_by=round_.officer)
    with parts.database.reading() as connection:
        page = work_list.page(connection, mine, 1, None, parts.today())
    return page.items[0].id if page.items else None


def _fitting(parts: Context, round_: Round, passing: Sequence[int]) -> Iterator[QueueItem]:
    filters, after = round_.filters(parts), None
    for _ in range(_LOOKED_THROUGH):
        with parts.database.reading() as connection:
            page = work_list.page(connection, filters, _AT_ONCE, after, parts.today())
        yield from (item for item in page.items if item.id not in passing)
        if page.next is None:
            return
        after = page.next


def _claimed(parts: Context, round_: Round, item_id: int) -> bool:
    try:
        parts.claiming.claim(item_id, Asking(by=round_.officer))
    except TooLate:
        return False
    return True


def _left_for_later(parts: Context, officer: str) -> list[int]:
    with parts.database.reading() as connection:
        return claims.given_back(connection, officer, parts.today().now - _LATER)


def _waits(parts: Context, round_: Round, later: Sequence[int]) -> bool:
    with parts.database.reading() as connection:
        return claims.any_free(connection, later, round_.asked.queue, round_.stands, parts.today().now)
