"""Errors as application/problem+json (RFC 9457): a plain sentence and perhaps a message id, never its words."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from service.api.headers import safe_headers
from service.api.request_id import HEADER
from service.auth.refusals import NoProvider, NotLetIn, TooOften
from service.item_schemas import ItemOut
from service.models import NoSuchModel, NotPromotable
from service.received import IdInUse, KeyInUse
from service.refusals import ActionKeyInUse, ActionRefused, Changed, NoSuchItem, NotPossible, TooLate
from service.schemas import Problem
from service.serving import ModelUnavailable

MEDIA_TYPE = "application/problem+json"
_KINDS = {413: "content-too-large"}  # its phrase differs between versions of Python
_REFUSED: dict[type[ActionRefused], tuple[int, str]] = {
    NoSuchItem: (404, "not-found"),
    NotPossible: (422, "invalid"),
    Changed: (412, "changed"),
    ActionKeyInUse: (409, "key-in-use"),
    TooLate: (409, "too-late"),
}
_log = structlog.get_logger()


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, for OpenAPI."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}} for status in statuses}


def problem(
    status: int,
    kind: str,
    detail: str,
    *,
    message_id: str | None = None,
    item: ItemOut | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """One problem."""
    body = Problem(
        type=f"/problems/{kind}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        message_id=item.message_id if item else message_id,
        item=item,
    )
    content = body.model_dump(mode="json", exclude={name for name, value in body if value is None})
    return JSONResponse(content, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Translate every error once, here."""
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)
    app.add_exception_handler(ModelUnavailable, _no_model)
    app.add_exception_handler(NoSuchModel, _conflict("not-found", 404))
    app.add_exception_handler(NotPromotable, _conflict("not-promotable"))
    app.add_exception_handler(IdInUse, _conflict("id-in-use"))
    app.add_exception_handler(KeyInUse, _conflict("key-in-use"))
    app.exception_handler(ActionRefused)(_refused)
    app.exception_handler(NotLetIn)(not_let_in)
    app.add_exception_handler(OperationalError, _busy)
    app.add_exception_handler(PoolTimeout, _busy)
    app.add_exception_handler(Exception, _unexpected)


def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:10]]
    return problem(422, "invalid", "The request does not fit: " + "; ".join(faults) + ".")


def _http(_request: Request, error: HTTPException) -> JSONResponse:
    kind = _KINDS.get(error.status_code) or HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, kind, str(error.detail), headers=headers)


def _conflict(kind: str, status: int = 409) -> Callable[[Request, Exception], JSONResponse]:
    return lambda _request, error: problem(status, kind, str(error), message_id=getattr(error, "message_id", None))


def _no_model(_request: Request, error: Exception) -> JSONResponse:
    return problem(503, "no-model", str(error), headers={"Retry-After": "10"})


def _refused(request: Request, error: ActionRefused) -> JSONResponse:
    status, kind = _REFUSED[type(error)]
    item = ItemOut.from_domain(error.item, request.app.state.context.today()) if error.item else None
    return problem(status, kind, str(error), item=item)


def status_of_refusal(error: ActionRefused) -> int:
    """The status that says why an action was not done."""
    return _REFUSED[type(error)][0]


def not_let_in(_request: Request, error: NotLetIn) -> JSONResponse:
    """Nobody comes in; 429 says when to try again."""
    if isinstance(error, TooOften):
        return problem(429, "too-often", str(error), headers={"Retry-After": str(error.seconds)})
    return problem(status_of(error), "not-let-in", str(error))


def status_of(error: NotLetIn) -> int:
    """The status that says why somebody was not let in."""
    return 429 if isinstance(error, TooOften) else 503 if isinstance(error, NoProvider) else 403


def _busy(_request: Request, error: Exception) -> JSONResponse:
    _log.error("database unavailable", error=type(error).__name__)
    return problem(
        503,
        "busy",
        "The database did not answer in time. Send it again; nothing was stored.",
        headers={"Retry-After": "5"},
    )


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    """Answered outside all middleware, so the request's id is added here."""
    name = getattr(request.state, "request_id", "")
    _log.error("unexpected error", error=type(error).__name__, path=request.url.path, request_id=name)
    why = "Something went wrong on our side. Nothing was stored; send it again."
    secure = request.app.state.context.door.secure
    return problem(500, "unexpected", why, headers={HEADER: name, **safe_headers(secure=secure)})
