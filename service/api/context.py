"""What routes ask for, by name."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, Request

from service.api.receiving import Receiving
from service.auth.door import Door
from service.claiming import Claiming
from service.deadlines import Calendar, Today
from service.intake import Intake
from service.metrics import Metrics
from service.promoting import Promoting
from service.reviewing import Reviewing
from service.second_reading import SecondReading
from service.serving import Serving
from service.settings import Settings
from service.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Context:
    """The parts of one running service, put together in `create_app`."""

    settings: Settings
    database: Database
    door: Door
    classifier: Serving
    intake: Intake
    receiving: Receiving
    calendar: Calendar
    metrics: Metrics
    promoting: Promoting
    claiming: Claiming
    reviewing: Reviewing
    second_reading: SecondReading

    def today(self) -> Today:
        """What is overdue and due soon now."""
        return self.calendar.today(datetime.now(UTC))


async def _context(request: Request) -> Context:
    """`async` since it waits for nothing: FastAPI sends what is not to a thread and back."""
    context: Context = request.app.state.context
    return context


Parts = Annotated[Context, Depends(_context)]
