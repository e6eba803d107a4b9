"""The blind sample: a random share of what is filed without an officer goes to one all the same (domain: audit sample).

Whether a message is drawn hangs on its id and a seed alone: nobody chooses, anybody can check, and a message that comes
again is drawn again or not, as before. The officer decides without seeing what heard thought: neither pages nor HTTP
nor webhooks show it before to who may decide, and its place in the queue is drawn too.

Of officers' verdicts a share is drawn likewise, by a lot of its own, to be read again by another officer.
"""

import hashlib
from dataclasses import dataclass

from pipeline.domain import Route

FILED = frozenset({Route.SERVICE_REQUEST, Route.NO_ACTION})
"""Where no officer would see a message."""

WITHHELD = "Drawn for the blind sample: what heard thinks of it is shown once an officer has decided."
_WHOLE = 2**64


@dataclass(frozen=True, kw_only=True)
class Sample:
    """Of a message that was filed: with which `share` messages were drawn then, and whether it was."""

    share: float
    drawn: bool


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """`share` of the messages filed are drawn; `seed` is no secret, but another one draws others."""

    share: float = 0.02
    seed: str = "heard"

    def sample(self, message_id: str, route: Route) -> Sample | None:
        """What is to be kept of a message; None where an officer sees it anyway, or nothing is drawn."""
        if route not in FILED or not self.share:
            return None
        return Sample(share=self.share, drawn=self.draws(message_id))

    def draws(self, message_id: str) -> bool:
        """Whether this message would be drawn."""
        return _drawn(self.seed, message_id) < self.share * _WHOLE


@dataclass(frozen=True, kw_only=True)
class SecondDraw:
    """`share` of officers' verdicts are read again by another officer; the same seed as the blind sample's, and yet
    whether a message is drawn for the one says nothing about the other.
    """

    share: float = 0.05
    seed: str = "heard"

    def draws(self, message_id: str) -> bool:
        """Whether a verdict on this message is read again."""
        return _drawn(f"second\x1f{self.seed}", message_id) < self.share * _WHOLE


def place_of(message_id: str) -> float:
    """Where an item drawn stands among those of its day, as a risk from 0 to 1: by lot, for its own would tell."""
    return _drawn("place", message_id) / _WHOLE


def _drawn(seed: str, message_id: str) -> int:
    digest = hashlib.sha256(f"{seed}\x1f{message_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")
