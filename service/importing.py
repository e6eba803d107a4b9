"""A table in: row by row through the intake, going on exactly where it was stopped (P18, P19)."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from pipeline.classify import MessageClassifier
from pipeline.domain import Channel, Decision, Message
from pipeline.errors import InputError, RefusedRow
from pipeline.read.columns import Columns
from pipeline.read.csv_files import Record
from pipeline.read.opened import Opened
from pipeline.read.tables import Seen, messages_of, plain_cells
from service.bulk import Apart, Became
from service.crashpoints import crashpoint
from service.import_checks import Notes
from service.imported import Outcome, Taken, Totals, Verdict, verdict_of
from service.intake import Intake
from service.store import imports
from service.store.database import Database
from service.store.imports import Plan, Run
from service.store.messages import content_sha256

BATCH = 256
"""Rows received in one transaction: beyond that a commit costs little beside them, and other writers would wait."""

_CHUNK = 64
_ELSEWHERE = "another process imports this file now: let it finish, then run again."
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


def plan_of(
    source: str,
    file_name: str,
    file_sha256: str,
    columns: Columns,
    options: Sequence[object],
    *,
    pairs: Sequence[str] = (),
    channel: Channel | None = None,
) -> Plan:
    """What tells whether an import is the one that was stopped, and how its columns are read."""
    parts = repr((columns.names, sorted(columns.places.items()), list(columns.texts), columns.id_place, list(options)))
    digest = hashlib.sha256(parts.encode("utf-8", "surrogatepass")).hexdigest()
    return Plan(
        source=source,
        file_name=file_name,
        file_sha256=file_sha256,
        plan_sha256=digest,
        pairs=tuple(pairs),
        channel=channel,
    )


class Import:
    """One run of one table. Its rows go in once each, however often it is stopped and started again.

    Rows are received in batches; how far the run has come is written in the transaction of what it received.
    """

    def __init__(self, database: Database, intake: Intake, plan: Plan) -> None:
        self._database = database
        self._intake = intake
        with database.writing() as connection:
            self._run: Run = imports.unfinished(connection, plan) or imports.begin(connection, plan, now())

    @property
    def already(self) -> int:
        """How many messages and refusals an earlier process had received."""
        return len(self._run.done)

    def take(self, items: Iterator[Item], totals: Totals) -> Iterator[Taken]:
        """Receive what is not in yet; answers every row, in order."""
        for taken, item in chain(self._again(islice(items, self.already)), self._new(items)):
            totals.rows += item.first
            totals.add(taken)
            yield taken
        with self._database.writing() as connection:
            imports.finish(connection, self._run, totals, now())

    def _again(self, items: Iterator[Item]) -> Iterator[tuple[Taken, Item]]:
        """Rows that went in before it was stopped: told, not received again."""
        done = iter(self._run.done)
        while batch := list(islice(items, BATCH)):
            outcomes = list(islice(done, len(batch)))
            names = [_id_of(item.found) for item in batch]
            verdicts = self._verdicts(names)
            for item, outcome, name in zip(batch, outcomes, names, strict=True):
                yield _told(item, outcome, name, verdicts.get(name)), item

    def _new(self, items: Iterator[Item]) -> Iterator[tuple[Taken, Item]]:
        first = self.already
        for batch in _batches(items, self._intake.apart()):
            became = self._received(batch, first)
            crashpoint("import_after_receive")
            first += len(batch)
            repeated = [met.message_id for met in became if met.outcome is Outcome.DUPLICATE]
            verdicts = self._verdicts(repeated)
            for item, met in zip(batch, became, strict=True):
                verdict = verdict_of(met.decision) if met.decision else verdicts.get(met.message_id)
                yield _told(item, met.outcome, met.message_id, verdict), item

    def _received(self, batch: Sequence[Item], first: int) -> Sequence[Became]:
        def note(connection: Connection, became: Sequence[Became]) -> None:
            crashpoint("import_before_note")
            try:
                imports.note(connection, self._run, first, [met.outcome for met in became])
            except IntegrityError:
                raise ImportedElsewhere(_ELSEWHERE) from None

        return self._intake.receive_all([item.found for item in batch], source=self._run.source, within=note)

    def _verdicts(self, ids: Sequence[str]) -> dict[str, Verdict]:
        if not any(ids):
            return {}
        with self._database.reading() as connection:
            return imports.verdicts(connection, ids)


def _batches(items: Iterator[Item], apart: Apart) -> Iterator[list[Item]]:
    """As many rows as may come together."""
    batch: list[Item] = []
    try:
        for item in items:
            if len(batch) == BATCH or not apart.takes(item.found):
                yield batch
                batch = []
                apart.begin(item.found)
            batch.append(item)
    except InputError:  # the file breaks off here: what came before it goes in
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _told(item: Item, outcome: Outcome, message_id: str, verdict: Verdict | None) -> Taken:
    if outcome is Outcome.REFUSED:
        reason = item.found.reason if isinstance(item.found, RefusedRow) else _OTHER_WORDS
        return _taken(item, outcome, reason=reason)
    return _taken(item, outcome, message_id=message_id, verdict=verdict)


def _id_of(found: Message | RefusedRow) -> str:
    return found.id if isinstance(found, Message) else ""


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
