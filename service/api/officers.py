"""Which officer acts: who is signed in, or, while nobody can sign in, the name the request gives."""

import hashlib
from typing import Annotated

from fastapi import Depends, Header, HTTPException, Request

from service.api.messages import Key
from service.api.permissions import Decider
from service.oidc_settings import is_loopback
from service.roles import NOBODY_YET
from service.turns import Asking
from service.turns import Key as KeyOfRequest

_LIMIT = 100

Named = Annotated[
    str | None,
    Header(
        alias="X-Heard-Officer",
        min_length=1,
        max_length=400,
        pattern=r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$",
        description="The officer's name, at most 100 characters, as it is to stand in the history (UTF-8). "
        "Only while nobody can sign in; afterwards it is whose key or session it is.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=r'^(\*|"[0-9]{1,9}")$',
        description="The ETag of the item as you read it; 412 if it has changed since.",
    ),
]


def _officer(request: Request, caller: Decider, named: Named = None) -> str:
    """The officer's name: the caller's own where there is one, whatever the header says."""
    if caller is not NOBODY_YET:
        return caller.name
    if request.client and not is_loopback(request.client.host):
        raise HTTPException(403, "Nobody is signed in, so officers' actions are taken from this machine only.")
    if named is None:
        raise HTTPException(422, "Say whose action it is: send the header X-Heard-Officer.")
    name = _as_written(named)
    if len(name) > _LIMIT:
        raise HTTPException(422, f"The officer's name is longer than {_LIMIT} characters.")
    return name


Officer = Annotated[str, Depends(_officer)]


async def _asking(request: Request, officer: Officer, if_match: IfMatch = None, key: Key = None) -> Asking:
    """Who asks, on what condition, and the hash of the whole request for its key."""
    version = int(if_match.strip('"')) if if_match and if_match != "*" else None
    parts = (request.url.path.encode(), officer.encode(), await request.body())
    digest = hashlib.sha256(b"\x1f".join(parts)).hexdigest()
    return Asking(by=officer, version=version, key=KeyOfRequest(name=key, request_sha256=digest) if key else None)


Asks = Annotated[Asking, Depends(_asking)]


def _as_written(header: str) -> str:
    """Headers arrive as Latin-1, whatever was meant."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except ValueError:
        return header
