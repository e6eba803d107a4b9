"""The result file of an import: each row as it came, and what became of it."""

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pipeline.formulas import formula_safe
from pipeline.read.columns import Columns
from service.imported import Taken

_OWN = "heard_"
_AFTER = ("outcome", "reason", "id", "answer", "score", "label", "probability", "route", "cues", "rest")

Write = Callable[[Taken], None]


@contextmanager
def result_writer(path: Path | None, columns: Columns) -> Iterator[Write]:
    """Writes rows in their order: JSON Lines where the name ends in .jsonl, else CSV that no spreadsheet runs.

    The file appears whole or not at all. `heard_rest` holds the cells of a row that has more than the header.
    """
    if path is None:
        yield lambda _taken: None
        return
    draft = path.with_name(path.name + ".writing")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            yield _json_writer(file, columns) if path.suffix == ".jsonl" else _csv_writer(file, columns)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _csv_writer(file: IO[str], columns: Columns) -> Write:
    table = csv.writer(file)
    places = _given_places(columns)
    header = [f"{_OWN}line", *(columns.names[place] for place in places), *(_OWN + name for name in _AFTER)]
    table.writerow(map(formula_safe, header))

    def write(taken: Taken) -> None:
        given = [taken.cells[place] if place < len(taken.cells) else "" for place in places]
        table.writerow(map(formula_safe, [taken.line, *given, *_after(taken, columns).values()]))

    return write


def _json_writer(file: IO[str], columns: Columns) -> Write:
    places = _given_places(columns)

    def write(taken: Taken) -> None:
        cells = {columns.names[place]: taken.cells[place] for place in places if place < len(taken.cells)}
        print(json.dumps({"line": taken.line, "cells": cells, **_after(taken, columns)}), file=file)

    return write


def _given_places(columns: Columns) -> list[int]:
    """The columns of the file itself; those of an earlier result are made anew."""
    return [place for place, name in enumerate(columns.names) if not name.lower().startswith(_OWN)]


def _after(taken: Taken, columns: Columns) -> dict[str, object]:
    verdict = taken.verdict
    return {
        "outcome": taken.outcome.value,
        "reason": taken.reason,
        "id": taken.message_id,
        "answer": taken.column,
        "score": taken.score,
        "label": verdict.label if verdict else "",
        "probability": verdict.complaint if verdict else "",
        "route": verdict.route if verdict else "",
        "cues": verdict.cues if verdict else "",
        "rest": columns.delimiter.join(taken.cells[columns.width :]),
    }
