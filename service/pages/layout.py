"""Every page's frame: the templates with the Design System's macros, and what each page is told."""

from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PackageLoader, PrefixLoader, pass_context
from jinja2.runtime import Context as TemplateContext
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from pipeline.policy import percent
from service import assets
from service.pages import words
from service.pages.officer import stood_on
from service.queue import QueueName

FOLDER = Path(__file__).parent
_HELP, _MODEL, _SECOND = "/help", "/model", "/second"
_NAVIGATION = (
    ("/", "Work list"),
    (_SECOND, "Second readings"),
    ("/offers", "Offers"),
    ("/insight", "Insight"),
    (_MODEL, "Model"),
    (_HELP, "Help"),
    ("/choices", "Your choices"),
)
_KEPT = "public, max-age=31536000, immutable"


def _environment() -> Environment:
    macros = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    found = Environment(
        loader=ChoiceLoader([FileSystemLoader(FOLDER / "templates"), macros]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    found.globals.update(words=words, design=assets.PACKAGE.version, navigation=_navigation, stood_on=stood_on)
    found.globals.update(queue_names=list(QueueName), design_is_here=assets.are_here)
    found.filters.update(
        day=words.day,
        moment=words.moment,
        clock=words.clock,
        percent=percent,
        likeliness=words.likeliness,
    )
    return found


@pass_context
def _navigation(context: TemplateContext) -> list[dict[str, Any]]:
    request = context["request"]
    here, reader = request.url.path, request.state.reader
    keys = {_HELP: {"data-key": "?", "aria-keyshortcuts": "?"}} if reader.choices.single_keys else {}
    shown = {_MODEL: reader.models, _SECOND: reader.decides}
    return [
        {"href": path, "text": text, "current": here == path, "attributes": keys.get(path, {})}
        for path, text in _NAVIGATION
        if shown.get(path, True)
    ]


_templates = Jinja2Templates(env=_environment())


def show(request: Request, template: str, view: dict[str, Any], *, status: int = 200) -> HTMLResponse:
    """A page. Autoescape is on for all of them, and none turns it off (S1)."""
    return _templates.TemplateResponse(request, template, view, status_code=status)


class Kept(StaticFiles):
    """Files whose address holds their version: a browser fetches them once."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        """With the leave to keep them."""
        answer = super().file_response(*args, **kwargs)
        answer.headers["Cache-Control"] = _KEPT
        return answer
