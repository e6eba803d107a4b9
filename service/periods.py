"""Why the words of a message are removed, and after how long. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Removal(StrEnum):
    """Why the words of a message were removed; all but the first are classes of the retention schedule."""

    ERASURE = "erasure"  # the resident asked (UK GDPR Art. 17)
    NO_ACTION = "no_action"  # only recorded: praise, information, machine mail
    SERVICE_REQUEST = "service_request"  # only recorded: the service's own system has the job
    CLOSED = "closed"  # an officer's item with nothing left to do


@dataclass(frozen=True, kw_only=True)
class Periods:
    """How long the words of each class are kept (UK GDPR Art. 5(1)(e)); the clock of `closed` runs from the closing."""

    no_action: timedelta
    service_request: timedelta
    closed: timedelta
    settled: timedelta

    def before(self, now: datetime) -> dict[Removal, datetime]:
        """What is older than this is removed, by class."""
        return {
            Removal.NO_ACTION: now - self.no_action,
            Removal.SERVICE_REQUEST: now - self.service_request,
            Removal.CLOSED: now - self.closed,
        }
