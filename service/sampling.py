"""The blind sample: a random share of what is filed without an officer goes to one all the same (domain: audit sample).

Whether a message is drawn hangs on its id and a seed alone: nobody chooses, anybody can check, and a message that comes
again is drawn again or not, as before. The officer decides without seeing what heard thought.
"""

import hashlib
from dataclasses import dataclass

from pipeline.domain import Route

FILED = frozenset({Route.SERVICE_REQUEST, Route.NO_ACTION})
"""Where no officer would see a message."""

_WHOLE = 2**64


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """`share` of the messages filed are drawn; `seed` is no secret, but another one draws others."""

    share: float = 0.02
    seed: str = "heard"

    def draws(self, message_id: str) -> bool:
        """Whether this message would be drawn."""
        digest = hashlib.sha256(f"{self.seed}\x1f{message_id}".encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") < self.share * _WHOLE
