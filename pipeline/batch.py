"""Files in, decisions out, in input order and chunk by chunk."""

import csv
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from pipeline.classify import MessageClassifier
from pipeline.contract import decision_row
from pipeline.domain import Message, Route
from pipeline.errors import InputError, RefusedRow
from pipeline.formulas import formula_safe

_CHUNK = 256

Write = Callable[[dict[str, Any]], None]


@dataclass(kw_only=True)
class Tally:
    """What a run did."""

    scored: int = 0
    refused: int = 0
    unusable: int = 0
    routes: Counter[tuple[str, Route]] = field(default_factory=Counter)

    @property
    def exit_status(self) -> int:
        """0 all scored, 1 some refused, 2 nothing could be run on."""
        if self.unusable and not self.scored and not self.refused:
            return 2
        return 1 if self.refused or self.unusable else 0


def score(
    items: Iterable[Message | InputError],
    classifier: MessageClassifier,
    write: Write,
    complain: Callable[[InputError], None],
    *,
    include_text: bool,
    advance: Callable[[int], None],
) -> Tally:
    """Decide about every message; refusals go to `complain` in their order, and are counted."""
    tally = Tally()
    for chunk in _chunks(items):
        messages = [item for item in chunk if isinstance(item, Message)]
        decisions = iter(classifier.classify(messages))
        for item in chunk:
            if isinstance(item, Message):
                decision = next(decisions)
                write(decision_row(decision, include_text=include_text))
                tally.scored += 1
                tally.routes[decision.channel.value, decision.route] += 1
            else:
                complain(item)
                tally.refused += isinstance(item, RefusedRow)
                tally.unusable += not isinstance(item, RefusedRow)
        advance(len(chunk))
    return tally


@contextmanager
def writer(output: Path | None, form: str, stdout: IO[str], *, include_text: bool) -> Iterator[Write]:
    """Where rows go, as they come. A file appears whole or not at all."""
    if output is None:
        yield _row_writer(stdout, form)
        stdout.flush()
        return
    draft = output.with_name(output.name + ".writing")
    try:
        if form == "parquet":
            with _parquet_writer(draft, include_text=include_text) as write:
                yield write
        else:
            with draft.open("w", encoding="utf-8", newline="") as file:
                yield _row_writer(file, form)
        draft.replace(output)
    finally:
        draft.unlink(missing_ok=True)


def _chunks(items: Iterable[Message | InputError]) -> Iterator[list[Message | InputError]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, _CHUNK)):
        yield chunk


def _row_writer(file: IO[str], form: str) -> Write:
    if form == "jsonl":
        return lambda row: print(json.dumps(row, ensure_ascii=False), file=file)
    table = csv.writer(file)
    header: list[str] = []

    def write(row: dict[str, Any]) -> None:
        cells = _flat(row)
        if not header:
            header.extend(cells)
            table.writerow(header)
        table.writerow([formula_safe(cells.get(name, "")) for name in header])

    return write


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    cells = {"source": "", **row}
    cells |= {f"probability_{name}": value for name, value in cells.pop("probabilities").items()}
    cells |= {f"category_{name}": value for name, value in cells.pop("category").items()}
    cells["cues"] = "; ".join(f"{cue['kind']}: {cue['text']} ({cue['provision']})" for cue in cells["cues"])
    cells["flags"] = "; ".join(cells["flags"])
    return cells


@contextmanager
def _parquet_writer(path: Path, *, include_text: bool) -> Iterator[Write]:
    from pipeline.decision_tables import decision_table, schema_of  # noqa: PLC0415  # a second only Parquet needs

    with decision_table(path, schema_of(include_text=include_text)) as table:
        yield table.append
        table.close({})
