"""Parquet -> messages: the fields of an input row found by their names, row group by row group.

Other columns, nested ones too, are not read. Numbers that stand for ids or counts are taken as such, and a time with a
zone as it is.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pipeline.contract import FIELDS, message_from_row
from pipeline.domain import Channel, Message
from pipeline.errors import RefusedRow, UnreadableSource

_BATCH = 256
_SLICE = 16
"""Rows made to Python objects at once: a row may hold a million characters."""


def read_parquet(path: Path, *, source: str, channel: Channel | None) -> Iterator[Message | RefusedRow]:
    """One message or refusal a row."""
    yield from read_slice(path, 0, row_count(path, source=source), source=source, channel=channel)


def row_count(path: Path, *, source: str) -> int:
    """How many rows a file has; UnreadableSource where it is broken or holds no messages."""
    with _opened(path, source) as file:
        names = file.schema_arrow.names
        missing = [name for name in ("id", "text") if name not in names]
        if missing:
            raise UnreadableSource(
                f"{source}: there is no column {' and no column '.join(missing)}. "
                f"Name the columns {', '.join(sorted(FIELDS))}; id and text are needed."
            )
        return int(file.metadata.num_rows)


def read_slice(
    path: Path, first: int, rows: int, *, source: str, channel: Channel | None
) -> Iterator[Message | RefusedRow]:
    """The messages of `rows` rows from the row numbered `first` (from 0) on, in little memory."""
    for number, row in enumerate(rows_of(path, first, rows, FIELDS, source=source), start=first + 1):
        place = f"{source}#{number}"
        try:
            message = message_from_row(_plain(row), source=place, channel=channel)
        except RefusedRow as refused:
            yield refused
        else:
            yield replace(message, source=place)


def rows_of(path: Path, first: int, rows: int, columns: Collection[str], *, source: str) -> Iterator[dict[str, Any]]:
    """The rows of a slice, of each the `columns` there are; only row groups that hold some of them are read."""
    with _opened(path, source) as file:
        groups, start, end = [], 0, 0
        for number in range(file.num_row_groups):
            end = start + file.metadata.row_group(number).num_rows
            if start < first + rows and first < end:
                groups.append((number, start))
            start = end
        if not groups:
            return
        skip, left = first - groups[0][1], rows
        names = [name for name in file.schema_arrow.names if name in columns]
        for batch in file.iter_batches(_BATCH, row_groups=[number for number, _ in groups], columns=names):
            kept = batch.slice(skip, left)
            skip, left = max(0, skip - batch.num_rows), left - kept.num_rows
            for at in range(0, kept.num_rows, _SLICE):
                yield from kept.slice(at, _SLICE).to_pylist()
            if not left:
                return


@contextmanager
def _opened(path: Path, source: str) -> Iterator[Any]:
    import pyarrow as pa  # noqa: PLC0415  # a second of start-up that only this format needs
    import pyarrow.parquet as pq  # noqa: PLC0415  # as above

    try:
        with pq.ParquetFile(path, memory_map=False, pre_buffer=False, buffer_size=1 << 20) as file:
            yield file
    except pa.ArrowException as error:
        raise _damaged(source) from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise _damaged(source) from error  # what Arrow makes of pages that cannot be unpacked
    except (ValueError, OverflowError) as error:
        raise UnreadableSource(
            f"{source}: a value is no text or time that can be read. Write the file again."
        ) from error


def _damaged(source: str) -> UnreadableSource:
    return UnreadableSource(f"{source}: the Parquet file is damaged or locked. Write it again.")


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row with the types of JSON."""
    plain = {name: value for name, value in row.items() if value is not None}
    if isinstance(plain.get("id"), int) and not isinstance(plain["id"], bool):
        plain["id"] = str(plain["id"])
    if isinstance(plain.get("received_at"), datetime):
        plain["received_at"] = plain["received_at"].isoformat()
    count = plain.get("prior_contacts")
    if isinstance(count, float) and count.is_integer():
        plain["prior_contacts"] = int(count)
    if isinstance(count, float) and count != count:  # noqa: PLR0124  # pandas writes "not known" so
        del plain["prior_contacts"]
    return plain
