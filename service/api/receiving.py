"""What clients send at the same moment is received together (`service/together.py`), and each hears of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pipeline.domain import Message
from service.api.decided import Decided, decided
from service.deadlines import Calendar
from service.intake import Intake
from service.received import Received
from service.recording import Asked
from service.store.database import Database
from service.together import Together

_SOURCE = "http"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What became of a message, and what was decided about it."""

    received: Received
    decided: Decided


class Receiving:
    """Messages from HTTP."""

    def __init__(self, database: Database, intake: Intake, calendar: Calendar) -> None:
        self._database = database
        self._intake = intake
        self._calendar = calendar
        self._together = Together(self._received)

    async def receive(self, message: Message, *, key: str | None, body_sha256: str) -> Told:
        """Stored, decided and queued before it answers; raises as `Intake.receive` does."""
        asked = self._intake.asked(message, source=_SOURCE, key=key, body_sha256=body_sha256)
        about = await self._together.ask(asked)
        received = asked.answer()
        if isinstance(about, Exception):
            raise about
        return Told(received=received, decided=about[received.message_id])

    def _received(self, asked: Sequence[Asked]) -> Sequence[dict[str, Decided] | Exception]:
        self._intake.receive_each(asked)
        return [self._about([one.came.message_id for one in asked if one.came])] * len(asked)

    def _about(self, message_ids: Sequence[str]) -> dict[str, Decided] | Exception:
        """What was decided about messages, or why that cannot be told: then only to those that were taken."""
        if not message_ids:
            return {}
        try:
            with self._database.reading() as connection:
                return decided(connection, message_ids, self._calendar.today(datetime.now(UTC)))
        except Exception as error:  # noqa: BLE001  # raised to who asked
            return error
