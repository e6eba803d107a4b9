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

from service.intake import IdInUse, KeyInUse
from service.schemas import Problem

MEDIA_TYPE = "application/problem+json"
_KINDS = {413: "content-too-large"}  # its phrase differs between versions of Python
_log = structlog.get_logger()


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, for OpenAPI."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: schema}} for status in statuses}


def problem(
    status: int, kind: str, detail: str, *, message_id: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """One problem."""
    body = Problem(
        type=f"/problems/{kind}", title=HTTPStatus(status).phrase, status=status, detail=detail, message_id=message_id
    )
    return JSONResponse(body.model_dump(exclude_none=True), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def install(app: FastAPI) -> None:
    """Translate every error once, here."""
    app.exception_handler(RequestValidationError)(_invalid)
    app.exception_handler(HTTPException)(_http)
    app.add_exception_handler(IdInUse, _conflict("id-in-use"))
    app.add_exception_handler(KeyInUse, _conflict("key-in-use"))
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


def _conflict(kind: str) -> Callable[[Request, Exception], JSONResponse]:
    return lambda _request, error: problem(409, kind, str(error))


def _busy(_request: Request, error: Exception) -> JSONResponse:
    _log.error("database unavailable", error=type(error).__name__)
    return problem(
        503,
        "busy",
        "The database did not answer in time. Send it again; nothing was stored.",
        headers={"Retry-After": "5"},
    )


def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("unexpected error", error=type(error).__name__, path=request.url.path)
    return problem(500, "unexpected", "Something went wrong on our side. Nothing was stored; send it again.")
