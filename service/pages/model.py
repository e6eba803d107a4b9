"""The model page: for those who answer for which model serves. Each button is one call of `service.promoting`."""

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from service.api.context import Context, Parts
from service.api.permissions import Needs
from service.model_schemas import LONGEST_REASON
from service.models import NoSuchModel, NotPromotable
from service.pages.layout import show
from service.pages.model_figures import Asked, channel, percent, route
from service.pages.model_view import MINUTES, WEEKLY, view
from service.pages.officer import Chooses, Reader, Reads, rules_on_pages
from service.promoting import Person
from service.roles import Caller, Permission

_sees_models = Needs(Permission.MODELS, page=True)
router = APIRouter(prefix="/model", include_in_schema=False)

_Reason = Annotated[str, Form(max_length=LONGEST_REASON * 4)]
_Number = Annotated[int, Form(ge=1, lt=2**63)]
_Version = Annotated[str, Form(max_length=60)]
_DONE = {
    "proposed": "The model is proposed. Another person must confirm it before it serves.",
    "promoted": "The model serves. Other processes take it up within a minute.",
    "declined": "The proposal is ended. The model that serves stays.",
    "back": "The model before serves again. Other processes take it up within a minute.",
}
_WHY = "Say why: the record keeps it, and whoever confirms reads it."


class Slider(BaseModel):
    """Where the slider stands; what does not fit counts as not asked."""

    model_config = ConfigDict(extra="ignore")

    promise: str = Field(default="", max_length=20)
    weekly: str = Field(default="", max_length=20)
    minutes: str = Field(default="", max_length=20)
    done: str = Field(default="", max_length=20)

    def asked(self) -> Asked | None:
        """What the form asked for; None where it was not sent."""
        if not self.promise.isdecimal():
            return None
        return Asked(
            place=int(self.promise[:3]),
            weekly=int(_within(self.weekly, WEEKLY, 1, 1_000_000)),
            minutes=_within(self.minutes, MINUTES, 0.1, 600),
        )


@dataclass(frozen=True, kw_only=True)
class At:
    """The page, who is at it, and the parts behind it."""

    request: Request
    parts: Context
    reader: Reader
    person: Person

    def show(
        self,
        *,
        asked: Asked | None = None,
        done: str = "",
        wrong: str = "",
        typed: dict[str, str] | None = None,
        status: int = 200,
    ) -> HTMLResponse:
        """The page, with what the last press of a button said."""
        told: dict[str, Any] = {"done": done, "wrong": wrong, "typed": typed or {}}
        told |= {"percent": percent, "route": route, "channel": channel}
        told |= {"reader": self.reader, "may_roll_back": Permission.ADMIN in self.person.caller.may}
        return show(self.request, "model.html", view(self.parts, self.person, asked) | told, status=status)

    def acted(self, act: Callable[[], object], done: str, typed: dict[str, str] | None = None) -> Response:
        """Do it and show the page anew; what was refused comes back with what was typed."""
        try:
            act()
        except (NotPromotable, NoSuchModel) as refused:
            return self.show(wrong=str(refused), typed=typed, status=409)
        return RedirectResponse(f"/model?done={done}", 303)

    def with_reason(self, act: Callable[[str], object], done: str, typed: dict[str, str]) -> Response:
        """The same for what needs a reason."""
        why = " ".join(typed["reason"].replace("\x00", "").split())
        if not 0 < len(why) <= LONGEST_REASON:
            wrong = f"Shorten the reason to {LONGEST_REASON:,} characters." if why else _WHY
            return self.show(wrong=wrong, typed=typed, status=422)
        return self.acted(lambda: act(why), done, typed)


def _at(request: Request, parts: Parts, reader: Reads, person: Chooses) -> At:
    return At(request=request, parts=parts, reader=reader, person=person)


Page = Annotated[At, Depends(_at)]


@router.get("", response_class=HTMLResponse)
def model_page(
    request: Request,
    parts: Parts,
    reader: Reads,
    caller: Annotated[Caller, Depends(_sees_models)],
    slider: Annotated[Slider, Query()],
) -> HTMLResponse:
    """What serves, how good it is, what it costs, and what could take its place."""
    at = At(request=request, parts=parts, reader=reader, person=Person(caller=caller, name=reader.name))
    return at.show(asked=slider.asked(), done=_DONE.get(slider.done, ""))


@router.post("/propose")
def propose(at: Page, version: _Version = "", reason: _Reason = "") -> Response:
    """Put a model before a second person; where one person is enough, it serves."""
    promoting, person = at.parts.promoting, at.person
    typed = {"version": version, "reason": reason}
    if promoting.needs_another(person):
        return at.with_reason(lambda why: promoting.propose(version, person, why), "proposed", typed)
    return at.with_reason(lambda why: promoting.promote(version, person, why), "promoted", typed)


@router.post("/confirm")
def confirm(at: Page, proposal: _Number = 1) -> Response:
    """Let the proposed model serve."""
    return at.acted(lambda: at.parts.promoting.confirm(proposal, at.person), "promoted")


@router.post("/decline")
def decline(at: Page, proposal: _Number = 1, reason: _Reason = "") -> Response:
    """End a proposal."""
    typed = {"declining": reason, "reason": reason}
    return at.with_reason(lambda why: at.parts.promoting.decline(proposal, at.person, why), "declined", typed)


@router.post("/rollback", dependencies=[Depends(rules_on_pages)])
def roll_back(at: Page, version: _Version = "", reason: _Reason = "") -> Response:
    """Go back to the model before, at once."""
    typed = {"going_back": reason, "reason": reason}
    return at.with_reason(lambda why: at.parts.promoting.roll_back(version, at.person, why), "back", typed)


def _within(text: str, usual: float, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        return usual
    return min(max(value, low), high) if isfinite(value) else usual
