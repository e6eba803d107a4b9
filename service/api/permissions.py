"""What a route needs: every route names it by a dependency, so that none is open by being forgotten (S34)."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.api.context import Parts
from service.roles import Caller, Permission

KEY = HTTPBearer(
    scheme_name="key",
    auto_error=False,
    description="An API key, as `heard key create` prints it. Officers' browsers send their session's cookie instead.",
)


class Needs:
    """Asks who is asking, and refuses who may not: 401, or the way to the sign-in page; 403; 429 for too much."""

    def __init__(self, permission: Permission, *, page: bool = False) -> None:
        self.permission = permission
        self._page = page

    async def __call__(
        self, request: Request, parts: Parts, key: Annotated[HTTPAuthorizationCredentials | None, Security(KEY)]
    ) -> Caller:
        """Who is asking."""
        given = "authorization" in request.headers
        text = (key.credentials if key else "") if given else None
        caller = await parts.door.caller(address_of(request), text, request.cookies.get(parts.door.cookie))
        if caller is None:
            raise _sign_in_first(request) if self._page else _unknown()
        if self.permission not in caller.may:
            raise HTTPException(403, f"This needs the permission `{self.permission}`, which you do not have.")
        request.state.caller = caller
        return caller


async def anyone() -> None:
    """For what needs no permission: health, the sign-in page, the description of the interface."""


may_score, may_receive, may_read, may_decide = map(
    Needs, (Permission.SCORE, Permission.RECEIVE, Permission.READ, Permission.DECIDE)
)
sees_pages = Needs(Permission.READ, page=True)

Decider = Annotated[Caller, Depends(may_decide)]
Reader = Annotated[Caller, Depends(may_read)]
Sender = Annotated[Caller, Depends(may_receive)]


def address_of(request: Request) -> str:
    """Where the request comes from; only a proxy on this machine may say otherwise (`heard serve`)."""
    return request.client.host if request.client else ""


def _unknown() -> HTTPException:
    why = "Say who you are: send `Authorization: Bearer` with an API key that works, or sign in."
    return HTTPException(401, why, headers={"WWW-Authenticate": "Bearer"})


def _sign_in_first(request: Request) -> HTTPException:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return HTTPException(303, "Sign in first.", headers={"Location": f"/sign-in?next={quote(here, safe='')}"})
