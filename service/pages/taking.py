"""Chosen items of the work list as a file: for a purpose, which the audit record keeps with who took them."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Depends, Form
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection, RowMapping

from pipeline.formulas import formula_safe
from service.api.context import Context, Parts
from service.audit import record
from service.audit_chain import AuditEvent, Plain
from service.pages.asked import list_query
from service.pages.officer import Exports, exports_on_pages
from service.pages.several import MOST, Numbers, Query
from service.queue import QueueItem
from service.store import items, messages

router = APIRouter(include_in_schema=False, dependencies=[Depends(exports_on_pages)])

_ITEM = (
    "id",
    "message_id",
    "queue",
    "status",
    "received_at",
    "acknowledge_by",
    "answer_by",
    "acknowledged_on",
    "assigned_to",
    "case_reference",
)
_HEARD = ("label", "complaint", "flags", "category", "model_version")
_WORDS = ("sender", "subject", "text")


class Purpose(StrEnum):
    """Why items are taken away. One of a list, for the audit record holds no free text."""

    CASES = "cases"
    REGULATOR = "regulator"
    CHECKING = "checking"
    SERVICE = "service"
    MODEL = "model"


PURPOSES = {
    "": "Choose one",
    Purpose.CASES: "Working on the cases elsewhere",
    Purpose.REGULATOR: "Asked for by a regulator or an Ombudsman",
    Purpose.CHECKING: "Checking decisions",
    Purpose.SERVICE: "Planning and review of the service",
    Purpose.MODEL: "Looking at what the model gets wrong",
}


@router.post("/several/file")
def download(
    parts: Parts,
    officer: Exports,
    *,
    item: Numbers = None,
    purpose: Annotated[str, Form(max_length=60)] = "",
    with_words: Annotated[str, Form(max_length=1)] = "",
    query: Query = "",
) -> Response:
    """The chosen items as CSV, the residents' words only where asked for."""
    numbers = list(dict.fromkeys(item or []))[:MOST]
    if not numbers or purpose not in set(Purpose):
        return RedirectResponse(f"/?{list_query(query)}&note={'purpose' if numbers else 'chosen'}", 303)
    text, taken = _file(parts, numbers, with_words=with_words == "1")
    _record(parts, officer, taken, purpose, with_words=with_words == "1")
    name = f"heard-items-{parts.today().day}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


def _file(parts: Context, numbers: Sequence[int], *, with_words: bool) -> tuple[str, list[int]]:
    """The file, and the numbers of the items that are in it."""
    text, taken, words = io.StringIO(), list[int](), _WORDS if with_words else ()
    rows = csv.writer(text)
    rows.writerow([*_ITEM, "channel", *_HEARD, *words])
    with parts.database.reading() as connection:
        for found in filter(None, (items.item(connection, number) for number in numbers)):
            rows.writerow(map(formula_safe, _cells(connection, found, parts.classifier.profile.jurisdiction, words)))
            taken.append(found.id)
    return text.getvalue(), taken


def _cells(connection: Connection, item: QueueItem, jurisdiction: str, words: Sequence[str]) -> list[object]:
    message = messages.message_row(connection, item.message_id)
    decision = messages.decision_row(connection, item.message_id)
    heard = [""] * len(_HEARD) if item.is_hidden or decision is None else _heard(decision, jurisdiction)
    said = ["" if message is None else message[name] for name in ("channel", *words)]
    return [*(getattr(item, name) for name in _ITEM), said[0], *heard, *said[1:]]


def _heard(decision: RowMapping, jurisdiction: str) -> list[object]:
    """What heard thinks of it; of the blind sample nothing is told."""
    flags = "; ".join(decision["flags"])
    share = round(decision["complaint"], 4)
    return [decision["label"], share, flags, decision[f"category_{jurisdiction}"], decision["model_version"]]


def _record(parts: Context, officer: str, taken: Sequence[int], purpose: str, *, with_words: bool) -> None:
    detail: dict[str, Plain] = {
        "rows": len(taken),
        "items": " ".join(map(str, taken)),
        "for": purpose,
        "words": with_words,
    }
    event = AuditEvent(at=datetime.now(UTC), kind="items.exported", actor=officer, about="items", detail=detail)
    with parts.database.writing() as connection:
        record(connection, event)
