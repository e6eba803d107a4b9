"""One line of the work list."""

from typing import Any

from sqlalchemy import RowMapping

from pipeline.domain import Channel, CueKind, Flag
from pipeline.policy import percent
from service.deadlines import Today
from service.pages import words
from service.queue import QueueItem, QueueStatus

_EXCERPT = 180
_TITLE = 60
_LOOKED_AT = 1_000
_CUES = 3


def row(item: QueueItem, details: RowMapping, today: Today, reader: str) -> dict[str, Any]:
    """What the list shows of an item. Of the blind sample it shows nothing that heard thinks."""
    hidden = item.is_hidden
    held = item.held_at(today.now)
    channel = Channel(details["channel"])
    return {
        "item": item,
        "channel": words.CHANNELS[channel],
        "subject": title(details),
        "excerpt": excerpt(details["text"]),
        "flags": [] if hidden else [words.FLAGS[Flag(flag)][0] for flag in details["flags"]],
        "because": "" if hidden else _because(details),
        "risk": "" if item.blind else percent(item.risk),
        "earlier": len(details["prior_ids"]),
        "urgency": words.urgency_of(item, today),
        "deadline": deadline(item),
        "status": "" if item.status is QueueStatus.NEW else words.STATUSES[item.status],
        "held": _held(held.by, reader, words.clock(held.until)) if held else "",
    }


def deadline(item: QueueItem) -> str:
    """The date that matters now, as a sentence."""
    if item.due_by is None:
        return "Nothing is left to do"
    return f"{'Answer' if item.acknowledged_on else 'Acknowledge'} by {words.day(item.due_by)}"


def title(details: RowMapping) -> str:
    """The subject, else the first words, so that two messages without a subject can be told apart."""
    subject = str(details["subject"]).strip()
    return subject or excerpt(details["text"], _TITLE) or words.UNTITLED[Channel(details["channel"])]


def excerpt(text: str, most: int = _EXCERPT) -> str:
    """The first words."""
    first = " ".join(text[:_LOOKED_AT].split())
    return first if len(first) <= most else first[:most].rsplit(" ", 1)[0] + " ..."


def _because(details: RowMapping) -> str:
    cues = [cue for cue in details["cues"] if cue["kind"] != CueKind.REQUEST_FOR_ACTION][:_CUES]
    if cues:
        return "; ".join(f"“{cue['text']}” ({words.CUES[CueKind(cue['kind'])]})" for cue in cues)
    weighed = ", ".join(f"“{span['text']}”" for span in details["words"])
    return f"The words that weighed most: {weighed}" if weighed else ""


def _held(by: str, reader: str, until: str) -> str:
    return f"You are working on it until {until}" if by == reader else f"{by} is working on it until {until}"
