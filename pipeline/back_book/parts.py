"""Cutting files into parts, the same way each time. Parquet is cut where it lies, the rest is first made Parquet."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count, groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.back_book.durable import appearing
from pipeline.back_book.job import Job
from pipeline.domain import Channel, Message, MessageKind
from pipeline.errors import InputError, RefusedRow, UnreadableSource
from pipeline.read.files import PARQUET, read_file
from pipeline.read.parquet import read_slice, row_count, rows_of

_CHARACTERS = 16_000_000
"""Characters of a part that is written to be read again: some long messages weigh as much as many short ones."""

_COPY = pa.schema(
    [
        ("id", pa.string()),
        ("text", pa.large_string()),
        ("subject", pa.string()),
        ("channel", pa.string()),
        ("kind", pa.string()),
        ("prior_contacts", pa.int64()),
        ("source", pa.string()),
        ("line", pa.int64()),
        ("refused", pa.string()),
        ("whole_file", pa.bool_()),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """Rows of a Parquet file. `copied` ones were read from other files and hold what deciding needs, and refusals."""

    number: int
    path: str
    first: int
    rows: int
    copied: bool

    @property
    def name(self) -> str:
        """What its decisions are called."""
        return f"part-{self.number:06}.parquet"


def cut(job: Job, copies: Path, finished: Collection[int]) -> Iterator[Part]:
    """All parts in order. What is not Parquet is copied to `copies`, but for parts that are finished."""
    numbers = count()
    paths = [Path(each.path) for each in job.inputs]
    for is_parquet, group in groupby(paths, _is_parquet):
        if is_parquet:
            for path in group:
                yield from _slices(path, job, copies, numbers)
        else:
            items = chain.from_iterable(read_file(path, channel=job.channel) for path in group)
            for together in _bounded(items, job.part_rows):
                yield _copied(together, next(numbers), copies, finished)


def items_of(part: Part, channel: Channel | None) -> Iterator[Message | InputError]:
    """The messages and refusals of a part."""
    path = Path(part.path)
    try:
        if part.copied:
            yield from map(_from_copy, rows_of(path, 0, part.rows, _COPY.names, source=part.path))
        else:
            yield from read_slice(path, part.first, part.rows, source=part.path, channel=channel)
    except UnreadableSource as error:
        last = part.first + part.rows
        yield UnreadableSource(f"{error} Rows up to {last:,} may be missing from row {part.first + 1:,} on.")


def _is_parquet(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(PARQUET)) == PARQUET
    except OSError:
        return False


def _slices(path: Path, job: Job, copies: Path, numbers: Iterator[int]) -> Iterator[Part]:
    try:
        rows = row_count(path, source=str(path))
    except UnreadableSource as error:
        yield _copied([error], next(numbers), copies, ())
        return
    for first in range(0, rows, job.part_rows):
        few = min(job.part_rows, rows - first)
        yield Part(number=next(numbers), path=str(path), first=first, rows=few, copied=False)


def _bounded(items: Iterable[Message | InputError], rows: int) -> Iterator[list[Message | InputError]]:
    together: list[Message | InputError] = []
    characters = 0
    for item in items:
        together.append(item)
        characters += len(item.text) if isinstance(item, Message) else 0
        if len(together) >= rows or characters >= _CHARACTERS:
            yield together
            together, characters = [], 0
    if together:
        yield together


def _copied(items: list[Message | InputError], number: int, copies: Path, finished: Collection[int]) -> Part:
    path = copies / f"rows-{number:06}.parquet"
    if number not in finished:
        with appearing(path) as draft:
            pq.write_table(pa.Table.from_pylist([_to_copy(item) for item in items], schema=_COPY), draft)
    return Part(number=number, path=str(path), first=0, rows=len(items), copied=True)


def _to_copy(item: Message | InputError) -> dict[str, Any]:
    if isinstance(item, Message):
        names = ("id", "text", "subject", "prior_contacts")
        row = {name: getattr(item, name) for name in names}
        return {**row, "channel": item.channel.value, "kind": item.kind.value, "source": _printable(item.source or "")}
    if isinstance(item, RefusedRow):
        return {"source": _printable(item.source), "line": item.line, "refused": item.reason, "whole_file": False}
    return {"refused": _printable(str(item)), "whole_file": True}


def _from_copy(row: dict[str, Any]) -> Message | InputError:
    if row["whole_file"]:
        return UnreadableSource(row["refused"])
    if row["refused"] is not None:
        return RefusedRow(row["refused"], source=row["source"], line=row["line"])
    return Message(
        id=row["id"],
        text=row["text"],
        subject=row["subject"],
        channel=Channel(row["channel"]),
        kind=MessageKind(row["kind"]),
        prior_contacts=row["prior_contacts"],
        source=row["source"],
    )


def _printable(name: str) -> str:
    """A file name that is not UTF-8, so that it can be written down."""
    return name.encode("utf-8", "backslashreplace").decode()
