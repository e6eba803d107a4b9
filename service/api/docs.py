"""The description of the HTTP interface: OpenAPI, and a page to try it from, with nothing from another host."""

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse

from service import swagger
from service.api.permissions import anyone

router = APIRouter(include_in_schema=False, dependencies=[Depends(anyone)])

_FILES = f"/static/swagger/{swagger.PACKAGE.version}"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""As everywhere, but for the pictures that stand in Swagger UI's own stylesheet."""
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>heard: HTTP interface</title>
<link rel="icon" href="/static/heard.svg" type="image/svg+xml">
"""
_PAGE = f"""{_HEAD}<link rel="stylesheet" href="{_FILES}/{swagger.CSS}">
</head>
<body>
<main id="interface"></main>
<script src="{_FILES}/{swagger.SCRIPT}"></script>
<script src="/static/interface.js"></script>
</body>
</html>
"""


@router.get("/docs")
def docs(request: Request) -> HTMLResponse:
    """Swagger UI from our own files; the bare list of calls where they were not fetched."""
    if swagger.PACKAGE.is_here():
        return HTMLResponse(_PAGE, headers={"Content-Security-Policy": _POLICY})
    return HTMLResponse("".join(_plain(request.app.openapi())))


@router.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """The interface as OpenAPI 3.1."""
    return JSONResponse(request.app.openapi())


def _plain(document: dict[str, Any]) -> Iterator[str]:
    yield _HEAD + '<link rel="stylesheet" href="/static/plain.css">\n</head>\n<body>\n<h1>HTTP interface</h1>\n'
    yield '<p>In full: <a href="/openapi.json">openapi.json</a>.</p>\n<dl>\n'
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            yield f"<dt><code>{escape(method.upper())} {escape(path)}</code></dt>\n"
            yield f"<dd>{escape(operation.get('description', ''))}</dd>\n"
    yield "</dl>\n</body>\n</html>\n"
