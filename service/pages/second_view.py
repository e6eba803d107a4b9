"""Everything the page of second readings shows, gathered in one reading of the database."""

import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from service.api.context import Context
from service.pages import words
from service.pages.highlight import SHOWN
from service.pages.typed import Typed
from service.refusals import NoSuchItem
from service.store import messages
from service.store import second_readings as store
from service.store.second_readings import Drawn, Waiting

_MOST_DIFFERING = 20
_MOST_SKIPPED = 50


def second_view(
    connection: Connection,
    parts: Context,
    officer: str,
    skipped: Sequence[int],
    *,
    typed: Typed,
    wanted: int = 0,
    read: int = 0,
) -> dict[str, Any]:
    """The page's view. What was typed for a reading that is not shown any more stands apart, as `left`."""
    drawn = store.next_for(connection, officer, passing=skipped, first=wanted)
    same = drawn is not None and drawn.event_id == wanted
    waiting = store.waiting(connection, officer)
    made = store.drawn(connection, read) if read else None
    return {
        "drawn": drawn,
        **(_message(connection, drawn) if drawn else {}),
        "typed": typed if same else Typed(),
        "left": "" if same else typed["note"].strip(),
        "key": secrets.token_urlsafe(16),
        "skipped": ".".join(map(str, skipped)),
        "skipping": ".".join(map(str, [*skipped, drawn.event_id][-_MOST_SKIPPED:])) if drawn else "",
        "waiting": waiting,
        "empty": _empty(waiting, parts.settings.second_share),
        "made": made if made and made.read_by == officer else None,
        "differing": store.differing(connection, _MOST_DIFFERING),
        "most_differing": _MOST_DIFFERING,
    }


def skipped_of(text: str) -> list[int]:
    """The readings an address says were left for later."""
    return [int(part) for part in text.split(".") if part.isdecimal() and len(part) < 19][-_MOST_SKIPPED:]


def _message(connection: Connection, drawn: Drawn) -> dict[str, Any]:
    """The message as its item shows it, without what heard or anybody thinks of it."""
    row = messages.message_row(connection, drawn.message_id)
    if row is None:
        raise NoSuchItem(f"The message of item {drawn.item_id} is no longer here.")
    return {
        "subject": drawn.subject.strip() or words.UNTITLED[drawn.channel],
        "channel": words.CHANNELS[drawn.channel],
        "message": row,
        "text": row["text"][:SHOWN],
        "longer": len(row["text"]) > SHOWN,
    }


def _empty(waiting: Waiting, share: float) -> str:
    """The truth about why nothing is shown."""
    if waiting.theirs:
        return f"You left {waiting.theirs:,} for later."
    if waiting.waiting:
        return f"{_counted(waiting.waiting)} for somebody else: you have decided or read those items yourself."
    if not share:
        return "No decisions are drawn for a second reading here: its share is set to 0."
    if not waiting.drawn:
        return f"Nothing has been drawn yet. {share:.1%} of decisions are, by lot."
    return "All that was drawn has been read again, or was decided again since."


def _counted(readings: int) -> str:
    return f"{readings:,} {'reading waits' if readings == 1 else 'readings wait'}"
