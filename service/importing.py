"""A table in: row by row through the intake, going on exactly where it was stopped (P18, P19)."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from sqlalchemy.exc import IntegrityError

from pipeline.classify import MessageClassifier
from pipeline.domain import Decision, Message
from pipeline.errors import InputError, RefusedRow
from pipeline.read.columns import Columns
from pipeline.read.csv_files import Record
from pipeline.read.opened import Opened
from pipeline.read.tables import Seen, messages_of, plain_cells
from service.crashpoints import crashpoint
from service.import_checks import Notes
from service.imported import Outcome, Taken, Totals, verdict_of
from service.intake import IdInUse, Intake
from service.store import imports
from service.store.database import Database
from service.store.imports import Plan, Run
from service.store.messages import content_sha256

NOTED = 32
"""Rows after which progress is noted: those since then are looked up when an import goes on."""

_CHUNK = 64
_OTHER_WORDS = "its id was received before with other words. Give this message an id of its own."


class ImportedElsewhere(InputError):
    """Two processes import the same file at once."""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A message or refusal, and the row it came from. `first` is true of the first of a row."""

    record: Record
    cells: tuple[str, ...]
    column: str
    score: str
    found: Message | RefusedRow
    first: bool


def items_of(opened: Opened, notes: Notes) -> Iterator[Item]:
    """Every message and refusal of a table, in order."""
    columns, seen = opened.columns, Seen()
    for number, record in opened.rows:
        notes.look(record, columns)
        place = f"{opened.place}#{number}"
        cells = plain_cells(record, columns)
        score = _cell(cells, columns.score_place)
        for turn, found in enumerate(messages_of(record, columns, place, seen)):
            column = (found.source or "").removeprefix(place).removeprefix("/")
            yield Item(record=record, cells=cells, column=column, score=score, found=found, first=turn == 0)


def _cell(cells: Sequence[str], place: int | None) -> str:
    return "" if place is None or place >= len(cells) else cells[place]


def plan_of(source: str, file_name: str, file_sha256: str, columns: Columns, options: Sequence[object]) -> Plan:
    """What tells whether an import is the one that was stopped."""
    parts = repr((columns.names, sorted(columns.places.items()), list(columns.texts), columns.id_place, list(options)))
    digest = hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()
    return Plan(source=source, file_name=file_name, file_sha256=file_sha256, plan_sha256=digest)


class Import:
    """One run of one table. Its rows go in once each, however often it is stopped and started again."""

    def __init__(self, database: Database, intake: Intake, plan: Plan) -> None:
        self._database = database
        self._intake = intake
        with database.writing() as connection:
            self._run: Run = imports.unfinished(connection, plan) or imports.begin(connection, plan, now())
        self._pending: list[Outcome] = []
        self._noted = len(self._run.done)

    @property
    def already(self) -> int:
        """How many messages and refusals an earlier process had noted."""
        return len(self._run.done)

    def take(self, items: Iterator[Item], totals: Totals) -> Iterator[Taken]:
        """Receive what is not in yet; answers every row, in order."""
        for number, item in enumerate(items):
            taken = self._again(item, number) if number < self.already else self._new(item, number)
            totals.rows += item.first
            totals.add(taken)
            yield taken
        self._note()
        with self._database.writing() as connection:
            imports.finish(connection, self._run, totals, now())

    def _again(self, item: Item, number: int) -> Taken:
        """A row that was noted before it was stopped: told, not received again."""
        outcome = self._run.done[number]
        if isinstance(item.found, Message) and outcome is Outcome.REFUSED:
            return _taken(item, outcome, reason=_OTHER_WORDS)
        return self._told(item, outcome)

    def _new(self, item: Item, number: int) -> Taken:
        taken = self._received(item, number)
        crashpoint("import_after_receive")
        self._pending.append(taken.outcome)
        if len(self._pending) >= NOTED or taken.outcome is Outcome.REFUSED:
            self._note()
        return taken

    def _received(self, item: Item, number: int) -> Taken:
        if isinstance(item.found, RefusedRow):
            self._intake.set_aside(item.found, source=self._run.source)
            return _taken(item, Outcome.REFUSED, reason=item.found.reason)
        if number < self.already + NOTED and self._came_in_before_the_stop(item.found):
            return self._told(item, Outcome.ACCEPTED)
        try:
            received = self._intake.receive(item.found, source=self._run.source)
        except IdInUse:
            return _taken(item, Outcome.REFUSED, reason=_OTHER_WORDS)
        return self._told(item, Outcome.ACCEPTED if received.new else Outcome.DUPLICATE, received.message_id)

    def _came_in_before_the_stop(self, message: Message) -> bool:
        with self._database.reading() as connection:
            return imports.received_in(connection, self._run, message.id, message.source or "")

    def _told(self, item: Item, outcome: Outcome, message_id: str | None = None) -> Taken:
        if isinstance(item.found, RefusedRow):
            return _taken(item, outcome, reason=item.found.reason)
        known = message_id or item.found.id
        with self._database.reading() as connection:
            return _taken(item, outcome, message_id=known, verdict=imports.verdict(connection, known))

    def _note(self) -> None:
        if not self._pending:
            return
        try:
            with self._database.writing() as connection:
                imports.note(connection, self._run, self._noted, self._pending)
        except IntegrityError:
            raise ImportedElsewhere("another process imports this file now: let it finish, then run again.") from None
        crashpoint("import_after_note")
        self._noted += len(self._pending)
        self._pending.clear()


def rehearse(
    items: Iterator[Item], classifier: MessageClassifier, known: Callable[[str], str | None], totals: Totals
) -> Iterator[Taken]:
    """What an import would do, without doing it. `known` gives the content that is kept under an id, or None."""
    here: dict[int, int] = {}
    while chunk := list(islice(items, _CHUNK)):
        decisions = iter(classifier.classify([item.found for item in chunk if isinstance(item.found, Message)]))
        for item in chunk:
            if isinstance(item.found, RefusedRow):
                taken = _taken(item, Outcome.REFUSED, reason=item.found.reason)
            else:
                taken = _rehearsed(item, item.found, next(decisions), known, here)
            totals.rows += item.first
            totals.add(taken)
            yield taken


def _rehearsed(
    item: Item, message: Message, decision: Decision, known: Callable[[str], str | None], here: dict[int, int]
) -> Taken:
    content, key = content_sha256(message), _short(message.id)
    kept = known(message.id)
    before = here.get(key) if kept is None else _short(kept)
    if before is None:
        here[key] = _short(content)
        return _taken(item, Outcome.ACCEPTED, message_id=message.id, verdict=verdict_of(decision))
    if before == _short(content):
        return _taken(item, Outcome.DUPLICATE, message_id=message.id, verdict=verdict_of(decision))
    return _taken(item, Outcome.REFUSED, reason=_OTHER_WORDS)


def _short(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _taken(item: Item, outcome: Outcome, **given: object) -> Taken:
    fields = {"line": item.record.line, "cells": item.cells, "column": item.column, "score": item.score}
    return Taken(outcome=outcome, **fields, **given)  # type: ignore[arg-type]  # the fields of Taken


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)
