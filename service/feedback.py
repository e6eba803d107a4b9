"""Reviews -> labelled messages for the next training, in the form of `data/raw`.

A row says in its slices where it comes from and whether the officer saw the suggestion first: what a model suggested
and an officer let stand teaches little. In training it weighs accordingly; a message of the blind sample stands for the
many like it that nobody read. In the other splits, where a model is measured, a row weighs by how it was drawn alone.
A blind review is kept back until it has done its work: until its calendar month is over and all drawn in it are
reviewed, so that the live miss rate is measured on messages that no model has learned from. A verdict from which a
second reader differs is left out until somebody has decided again: nobody knows yet which of the two is right.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, RowMapping

from pipeline.domain import Route
from service.live_figures import first_day
from service.store import samples
from service.store.samples import Period

Redact = Callable[[str], str]


class Source(StrEnum):
    """Why an officer read a message."""

    BLIND = "blind"  # drawn by lot, decided without the suggestion
    OVERTURNED = "overturned"  # the officer found otherwise than the model
    DOUBTFUL = "doubtful"  # not sure enough to file or to send on, and the model was right
    CONFIRMED = "confirmed"  # sure enough, and the model was right


WEIGHTS = {Source.OVERTURNED: 2.0, Source.DOUBTFUL: 1.0, Source.CONFIRMED: 0.5}
"""What a review weighs in training against a message of the corpus."""

MOST = 10.0
"""A blind review stands for 1 / share messages, but in training one officer's slip must not outweigh a model."""

_SUGGESTED = 0.5
"""Of what a review weighs where the officer saw the suggestion and agreed."""

_SPLITS = (("train", 6), ("calibration", 8), ("test", 10))
"""Tenths by the hash of the id: a message stays in its split in every export."""


@dataclass(frozen=True, kw_only=True)
class Export:
    """Rows in the schema of `data/raw`; `kept_back` blind reviews are still needed for measuring, and of `differing`
    ones a second reader says otherwise.
    """

    rows: list[dict[str, Any]]
    kept_back: int
    differing: int


def export(connection: Connection, since: datetime, now: datetime, redact: Redact) -> Export:
    """Every standing verdict on messages decided since then, but for blind ones still needed for measuring."""
    measured = _measured(connection, since, now)
    rows, kept_back, differing = [], 0, 0
    for verdict in samples.verdicts(connection, Period(since=since, until=now)):
        if verdict["blind"] and _month(verdict["decided_at"]) not in measured:
            kept_back += 1
        elif verdict["second"] not in {None, verdict["verdict"]}:
            differing += 1
        else:
            rows.append(labelled(verdict, redact))
    return Export(rows=rows, kept_back=kept_back, differing=differing)


def labelled(verdict: RowMapping, redact: Redact) -> dict[str, Any]:
    """One row. Its author is the month, its scenario the message itself."""
    source = source_of(verdict)
    subject = redact(verdict["subject"])
    saw = ["saw_suggestion"] if verdict["saw_suggestion"] else []
    return {
        "id": verdict["id"],
        "text": redact(verdict["text"]),
        "channel": verdict["channel"],
        "label": verdict["verdict"],
        "contested": verdict["contested"],
        "prior_chance": bool(verdict["prior_contacts"]),
        "topic": verdict["topic"],
        "author": f"reviews-{_month(verdict['decided_at'])}-{split_of(verdict['id'])}",
        "scenario": verdict["id"],
        "split": split_of(verdict["id"]),
        "slices": ["everyday", "reviewed", source.value, *saw],
        "weight": weight_of(verdict, source) if split_of(verdict["id"]) == "train" else stands_for(verdict),
        **({"subject": subject} if subject.strip() else {}),
    }


def source_of(verdict: RowMapping) -> Source:
    """Why an officer read it. What the model thought is its likeliest label."""
    if verdict["blind"]:
        return Source.BLIND
    if verdict["verdict"] != verdict["label"]:
        return Source.OVERTURNED
    return Source.DOUBTFUL if verdict["route"] == Route.REVIEW else Source.CONFIRMED


def weight_of(verdict: RowMapping, source: Source) -> float:
    """What a row weighs in training."""
    if source is Source.BLIND:
        return min(1 / float(verdict["sample_share"]), MOST)
    suggested = verdict["saw_suggestion"] and source is not Source.OVERTURNED
    return WEIGHTS[source] * (_SUGGESTED if suggested else 1)


def stands_for(verdict: RowMapping) -> float:
    """How many messages like it a row stands for where a model is measured: what is not drawn is read in any case."""
    return 1 / float(verdict["sample_share"]) if verdict["blind"] else 1.0


def split_of(message_id: str) -> str:
    """Which split a message falls in, by its id."""
    tenth = hashlib.sha256(f"split\x1f{message_id}".encode("utf-8", "surrogatepass")).digest()[0] * 10 // 256
    return next(name for name, below in _SPLITS if tenth < below)


def _measured(connection: Connection, since: datetime, now: datetime) -> set[str]:
    """The months that are over and whose blind sample is all reviewed."""
    return {
        f"{start:%Y-%m}"
        for start, end in _months(since, now)
        if not any(
            count.blind and count.status == "new"
            for count in samples.counts(connection, Period(since=start, until=end))
        )
    }


def _months(since: datetime, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    start = first_day(since, 0)
    while (end := first_day(start, -1)) <= now:
        yield start, end
        start = end


def _month(moment: datetime) -> str:
    return f"{moment:%Y-%m}"
