"""The wordings residents are sent: read by all, changed by an administrator, each version kept with who made it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from service import wordings
from service.api.context import Context, Parts
from service.api.permissions import sees_pages
from service.pages.filling import example
from service.pages.layout import show
from service.pages.officer import Reader, Reads, Rules, rules_on_pages
from service.refusals import Changed
from service.store import wordings as store
from service.store.wordings import Version
from service.wording_rules import MOST_NAME, PLACEHOLDERS, filled, problems

router = APIRouter(prefix="/wordings", include_in_schema=False, dependencies=[Depends(sees_pages)])
changing = APIRouter(prefix="/wordings", include_in_schema=False, dependencies=[Depends(rules_on_pages)])

NEW = "new"
Name = Annotated[str, Path(max_length=60, pattern=r"^[a-z0-9-]+$")]


@router.get("", response_class=HTMLResponse)
def wordings_page(request: Request, parts: Parts, reader: Reads) -> HTMLResponse:
    """All of them, with how often each was sent."""
    profile = parts.classifier.profile
    with parts.database.reading() as connection:
        found = wordings.newest(connection, profile.name)
        uses = store.uses(connection, [each.id for each in found if each.id])
    view = {"found": found, "uses": uses, "profile": profile.title, "reader": reader}
    return show(request, "wordings.html", view | {"values": example(profile, reader.name), "filled": filled})


@dataclass(frozen=True, kw_only=True)
class Work:
    """One reader before one wording, and its versions as they were when the page was asked for."""

    request: Request
    parts: Context
    reader: Reader
    wording_id: str
    known: list[Version]

    def shown(
        self,
        typed: dict[str, str],
        *,
        base: int | None = None,
        errors: list[str] | None = None,
        preview: bool = False,
        done: str = "",
    ) -> HTMLResponse:
        """The page, with what was typed on it. `base` is the version that was changed."""
        with self.parts.database.reading() as connection:
            uses = store.uses(connection, [each.id for each in self.known if each.id])
        profile = self.parts.classifier.profile
        newest = self.known[0].version if self.known else 0
        view = {
            "reader": self.reader,
            "wording_id": self.wording_id,
            "new": not self.known,
            "known": self.known,
            "uses": uses,
            "typed": typed,
            "base": newest if base is None else base,
            "errors": [{"text": each, "href": "#wording"} for each in errors or []],
            "preview": preview,
            "done": done,
            "reads": filled(typed["text"], example(profile, self.reader.name)),
            "placeholders": PLACEHOLDERS,
            "most_name": MOST_NAME,
            "profile": profile.title,
        }
        return show(self.request, "wording.html", view, status=422 if errors else 200)

    def save(self, officer: str, typed: dict[str, str], version: int, *, in_use: bool) -> Version:
        """Keep the next version; Changed where somebody else was first."""
        profile, name = self.parts.classifier.profile.name, self.wording_id
        with self.parts.database.writing() as connection:
            name = wordings.id_for(connection, profile, typed["name"]) if name == NEW else name
            at = datetime.now(UTC)
            made = Version(
                wording_id=name,
                version=version,
                name=typed["name"],
                text=typed["text"],
                in_use=in_use,
                made_by=officer,
                made_at=at,
            )
            return wordings.save(connection, profile, made)


def _work(request: Request, parts: Parts, reader: Reads, wording_id: Name) -> Work:
    with parts.database.reading() as connection:
        known = wordings.versions(connection, parts.classifier.profile.name, wording_id)
    if not known and wording_id != NEW:
        raise HTTPException(404, "There is no such wording.")
    return Work(request=request, parts=parts, reader=reader, wording_id=wording_id, known=known)


At = Annotated[Work, Depends(_work)]


@router.get("/{wording_id}", response_class=HTMLResponse)
def wording_page(
    at: At, version: Annotated[int | None, Query(ge=1, le=10**6)] = None, saved: Literal["", "1"] = ""
) -> HTMLResponse:
    """One of them: how a resident reads it, its versions, and the form to change it; with `version` an earlier one."""
    chosen = next((each for each in at.known if version in {None, each.version}), None)
    if chosen is None and at.known:
        raise HTTPException(404, "There is no such version of this wording.")
    typed = {"name": chosen.name, "text": chosen.text} if chosen else {"name": "", "text": ""}
    return at.shown(typed, done="Saved." if saved else "")


@changing.post("/{wording_id}", response_class=HTMLResponse)
def change(
    at: At,
    officer: Rules,
    *,
    do: Annotated[Literal["preview", "save", "withdraw"], Form()] = "preview",
    name: Annotated[str, Form(max_length=10_000)] = "",
    wording: Annotated[str, Form(max_length=100_000)] = "",
    base: Annotated[int, Form(ge=0, le=10**6)] = 0,
) -> Response:
    """Look at it filled, keep it as the next version, or take it out of use."""
    typed = _typed(name, wording)
    if do == "withdraw" and at.known:
        typed = {"name": at.known[0].name, "text": at.known[0].text}
    wrong = problems(**typed)
    if wrong or do == "preview":
        return at.shown(typed, base=base, errors=wrong, preview=not wrong)
    try:
        kept = at.save(officer, typed, base + 1, in_use=do == "save")
    except Changed as error:
        return _work(at.request, at.parts, at.reader, at.wording_id).shown(typed, errors=[str(error)])
    return RedirectResponse(f"/wordings/{kept.wording_id}?saved=1", 303)


def _typed(name: str, text: str) -> dict[str, str]:
    """As it is kept: one line, and one kind of line end."""
    text = re.sub(r"\r\n?", "\n", text.replace("\x00", "")).strip()
    return {"name": " ".join(name.replace("\x00", "").split()), "text": text}
