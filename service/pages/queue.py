"""The queue page: what waits, in the order it must be acknowledged."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy import RowMapping

from service.api.context import Parts
from service.api.queue import decode_cursor, encode_cursor
from service.queue import QueueItem, QueueName
from service.store import queues

FOLDER = Path(__file__).parent
router = APIRouter(include_in_schema=False)
_templates = Jinja2Templates(FOLDER / "templates")
_UK = ZoneInfo("Europe/London")
_PAGE = 25
_EXCERPT = 180
_DUE_SOON_DAYS = 2
_TITLES = {QueueName.STAGE_1: "Stage 1", QueueName.REVIEW: "Review", QueueName.SIGNPOST: "Signpost"}
_UNTITLED = {"email": "Mail without a subject", "web_form": "Web form", "survey": "Survey answer", "note": "Call note"}
_EMPTY = {
    QueueName.STAGE_1: "No complaints are waiting.",
    QueueName.REVIEW: "Nothing is waiting for review.",
    QueueName.SIGNPOST: "No offers are waiting to be made.",
}


@router.get("/", response_class=HTMLResponse)
def queue_page(
    request: Request,
    parts: Parts,
    queue: QueueName = QueueName.STAGE_1,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> HTMLResponse:
    """One page of one queue."""
    with parts.database.reading() as connection:
        items = queues.page(connection, queue, _PAGE + 1, decode_cursor(cursor))
        details = queues.shown(connection, items)
        counts = queues.counts(connection)
    rows = [_row(item, details[item.message_id]) for item in items[:_PAGE]]
    view = {
        "queue": queue,
        "tabs": [(name, _TITLES[name], counts[name]) for name in QueueName],
        "title": _TITLES[queue],
        "rows": rows,
        "empty": _EMPTY[queue],
        "next": encode_cursor(items[_PAGE - 1]) if len(items) > _PAGE else None,
        "profile": parts.classifier.profile.title,
        "model": parts.classifier.manifest.version,
    }
    return _templates.TemplateResponse(request, "queue.html", view)


def _row(item: QueueItem, details: RowMapping) -> dict[str, Any]:
    words = " ".join(details["text"].split())
    return {
        "item": item,
        "channel": details["channel"].replace("_", " "),
        "subject": details["subject"] or _UNTITLED[details["channel"]],
        "excerpt": words if len(words) <= _EXCERPT else words[:_EXCERPT].rsplit(" ", 1)[0] + " ...",
        "cues": [cue for cue in details["cues"] if cue["kind"] != "request_for_action"][:3],
        "words": [span["text"] for span in details["words"]],
        "flags": [flag.replace("_", " ") for flag in details["flags"]],
        "reasons": details["reasons"],
        "received": item.received_at.astimezone(_UK).strftime("%-d %b %Y, %H:%M"),
        "due": item.acknowledge_by.strftime("%a %-d %b %Y"),
        "urgency": _urgency(item.acknowledge_by, datetime.now(UTC).astimezone(_UK).date()),
        "confidence": _percent(item.risk),
    }


def _percent(risk: float) -> str:
    """Nothing is certain, so never 0 or 100 %."""
    return "over 99%" if risk > 0.99 else "under 1%" if risk < 0.01 else f"{risk:.0%}"  # as it says


def _urgency(due: date, today: date) -> str:
    """In a word, so that colour is never the only sign."""
    if due < today:
        return "Overdue"
    if due == today:
        return "Due today"
    return "Due soon" if (due - today).days <= _DUE_SOON_DAYS else ""
