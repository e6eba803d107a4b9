"""The insight page: what came in, what became of it, and whether the promises are kept; downloads with a purpose."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from pipeline.domain import Jurisdiction
from service import insight
from service.api.context import Context, Parts
from service.api.permissions import sees_pages
from service.audit import record
from service.audit_chain import AuditEvent, Plain
from service.insight import Asked, Insight, NoSuchPeriod
from service.monitor import verdict
from service.pages.insight_charts import TALL, drawn
from service.pages.insight_table import Table, as_csv
from service.pages.insight_tables import tables
from service.pages.layout import show
from service.pages.officer import Exports, Reads, exports_on_pages
from service.roles import Permission

router = APIRouter(include_in_schema=False, dependencies=[Depends(sees_pages)])
exporting = APIRouter(include_in_schema=False, dependencies=[Depends(exports_on_pages)])

_Line = Annotated[str, Field(max_length=60)]


class Purpose(StrEnum):
    """Why figures are taken away. One of a list: the audit record is kept for good and holds no free text."""

    BOARD = "board"
    SELF_ASSESSMENT = "self_assessment"
    REGULATOR = "regulator"
    SERVICE = "service"
    MODEL = "model"


_PURPOSES = {
    "": "Choose one",
    Purpose.BOARD: "Report to a board, a committee or residents",
    Purpose.SELF_ASSESSMENT: "Self-assessment against the Code",
    Purpose.REGULATOR: "Asked for by a regulator or an Ombudsman",
    Purpose.SERVICE: "Planning and review of the service",
    Purpose.MODEL: "Watching the model",
}


class Days(BaseModel):
    """The period as it is typed. What an old address may hold besides is passed over."""

    model_config = ConfigDict(extra="ignore", populate_by_name=True)

    first: _Line = Field(default="", alias="from")
    last: _Line = Field(default="", alias="to")
    words: Literal["", "1"] = ""

    def asked(self) -> Asked:
        """The days meant; NoSuchPeriod says what is wrong with them."""
        return insight.asked(self.first, self.last, datetime.now(UTC).date(), words=self.words == "1")


class Taking(Days):
    """What is taken away, and what for."""

    table: _Line = ""
    purpose: _Line = ""


@router.get("/insight", response_class=HTMLResponse)
def insight_page(request: Request, parts: Parts, reader: Reads, days: Annotated[Days, Query()]) -> HTMLResponse:  # noqa: ARG001  # the frame shows the reader
    """All figures of a period."""
    try:
        return _shown(request, parts, days, _figures(parts, days.asked()))
    except NoSuchPeriod as error:
        return _refused(request, days, error)


@exporting.post("/insight/download")
def download(
    request: Request,
    parts: Parts,
    reader: Reads,  # noqa: ARG001  # as above
    officer: Exports,
    taking: Annotated[Taking, Form()],
) -> Response:
    """One table as CSV. Who took it, which, and what for stand in the audit record before it is sent."""
    try:
        found = _figures(parts, taking.asked())
    except NoSuchPeriod as error:
        return _refused(request, taking, error)
    chosen = next((each for each in tables(found) if each.id == taking.table), None)
    if chosen is None or taking.purpose not in set(Purpose):
        return _shown(request, parts, taking, found, wrong="Choose a table, and what it is for.")
    _record(parts, officer, found.asked, chosen, taking.purpose)
    name = f"heard-{chosen.id}-{found.asked.first}-{found.asked.last}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(as_csv(chosen), media_type="text/csv; charset=utf-8", headers=headers)


def _figures(parts: Context, asked: Asked) -> Insight:
    with parts.database.reading() as connection:
        return insight.figures(
            connection, asked, Jurisdiction(parts.classifier.profile.jurisdiction), parts.today().day
        )


def _record(parts: Context, officer: str, asked: Asked, table: Table, purpose: str) -> None:
    detail: dict[str, Plain] = {
        "from": asked.first.isoformat(),
        "to": asked.last.isoformat(),
        "rows": len(table.rows),
        "for": purpose,
    }
    at, about = datetime.now(UTC), f"insight:{table.id}"
    event = AuditEvent(at=at, kind="insight.exported", actor=officer, about=about, detail=detail)
    with parts.database.writing() as connection:
        record(connection, event)


def _shown(request: Request, parts: Context, days: Days, found: Insight, *, wrong: str = "") -> HTMLResponse:
    all_tables = tables(found)
    view: dict[str, Any] = {
        "days": {"first": found.asked.first, "last": found.asked.last, "words": days.words},
        "found": found,
        "verdict": verdict(found.monitor),
        "parts": [(table, drawn(table)) for table in all_tables],
        "tall": TALL,
        "may_export": Permission.EXPORT in request.state.caller.may,
        "purposes": _PURPOSES,
        "taken": getattr(days, "table", ""),
        "wrong": wrong,
        "profile": parts.classifier.profile.title,
    }
    return show(request, "insight.html", view, status=422 if wrong else 200)


def _refused(request: Request, days: Days, error: NoSuchPeriod) -> HTMLResponse:
    typed = {"first": _kept(days.first), "last": _kept(days.last), "words": days.words}
    return show(request, "insight.html", {"days": typed, "found": None, "why": str(error)}, status=422)


def _kept(typed: str) -> str:
    """A field for a date takes nothing else."""
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError:
        return ""
