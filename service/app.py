"""create_app(settings): the composition root. Nothing is opened or loaded before it is called."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware

from pipeline.classify import MessageClassifier
from service.api import health, messages, problems, queue, score
from service.api.context import Context
from service.api.guards import BodyLimit, SafeHeaders
from service.deadlines import Calendar
from service.intake import Intake
from service.pages import queue as queue_page
from service.schemas import Problem
from service.settings import Settings
from service.store.database import Database

_DESCRIPTION = (
    "Messages to UK landlords and councils: is it a complaint, and where does it go? Errors are RFC 9457 problems."
)
_LOCAL = ["127.0.0.1", "localhost", "[::1]", "testserver"]


def build_context(settings: Settings) -> Context:
    """Load the model, open the database and bring its tables up to date."""
    classifier = MessageClassifier.open(settings.model, settings.profile)
    database = Database(settings.database)
    database.migrate()
    intake = Intake(database, classifier, Calendar(settings.nation))
    return Context(settings=settings, database=database, classifier=classifier, intake=intake)


def create_app(context: Context) -> FastAPI:
    """The service around parts already built."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        context.database.close()

    app = FastAPI(title="heard", version="1", description=_DESCRIPTION, lifespan=lifespan)
    app.state.context = context
    for module in (score, messages, queue, health):
        app.include_router(module.router)
    app.include_router(queue_page.router)
    app.mount("/static", StaticFiles(directory=queue_page.FOLDER / "static"), name="static")
    problems.install(app)
    app.add_middleware(SafeHeaders)
    app.add_middleware(BodyLimit, limit=context.settings.body_limit)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_LOCAL)
    _describe_problem(app)
    return app


def _describe_problem(app: FastAPI) -> None:
    """OpenAPI refers to Problem in every error; FastAPI only lists what routes answer with, so it is added here."""
    document = app.openapi()
    schemas = document["components"]["schemas"]
    schemas["Problem"] = Problem.model_json_schema()
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
