"""The rows other people's tools rely on: `heard score` output and the input row of JSONL and HTTP."""

from datetime import datetime
from typing import Any

from pipeline.domain import Channel, Decision, Message
from pipeline.errors import RefusedRow

_FIRST_YEAR = 2000
_ID_LIMIT = 200
_CONTACTS_LIMIT = 100_000
_REFERENCES = ("case_reference", "property_reference")
FIELDS = frozenset({"id", "text", "channel", "subject", "received_at", "sender", "prior_contacts", *_REFERENCES})
"""What an input row may hold."""

TEXT_LIMIT = 1_000_000
"""Characters a message may have on the way in; longer ones are refused by line (the raw file keeps them)."""


def decision_row(decision: Decision, *, include_text: bool) -> dict[str, Any]:
    """One output row of `heard score`, as in docs/reference/contracts.md."""
    prediction = decision.prediction
    row: dict[str, Any] = {"id": decision.message_id}
    if decision.source is not None:
        row["source"] = decision.source
    row |= {
        "channel": decision.channel.value,
        "label": decision.label.value,
        "probabilities": {
            "complaint": prediction.complaint,
            "service_request": prediction.service_request,
            "other": prediction.other,
        },
        "route": decision.route.value,
        "cues": [
            {
                "kind": cue.kind.value,
                "text": cue.text,
                "start": cue.start,
                "end": cue.end,
                "provision": decision.provisions[cue.kind],
            }
            for cue in decision.cues
        ],
        "flags": [flag.value for flag in decision.flags],
        "category": {"hos": decision.category.hos, "lgsco": decision.category.lgsco},
        "model_version": decision.model_version,
        "profile": decision.profile,
    }
    if include_text:
        row |= {"subject": decision.subject, "text": decision.text}
    return row


def message_from_row(row: object, *, source: str, line: int | None = None, channel: Channel | None = None) -> Message:
    """An input row -> Message; RefusedRow says what is wrong with it. `channel` stands in where the row has none."""

    def refuse(reason: str) -> RefusedRow:
        return RefusedRow(reason, source=source, line=line)

    if not isinstance(row, dict):
        raise refuse("expected a JSON object with id, text and channel.")
    unknown = sorted(row.keys() - FIELDS)
    if unknown:
        raise refuse(f"unknown field {', '.join(map(repr, unknown))}; use {', '.join(sorted(FIELDS))}.")
    _check_texts(row, refuse)
    return Message(
        id=row["id"],
        text=row["text"],
        channel=_channel(row.get("channel"), channel, refuse),
        subject=row.get("subject") or "",
        received_at=_moment(row.get("received_at"), refuse),
        sender=row.get("sender") or "",
        prior_contacts=_count(row.get("prior_contacts"), refuse),
        case_reference=row.get("case_reference") or "",
        property_reference=row.get("property_reference") or "",
    )


def _check_texts(row: dict[str, Any], refuse: Any) -> None:
    for name in ("id", "text"):
        if not isinstance(row.get(name), str) or (name == "id" and not row[name].strip()):
            raise refuse(f"'{name}' must be a text.")
    for name in ("subject", "sender", *_REFERENCES):
        if not isinstance(row.get(name) or "", str):
            raise refuse(f"'{name}' must be a text.")
    if len(row["id"]) > _ID_LIMIT:
        raise refuse(f"'id' has {len(row['id'])} characters; the limit is {_ID_LIMIT}.")
    if len(row["text"]) > TEXT_LIMIT:
        raise refuse(f"the text has {len(row['text']):,} characters; the limit is {TEXT_LIMIT:,}.")
    if not (row["text"].strip() or (row.get("subject") or "").strip()):
        raise refuse("the text is empty.")


def _channel(value: object, fallback: Channel | None, refuse: Any) -> Channel:
    if value is None and fallback is not None:
        return fallback
    try:
        return Channel(value)  # type: ignore[arg-type]  # anything else is refused here
    except ValueError:
        names = ", ".join(channel.value for channel in Channel)
        what = "no channel given" if value is None else "unknown 'channel'"
        raise refuse(f"{what}: use one of {names}.") from None


def _moment(value: object, refuse: Any) -> datetime | None:
    if value is None or value == "":
        return None
    try:
        moment = datetime.fromisoformat(value)  # type: ignore[arg-type]  # anything else is refused here
    except (TypeError, ValueError):
        raise refuse("'received_at' must be an ISO 8601 time such as 2026-11-02T09:30:00+00:00.") from None
    if moment.tzinfo is None:
        raise refuse("'received_at' has no time zone: write 2026-11-02T09:30:00+00:00.")
    if moment.year < _FIRST_YEAR:
        raise refuse(f"'received_at' is before {_FIRST_YEAR}: leave it out where it is not known.")
    return moment


def _count(value: object, refuse: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _CONTACTS_LIMIT:
        raise refuse("'prior_contacts' must be a whole number, 0 or more.")
    return value
