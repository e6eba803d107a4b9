"""Who sits before the page: who is signed in, or, while nobody can sign in, the name given on `/name`."""

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, unquote, urlsplit

from fastapi import Depends, HTTPException, Request, Security
from fastapi.security import HTTPAuthorizationCredentials

from pipeline.errors import HeardError
from service.api.context import Parts
from service.api.permissions import KEY, Needs, sees_pages
from service.promoting import Person
from service.roles import NOBODY_YET, Caller, Permission
from service.store import desks
from service.store.desks import Choices

NAME_COOKIE = "heard-name"
_PAGES = re.compile(r"/(items/\d{1,19}|second|offers|wordings(/[a-z0-9-]{1,60})?|insight|model|help|tour|choices)?")
_HERE = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")
_LONGEST = 1_500
_NAME = re.compile(r"[^\x00-\x20\x7f]([^\x00-\x1f\x7f]{0,98}[^\x00-\x20\x7f])?")


def safe_path(go_to: str) -> str:
    """A path of this service, or the first page: never another site, however it is written (S20)."""
    return go_to if _HERE.fullmatch(go_to) else "/"


class NobodyKnown(HeardError):
    """A form came from somebody who is signed in no longer, or never said a name; `where` is where to do so."""

    def __init__(self, why: str, where: str) -> None:
        super().__init__(why)
        self.where = where


class NeedsOnForms(Needs):
    """As `Needs`; but what was typed must not be lost to a redirect (B90)."""

    async def __call__(
        self, request: Request, parts: Parts, key: Annotated[HTTPAuthorizationCredentials | None, Security(KEY)]
    ) -> Caller:
        """Who is asking."""
        try:
            return await super().__call__(request, parts, key)
        except HTTPException as error:
            if error.status_code != 303:
                raise
            raise NobodyKnown("You are not signed in any more.", _way("/sign-in", request)) from None


decides_on_pages = NeedsOnForms(Permission.DECIDE, page=True)
models_on_pages = NeedsOnForms(Permission.MODELS, page=True)
rules_on_pages = NeedsOnForms(Permission.ADMIN, page=True)
exports_on_pages = NeedsOnForms(Permission.EXPORT, page=True)
reads_on_pages = NeedsOnForms(Permission.READ, page=True)
Sees = Annotated[Caller, Depends(sees_pages)]
Decides = Annotated[Caller, Depends(decides_on_pages)]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who reads a page. `name` is "" for one who has not said it; `new` for one who has not seen the tour yet."""

    name: str
    choices: Choices
    new: bool
    decides: bool
    models: bool = False
    exports: bool = False
    rules: bool = False


def is_name(text: str) -> bool:
    """Whether this can stand in the history as a name."""
    return bool(_NAME.fullmatch(text))


def _reader(request: Request, parts: Parts, caller: Sees) -> Reader:
    name = _name(request, caller)
    chosen = None
    if name:
        with parts.database.reading() as connection:
            chosen = desks.choices(connection, name)
    new = bool(name) and (chosen is None or not chosen.toured)
    reader = Reader(
        name=name,
        choices=chosen or Choices(),
        new=new,
        decides=Permission.DECIDE in caller.may,
        models=Permission.MODELS in caller.may,
        exports=Permission.EXPORT in caller.may,
        rules=Permission.ADMIN in caller.may,
    )
    request.state.reader = reader
    return reader


def _officer(request: Request, caller: Decides) -> str:
    return _known(request, caller)


def _exporter(request: Request, caller: Annotated[Caller, Depends(exports_on_pages)]) -> str:
    return _known(request, caller)


def _guest(request: Request, caller: Annotated[Caller, Depends(reads_on_pages)]) -> str:
    return _known(request, caller)


def _ruler(request: Request, caller: Annotated[Caller, Depends(rules_on_pages)]) -> str:
    return _known(request, caller)


def _chooser(request: Request, caller: Annotated[Caller, Depends(models_on_pages)]) -> Person:
    return Person(caller=caller, name=_known(request, caller))


def _known(request: Request, caller: Caller) -> str:
    name = _name(request, caller)
    if not name:
        raise NobodyKnown("heard does not know your name yet, and the history needs one.", _way("/name", request))
    return name


def _way(to: str, request: Request) -> str:
    """Back to the page a form stood on, never to the form's own address, which cannot be opened."""
    return f"{to}?next={quote(stood_on(request), safe='')}"


def stood_on(request: Request) -> str:
    """This page, or the one a form was sent from where that can be opened again; else the form's item, or the list."""
    here, said = urlsplit(str(request.url)), urlsplit(request.headers.get("referer", ""))
    for each in (here,) * (request.method == "GET") + (said,) * (said.netloc == request.headers.get("host")):
        if _PAGES.fullmatch(each.path):
            return safe_path(f"{each.path}?{each.query}" if 0 < len(each.query) < _LONGEST else each.path)
    item = re.match(r"/items/\d{1,19}(?=/)", request.url.path)
    return item[0] if item else "/"


def _name(request: Request, caller: Caller) -> str:
    if caller is not NOBODY_YET:
        return caller.name
    name = unquote(request.cookies.get(NAME_COOKIE, ""))
    return name if is_name(name) else ""


Reads = Annotated[Reader, Depends(_reader)]
Acts = Annotated[str, Depends(_officer)]
Chooses = Annotated[Person, Depends(_chooser)]
Exports = Annotated[str, Depends(_exporter)]
Rules = Annotated[str, Depends(_ruler)]
Visits = Annotated[str, Depends(_guest)]
"""Who may at least read, and has a name: for what they set up for themselves."""
