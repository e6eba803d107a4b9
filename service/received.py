"""What becomes of a message that comes in, for who sent it."""

from dataclasses import dataclass

from pipeline.errors import InputError


class Conflict(InputError):
    """A message was not taken, for what was received before."""

    def __init__(self, why: str, message_id: str) -> None:
        super().__init__(why)
        self.message_id = message_id


class IdInUse(Conflict):
    """An id came again with other words."""


class KeyInUse(Conflict):
    """An idempotency key came again with another body."""


class AlreadySettled(InputError):
    """Somebody else was first with something set aside."""


@dataclass(frozen=True, kw_only=True)
class Received:
    """What became of a message. `new` is False where it had been received before; `again`: a key's answer repeated."""

    message_id: str
    new: bool
    again: bool = False
