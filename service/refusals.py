"""Why an officer's action was not done.

    ActionRefused
    ├── NoSuchItem      there is no such item, or no such message to link
    ├── NotPossible     what is asked does not fit this item, whatever it stands at: a date before receipt
    ├── Changed         it is not as the officer saw it (If-Match)
    ├── ActionKeyInUse  the Idempotency-Key came with another request
    └── TooLate         somebody was first: another holds it, has decided, or the time to undo is over

Each is one sentence that says what to do, with the item as it is now where there is one.
"""

from pipeline.errors import InputError
from service.queue import QueueItem


class ActionRefused(InputError):
    """Nothing was changed."""

    def __init__(self, why: str, item: QueueItem | None = None) -> None:
        super().__init__(why)
        self.item = item


class NoSuchItem(ActionRefused):
    """There is no such item or message."""


class NotPossible(ActionRefused):
    """What is asked for does not fit the item."""


class Changed(ActionRefused):
    """The item is not as it was seen."""


class ActionKeyInUse(ActionRefused):
    """An idempotency key came again with another request."""


class TooLate(ActionRefused):
    """Somebody was first, or the time is over."""
