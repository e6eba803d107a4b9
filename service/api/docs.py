"""The description of the HTTP interface: OpenAPI, and a page to try it from."""

import base64
import hashlib
import re

from fastapi import APIRouter, Depends, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse

from service.api.permissions import anyone

router = APIRouter(include_in_schema=False, dependencies=[Depends(anyone)])

_PAGE = get_swagger_ui_html(openapi_url="/openapi.json", title="heard: HTTP interface", swagger_favicon_url="data:,")
_SCRIPT = re.findall(r"<script>(.*?)</script>", bytes(_PAGE.body).decode(), re.DOTALL)[0]
_HASH = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_FROM = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/"
_POLICY = (
    f"default-src 'none'; script-src {_FROM} 'sha256-{_HASH}'; style-src {_FROM}; img-src 'self' data:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/docs")
def docs() -> HTMLResponse:
    """Swagger UI. Its own inline script is allowed by its hash, nothing else inline."""
    return HTMLResponse(_PAGE.body, headers={"Content-Security-Policy": _POLICY})


@router.get("/openapi.json")
def openapi(request: Request) -> JSONResponse:
    """The interface as OpenAPI 3.1."""
    return JSONResponse(request.app.openapi())
