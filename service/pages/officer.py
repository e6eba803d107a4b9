"""Who sits before the page: who is signed in, or, while nobody can sign in, the name given on `/name`."""

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, unquote

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
_NAME = re.compile(r"[^\x00-\x20\x7f]([^\x00-\x1f\x7f]{0,98}[^\x00-\x20\x7f])?")


class NobodyKnown(HeardError):
    """A form came from somebody who is signed in no longer, or never said a name; `where` is where to do so."""

    def __init__(self, why: str, where: str) -> None:
        super().__init__(why)
        self.where = where


class NeedsOnForms(Needs):
    """As `Needs`; but what was typed must not be lost to a redirect (B90)."""

    def __call__(
        self, request: Request, parts: Parts, key: Annotated[HTTPAuthorizationCredentials | None, Security(KEY)]
    ) -> Caller:
        """Who is asking."""
        try:
            return super().__call__(request, parts, key)
        except HTTPException as error:
            if error.status_code != 303:
                raise
            raise NobodyKnown("You are not signed in any more.", _way("/sign-in", request)) from None


decides_on_pages = NeedsOnForms(Permission.DECIDE, page=True)
models_on_pages = NeedsOnForms(Permission.MODELS, page=True)
rules_on_pages = NeedsOnForms(Permission.ADMIN, page=True)
exports_on_pages = NeedsOnForms(Permission.EXPORT, page=True)
Sees = Annotated[Caller, Depends(sees_pages)]
Decides = Annotated[Caller, Depends(decides_on_pages)]


@dataclass(frozen=True, kw_only=True)
class Reader:
    """Who reads a page. `name` is "" for one who has not said it; `new` for one who has set up nothing yet."""

    name: str
    choices: Choices
    new: bool
    decides: bool
    models: bool = False


def is_name(text: str) -> bool:
    """Whether this can stand in the history as a name."""
    return bool(_NAME.fullmatch(text))


def _reader(request: Request, parts: Parts, caller: Sees) -> Reader:
    name = _name(request, caller)
    chosen = None
    if name:
        with parts.database.reading() as connection:
            chosen = desks.choices(connection, name)
    decides = Permission.DECIDE in caller.may
    models = Permission.MODELS in caller.may
    new = bool(name) and chosen is None
    reader = Reader(name=name, choices=chosen or Choices(), new=new, decides=decides, models=models)
    request.state.reader = reader
    return reader


def _officer(request: Request, caller: Decides) -> str:
    return _known(request, caller)


def _exporter(request: Request, caller: Annotated[Caller, Depends(exports_on_pages)]) -> str:
    return _known(request, caller)


def _chooser(request: Request, caller: Annotated[Caller, Depends(models_on_pages)]) -> Person:
    return Person(caller=caller, name=_known(request, caller))


def _known(request: Request, caller: Caller) -> str:
    name = _name(request, caller)
    if not name:
        raise NobodyKnown("heard does not know your name yet, and the history needs one.", _way("/name", request))
    return name


def _way(to: str, request: Request) -> str:
    """Back to the item a form belongs to, never to the form's own address, which cannot be opened."""
    item = re.match(r"/items/\d{1,19}(?=/)", request.url.path)
    return f"{to}?next={quote(item[0] if item else '/', safe='')}"


def _name(request: Request, caller: Caller) -> str:
    if caller is not NOBODY_YET:
        return caller.name
    name = unquote(request.cookies.get(NAME_COOKIE, ""))
    return name if is_name(name) else ""


Reads = Annotated[Reader, Depends(_reader)]
Acts = Annotated[str, Depends(_officer)]
Chooses = Annotated[Person, Depends(_chooser)]
Exports = Annotated[str, Depends(_exporter)]
