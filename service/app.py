"""create_app(settings): the composition root. Nothing is opened or loaded before it is called."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import Lifespan

from pipeline.classify import MODELS
from service import assets, swagger
from service.api import docs, health, items, messages, models, problems, queue, score
from service.api.context import Context
from service.api.described import Described
from service.api.guards import BodyLimit, OwnPages, SafeHeaders
from service.api.line import Line, Measured
from service.api.receiving import Receiving
from service.api.request_id import RequestId
from service.audit_key import AuditKey
from service.auth.door import Door
from service.background import background
from service.claiming import Claiming
from service.contacts import History
from service.crashpoints import refuse_in_production
from service.deadlines import Calendar
from service.intake import Intake
from service.metrics import Metrics
from service.models import Models
from service.oidc_settings import is_loopback
from service.outbox import Outbox
from service.pages import (
    actions,
    errors,
    help,  # noqa: A004  # the page of that name
    insight,
    item,
    model,
    second,
    several,
    sign_in,
    taking,
    wordings,
    worklist,
)
from service.pages.layout import FOLDER, Kept
from service.promoting import Promoting
from service.readiness import refuse_network_share
from service.reviewing import Reviewing
from service.sampling import Sampling, SecondDraw
from service.second_reading import SecondReading
from service.serving import Serving
from service.settings import Settings
from service.store.database import Database
from service.turns import Turns

_DESCRIPTION = (
    "Messages to UK landlords and councils: is it a complaint, and where does it go? Errors are RFC 9457 problems."
)
_LOCAL = ["127.0.0.1", "localhost", "[::1]", "testserver"]


def build_context(settings: Settings) -> Context:
    """Load the model, open the database and bring its tables up to date."""
    refuse_in_production()
    database = Database(settings.database, AuditKey(lambda: settings))
    database.migrate()
    database.check_durable()
    refuse_network_share(database.file)
    models = Models(settings.models or MODELS)
    classifier = Serving(models, profile=settings.profile, fixed=settings.model, patience=settings.model_seconds)
    history = History(window=timedelta(days=settings.prior_contact_days), own=settings.own_addresses)
    outbox = Outbox(undo_within=timedelta(minutes=settings.undo_minutes))
    calendar, turns = Calendar(settings.nation), Turns(database, outbox=outbox)
    intake = Intake(
        database,
        classifier,
        calendar,
        history=history,
        outbox=outbox,
        sampling=Sampling(share=settings.blind_share, seed=settings.blind_seed),
    )
    return Context(
        settings=settings,
        database=database,
        door=Door(database, settings),
        classifier=classifier,
        intake=intake,
        receiving=Receiving(database, intake, calendar),
        calendar=calendar,
        metrics=Metrics(database, classifier, calendar),
        promoting=Promoting(
            database, classifier, second=settings.second_person, within=timedelta(hours=settings.proposal_hours)
        ),
        claiming=Claiming(turns, lease=timedelta(minutes=settings.lease_minutes)),
        reviewing=Reviewing(
            turns,
            calendar,
            answer_days=classifier.profile.answer_days,
            undo_within=timedelta(minutes=settings.undo_minutes),
            second=SecondDraw(share=settings.second_share, seed=settings.blind_seed),
        ),
        second_reading=SecondReading(turns),
    )


def create_app(context: Context) -> FastAPI:
    """The service around parts already built; SettingsError where it would be open to strangers."""
    context.door.refuse_strangers()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        context.classifier.start()
        with background(context.settings, context.database):
            yield
        context.classifier.close()
        context.database.close()

    app = with_routes(lifespan)
    app.state.context = context
    problems.install(app)
    errors.install(app)
    door, settings = context.door, context.settings
    app.add_middleware(OwnPages, public_url=settings.public_url, cookie=door.cookie)
    app.add_middleware(Line, longest=settings.longest_line, metrics=context.metrics)
    app.add_middleware(BodyLimit, limit=settings.body_limit)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=_hosts(settings))
    app.add_middleware(errors.ErrorPages)
    app.add_middleware(Measured, metrics=context.metrics)
    app.add_middleware(RequestId)
    app.add_middleware(SafeHeaders, secure=door.secure)
    return app


def with_routes(lifespan: Lifespan[FastAPI] | None = None) -> FastAPI:
    """The routes and their description, with nothing behind them: enough to see what each needs."""
    app = Described(
        title="heard",
        version="1",
        description=_DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,  # it is one of our routes, as the page about it: `service/api/docs.py`
    )
    pages = (worklist, item, actions, several, taking, second, help, wordings, insight, model, sign_in)
    for module in (score, messages, queue, items, models, health, docs, *pages):
        app.include_router(module.router)
    for module in (worklist, second, help):
        app.include_router(module.acting)
    app.include_router(insight.exporting)
    app.include_router(wordings.changing)
    app.include_router(help.touring)
    for name, package in (("design", assets.PACKAGE), ("swagger", swagger.PACKAGE)):
        app.mount(f"/static/{name}/{package.version}", Kept(directory=package.folder, check_dir=False), name=name)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    return app


def _hosts(settings: Settings) -> list[str]:
    """The names the service answers to; any where it is served without one, since then every caller has a key."""
    named = urlsplit(settings.public_url).hostname
    if named:
        return [*_LOCAL, named]
    return _LOCAL if is_loopback(settings.host) else ["*"]
