"""What stands in a queue. Pure."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from pipeline.domain import Route


class QueueName(StrEnum):
    """The three queues officers work from."""

    STAGE_1 = "stage_1"  # complaints
    REVIEW = "review"  # an officer decides
    SIGNPOST = "signpost"  # an offer to make


class QueueStatus(StrEnum):
    """Where an item stands."""

    NEW = "new"  # nobody has taken it up


class EventKind(StrEnum):
    """What happened to a message."""

    RECEIVED = "received"
    DECIDED = "decided"
    QUEUED = "queued"
    RETRIED = "retried"  # set aside at first; the readers could read it later
    RELEASED = "released"  # set aside at first; a person supplied the message


@dataclass(frozen=True, kw_only=True)
class QueueItem:
    """One message in one queue. `risk` is the complaint probability; dates are UK dates."""

    id: int
    message_id: str
    queue: QueueName
    status: QueueStatus
    received_at: datetime
    acknowledge_by: date
    answer_by: date
    risk: float


def queue_for(route: Route) -> QueueName | None:
    """The queue a route leads to; None where a message is only recorded."""
    return QueueName(route.value) if route.value in set(QueueName) else None
