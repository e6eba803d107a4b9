"""What routes ask for, by name."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from pipeline.classify import MessageClassifier
from service.intake import Intake
from service.settings import Settings
from service.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Context:
    """The parts of one running service, put together in `create_app`."""

    settings: Settings
    database: Database
    classifier: MessageClassifier
    intake: Intake


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


Parts = Annotated[Context, Depends(_context)]
