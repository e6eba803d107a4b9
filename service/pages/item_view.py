"""Everything the page of one item shows, gathered in one reading of the database."""

import secrets
from typing import Any

from sqlalchemy import Connection, RowMapping

from pipeline.domain import Channel, CueKind, Flag, Label, Thresholds
from service import wordings
from service.api.context import Context
from service.pages import words
from service.pages.filling import values_for
from service.pages.highlight import SHOWN, marks_of, pieces
from service.pages.officer import Reader
from service.pages.rows import deadline
from service.pages.typed import Typed
from service.pages.unseen import unseen
from service.queue import ItemEventKind, QueueItem, QueueName, QueueStatus, allowed
from service.refusals import NoSuchItem
from service.store import cases, items, ledger, messages, reviews, second_readings
from service.store.wordings import Version
from service.wording_rules import filled

_EARLIER = 10
_LEFT_OUT = frozenset({ItemEventKind.CLAIMED, ItemEventKind.GIVEN_BACK})
"""Lines of history that are shown only when asked for: an officer looks for what was decided."""


def item_view(
    connection: Connection, parts: Context, item_id: int, reader: Reader, *, typed: Typed, asked_to_see: bool = False
) -> dict[str, Any]:
    """The page's view. `asked_to_see`: the officer wants the suggestion that they otherwise hide."""
    item = items.item(connection, item_id)
    if item is None:
        raise NoSuchItem(f"There is no item {item_id}. It may have been erased.")
    message = messages.message_row(connection, item.message_id)
    decision = messages.decision_row(connection, item.message_id)
    if message is None or decision is None:
        raise NoSuchItem(f"The message of item {item_id} is no longer here.")
    blind = item.is_hidden
    seen = not blind and (item.status is not QueueStatus.NEW or reader.choices.suggestion_first or asked_to_see)
    marks = marks_of(decision["cues"], decision["words"]) if seen else []
    text = message["text"]
    return {
        "reader": reader,
        "typed": typed,
        "key": secrets.token_urlsafe(16),
        "message": message,
        "channel": words.CHANNELS[Channel(message["channel"])],
        "subject": message["subject"].strip() or words.UNTITLED[Channel(message["channel"])],
        "pieces": pieces(text, marks),
        "longer": len(text) > SHOWN,
        "wordless": not text.strip(),
        "unseen": unseen(connection, message, decision),
        "blind": blind,
        "suggestion": _suggestion(decision, marks) if seen else None,
        "flags": [] if blind else [words.FLAGS[Flag(flag)] for flag in decision["flags"]],
        "requests": [cue["text"] for cue in decision["cues"] if seen and cue["kind"] == CueKind.REQUEST_FOR_ACTION],
        "earlier": ledger.earlier_messages(connection, message["prior_ids"][:_EARLIER]),
        "earlier_more": max(0, len(message["prior_ids"]) - _EARLIER),
        "reviews": reviews.reviews(connection, item_id),
        "recorded": [made for made in reviews.requests(connection, item.message_id) if made.withdrawn_at is None],
        "case": ledger.earlier_messages(connection, cases.messages_of(connection, item.message_id)),
        "history": _history(connection, item_id),
        "second": second_readings.of_item(connection, item_id),
        "offers": reviews.offers(connection, item_id),
        "category": _category(decision, parts) if seen else "",
        "category_choices": _categories(parts, typed["category"]),
        "wordings": (known := wordings.in_use(connection, parts.classifier.profile.name)),
        "chosen": _wording(known, typed["wording_id"], message["channel"]),
        "reads": _reads(known, parts, item, message, reader),
        "profile": parts.classifier.profile.title,
        **_standing(item, parts, reader),
    }


def _wording(known: list[Version], asked: str, channel: str) -> Version | None:
    """The one asked for; else the first whose id begins with the channel, else the first."""
    fits = [each for each in known if each.wording_id == asked] or [
        each for each in known if each.wording_id.startswith(channel)
    ]
    return next(iter(fits or known), None)


def _reads(
    known: list[Version], parts: Context, item: QueueItem, message: RowMapping, reader: Reader
) -> dict[str, str]:
    """Each wording as it is sent for this message."""
    values = values_for(parts.classifier.profile, item, message, reader.name)
    return {each.wording_id: filled(each.text, values) for each in known}


def _standing(item: QueueItem, parts: Context, reader: Reader) -> dict[str, Any]:
    today = parts.today()
    held = item.held_at(today.now)
    mine = held is not None and held.by == reader.name and reader.decides
    can = {kind.value for kind in allowed(item.status)}
    return {
        "item": item,
        "queue_title": words.QUEUES[item.queue],
        "signpost": item.queue is QueueName.SIGNPOST,
        "status": words.STATUSES[item.status],
        "held": held,
        "mine": mine,
        "other": held if held and held.by != reader.name else None,
        "seconds_left": int((held.until - today.now).total_seconds()) if held else 0,
        "lease_minutes": parts.settings.lease_minutes,
        "today": today.day,
        "deadline": deadline(item),
        "urgency": words.urgency_of(item, today),
        "can": can if not (held and held.by != reader.name) else set(),
    }


def _suggestion(decision: RowMapping, marks: list[Any]) -> dict[str, Any]:
    cues = {(cue["start"], cue["end"], cue["kind"]): cue["provision"] for cue in decision["cues"]}
    noticed = [
        {
            "number": mark.number,
            "text": mark.text,
            "kind": words.noticed(mark.kind),
            "provision": (name := cues.get((mark.start, mark.end, mark.kind), "")),
            "meaning": words.PROVISIONS.get(name, ""),
        }
        for mark in marks
    ]
    shares = {label: decision[label.value] for label in Label}
    return {
        "label": words.LABELS[Label(decision["label"])],
        "likeliness": words.likeliness(shares[Label(decision["label"])]),
        "shares": [(words.LABELS[label], share) for label, share in shares.items()],
        "reasons": decision["reasons"],
        "noticed": noticed,
        "thresholds": Thresholds(**decision["thresholds"]),
        "category": decision["category_hos"],
        "model": decision["model_version"],
    }


def _category(decision: RowMapping, parts: Context) -> str:
    return str(decision[f"category_{parts.classifier.profile.jurisdiction}"])


def _categories(parts: Context, chosen: str) -> list[dict[str, Any]]:
    names = ("", *words.CATEGORIES[parts.classifier.profile.jurisdiction])
    return [{"value": name, "text": name or "None chosen", "selected": name == chosen} for name in names]


def _history(connection: Connection, item_id: int) -> list[dict[str, Any]]:
    return [
        {"at": event.at, "who": event.actor, "what": words.EVENTS[event.kind], "why": event.reason, "id": event.id}
        for event in items.history(connection, item_id)
        if event.kind not in _LEFT_OUT
    ]
