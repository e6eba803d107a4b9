"""What stands in a queue, and what may become of it. Pure.

How an item may move; the database refuses every other way (`item_event` and the triggers of migration 0007):

                      offered                offer_accepted
        new ────────────────────► offered ────────────────────┐
         │ │ │                     │                          ▼           acknowledged
         │ │ └─────────────────────┼──── confirmed ───► complaint ─────────────► acknowledged
         │ └─ found_service_request│                          │                   ▲      │
         │        found_other      │ offer_declined           │ reopened          │      │ handed_over
         ▼                         ▼                          ▼                   │      ▼
        service_request, other   declined                    new        reopened  └─ handed_over

`reopened` also leads from service_request, other, declined and offered back to new. `undone` goes any of these ways
backwards, once, soon after. An item keeps its status when it is claimed, given back, taken over, assigned, linked or
extended. What the model decides later (`DECIDED_LATER`) leaves it new, perhaps in another queue, or leads from new to
service_request or other. A new item that somebody holds is shown as `claimed`: the clock says so, and no job has to
take it back.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import chain, product

from pipeline.domain import Label, Route


class QueueName(StrEnum):
    """The three queues officers work from."""

    STAGE_1 = "stage_1"  # complaints
    REVIEW = "review"  # an officer decides
    SIGNPOST = "signpost"  # an offer to make


class QueueStatus(StrEnum):
    """Where an item stands."""

    NEW = "new"  # nobody has decided
    CLAIMED = "claimed"  # new, and an officer holds it; never stored
    OFFERED = "offered"  # the resident was told how to complain, and has not answered
    DECLINED = "declined"  # the resident does not want to complain
    COMPLAINT = "complaint"  # an officer, or the resident's answer, says so
    ACKNOWLEDGED = "acknowledged"  # the resident has the acknowledgement
    HANDED_OVER = "handed_over"  # in the case system
    SERVICE_REQUEST = "service_request"  # an officer says so
    OTHER = "other"  # an officer says so


STORED = tuple(status for status in QueueStatus if status is not QueueStatus.CLAIMED)
CLOSED = frozenset({QueueStatus.DECLINED, QueueStatus.HANDED_OVER, QueueStatus.SERVICE_REQUEST, QueueStatus.OTHER})
"""Nothing is left to do here."""
OPEN = tuple(status for status in STORED if status not in CLOSED)


class EventKind(StrEnum):
    """What happened to a message."""

    RECEIVED = "received"
    DECIDED = "decided"  # again, where the model gave no answer at first
    QUEUED = "queued"
    RETRIED = "retried"  # set aside at first; the readers could read it later
    RELEASED = "released"  # set aside at first; a person supplied the message


class ItemEventKind(StrEnum):
    """What was done with an item: by an officer, but for the last three."""

    CLAIMED = "claimed"
    TAKEN_OVER = "taken_over"  # from who held it, with a reason
    GIVEN_BACK = "given_back"
    CONFIRMED = "confirmed"  # reviewed: a complaint
    FOUND_SERVICE_REQUEST = "found_service_request"  # reviewed: a service request
    FOUND_OTHER = "found_other"  # reviewed: neither
    OFFERED = "offered"
    OFFER_ACCEPTED = "offer_accepted"
    OFFER_DECLINED = "offer_declined"
    ACKNOWLEDGED = "acknowledged"
    EXTENDED = "extended"  # HOS and LGSCO 6.4
    HANDED_OVER = "handed_over"
    REOPENED = "reopened"
    UNDONE = "undone"  # takes back one of the above
    ASSIGNED = "assigned"
    LINKED = "linked"  # to another message of the same case
    UNLINKED = "unlinked"
    DECIDED = "decided"  # by the model, which gave no answer when the message came
    FILED_SERVICE_REQUEST = "filed_service_request"  # likewise: a service request, with nothing for an officer
    FILED_OTHER = "filed_other"  # likewise: neither


REVIEWED = {
    Label.COMPLAINT: ItemEventKind.CONFIRMED,
    Label.SERVICE_REQUEST: ItemEventKind.FOUND_SERVICE_REQUEST,
    Label.OTHER: ItemEventKind.FOUND_OTHER,
}
"""What a verdict does."""
DECIDED_LATER = {
    Route.SERVICE_REQUEST: ItemEventKind.FILED_SERVICE_REQUEST,
    Route.NO_ACTION: ItemEventKind.FILED_OTHER,
    Route.STAGE_1: ItemEventKind.DECIDED,
    Route.REVIEW: ItemEventKind.DECIDED,
    Route.SIGNPOST: ItemEventKind.DECIDED,
}
"""What the model's decision does where an item waited for it."""
NOT_BY_OFFICERS = frozenset({*DECIDED_LATER.values(), ItemEventKind.UNDONE})
"""What no officer chooses as such."""


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A way an item may move, or stay."""

    kind: ItemEventKind
    before: QueueStatus
    after: QueueStatus


def _moves(kind: ItemEventKind, *ways: tuple[QueueStatus, QueueStatus]) -> list[Transition]:
    return [Transition(kind=kind, before=before, after=after) for before, after in ways]


_S, _K = QueueStatus, ItemEventKind
_UNDOABLE = (
    *_moves(_K.CONFIRMED, (_S.NEW, _S.COMPLAINT)),
    *_moves(_K.FOUND_SERVICE_REQUEST, (_S.NEW, _S.SERVICE_REQUEST)),
    *_moves(_K.FOUND_OTHER, (_S.NEW, _S.OTHER)),
    *_moves(_K.OFFERED, (_S.NEW, _S.OFFERED)),
    *_moves(_K.OFFER_ACCEPTED, (_S.OFFERED, _S.COMPLAINT)),
    *_moves(_K.OFFER_DECLINED, (_S.OFFERED, _S.DECLINED)),
    *_moves(_K.ACKNOWLEDGED, (_S.COMPLAINT, _S.ACKNOWLEDGED)),
    *_moves(_K.EXTENDED, (_S.COMPLAINT, _S.COMPLAINT), (_S.ACKNOWLEDGED, _S.ACKNOWLEDGED)),
    *_moves(_K.HANDED_OVER, (_S.ACKNOWLEDGED, _S.HANDED_OVER)),
    *_moves(_K.REOPENED, *product((_S.SERVICE_REQUEST, _S.OTHER, _S.DECLINED, _S.COMPLAINT, _S.OFFERED), (_S.NEW,))),
    *_moves(_K.REOPENED, (_S.HANDED_OVER, _S.ACKNOWLEDGED)),
)
UNDOABLE = frozenset(move.kind for move in _UNDOABLE)
"""What `undone` takes back."""


def _all() -> frozenset[Transition]:
    later = (
        *_moves(_K.DECIDED, (_S.NEW, _S.NEW)),
        *_moves(_K.FILED_SERVICE_REQUEST, (_S.NEW, _S.SERVICE_REQUEST)),
        *_moves(_K.FILED_OTHER, (_S.NEW, _S.OTHER)),
    )
    backwards = _moves(_K.UNDONE, *((move.after, move.before) for move in _UNDOABLE))
    stay_open = [
        _moves(kind, (at, at)) for kind in (_K.CLAIMED, _K.TAKEN_OVER, _K.GIVEN_BACK, _K.ASSIGNED) for at in OPEN
    ]
    stay = [_moves(kind, (at, at)) for kind in (_K.LINKED, _K.UNLINKED) for at in STORED]
    return frozenset(chain(_UNDOABLE, later, backwards, *stay_open, *stay))


TRANSITIONS = _all()
"""Every way there is."""


def status_after(kind: ItemEventKind, before: QueueStatus) -> QueueStatus | None:
    """Where `kind` leads from `before`; None where it may not happen there. Not for `undone`."""
    return next((move.after for move in TRANSITIONS if move.kind is kind and move.before is before), None)


def allowed(status: QueueStatus) -> tuple[ItemEventKind, ...]:
    """What an officer may do with an item that stands there, undoing apart."""
    kinds = {move.kind for move in TRANSITIONS if move.before is status and move.kind not in NOT_BY_OFFICERS}
    return tuple(kind for kind in ItemEventKind if kind in kinds)


def queue_after(kind: ItemEventKind, status: QueueStatus, queue: QueueName) -> QueueName:
    """The queue an item is in once `kind` has led it to `status`."""
    if kind in {_K.CONFIRMED, _K.OFFER_ACCEPTED}:
        return QueueName.STAGE_1
    if kind is _K.OFFERED:
        return QueueName.SIGNPOST
    return QueueName.REVIEW if kind is _K.REOPENED and status is _S.NEW else queue


AHEAD = timedelta(minutes=1)
"""A claim so much ahead is no clock put back: who waits for a row read the clock before the one they waited for."""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """An officer's hold on an item. Every later claim by somebody has a higher `fence`."""

    by: str
    since: datetime
    until: datetime
    fence: int


@dataclass(frozen=True, kw_only=True)
class QueueItem:
    """One message in one queue. `risk` is the complaint probability; dates are UK dates.

    `version` grows with every change, `fence` with every claim. `claim` is the last one not given back or used up,
    perhaps run out: ask `held_at`. `blind` items are of the blind sample; their `risk` is drawn, and says nothing.
    """

    id: int
    message_id: str
    queue: QueueName
    status: QueueStatus
    received_at: datetime
    acknowledge_by: date
    answer_by: date
    risk: float
    version: int = 0
    fence: int = 0
    claim: Claim | None = None
    assigned_to: str | None = None
    acknowledged_on: date | None = None
    extended_on: date | None = None
    case_reference: str | None = None
    closed_at: datetime | None = None
    blind: bool = False

    def held_at(self, now: datetime) -> Claim | None:
        """The claim in force. One from the future is none: a clock put back must not lengthen it (P33)."""
        return self.claim if self.claim and self.claim.since - AHEAD <= now < self.claim.until else None

    def status_at(self, now: datetime) -> QueueStatus:
        """The status as shown."""
        return QueueStatus.CLAIMED if self.status is QueueStatus.NEW and self.held_at(now) else self.status

    @property
    def is_hidden(self) -> bool:
        """Whether what heard thinks of it is kept from everybody now: an officer is to decide without."""
        return self.blind and self.status is QueueStatus.NEW

    @property
    def due_by(self) -> date | None:
        """The date that matters now: of the acknowledgement until there is one, then of the answer."""
        if self.status in CLOSED:
            return None
        return self.answer_by if self.acknowledged_on else self.acknowledge_by


_QUEUE_OF = {Route(name.value): name for name in QueueName}


def queue_for(route: Route) -> QueueName | None:
    """The queue a route leads to; None where a message is only recorded."""
    return _QUEUE_OF.get(route)
