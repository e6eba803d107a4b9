"""Decisions as Parquet: one schema, whatever the rows hold, written as they come."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_TOGETHER = 10_000
"""Rows of a row group, unless their words take more than `_CHARACTERS`."""

_CHARACTERS = 16_000_000
_BLOCK = 256
_CUE = pa.struct(
    [
        ("kind", pa.string()),
        ("text", pa.string()),
        ("start", pa.int64()),
        ("end", pa.int64()),
        ("provision", pa.string()),
    ]
)
_PROBABILITIES = pa.struct([(name, pa.float64()) for name in ("complaint", "service_request", "other")])
_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("source", pa.string()),
        ("channel", pa.string()),
        ("label", pa.string()),
        ("probabilities", _PROBABILITIES),
        ("route", pa.string()),
        ("cues", pa.list_(_CUE)),
        ("flags", pa.list_(pa.string())),
        ("category", pa.struct([("hos", pa.string()), ("lgsco", pa.string())])),
        ("model_version", pa.string()),
        ("profile", pa.string()),
    ]
)


def schema_of(*, include_text: bool) -> pa.Schema:
    """The columns of docs/reference/contracts.md; `source` is null where messages came on standard input."""
    if not include_text:
        return _SCHEMA
    return _SCHEMA.append(pa.field("subject", pa.string())).append(pa.field("text", pa.string()))


class DecisionTable:
    """Rows into one Parquet file, in bounded memory. `about` goes into its footer when the file is closed."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._writer = pq.ParquetWriter(path, schema, compression="zstd")
        self._schema = schema
        self._rows: list[dict[str, Any]] = []
        self._blocks: list[pa.Table] = []
        self._characters = self._count = 0

    def append(self, row: dict[str, Any]) -> None:
        """One decision more."""
        self._rows.append(row)
        self._count += 1
        self._characters += len(row.get("text", ""))
        full = self._count >= _TOGETHER or self._characters >= _CHARACTERS
        if full or len(self._rows) >= _BLOCK:
            self._pack()
        if full:
            self._write()

    def close(self, about: dict[str, str]) -> None:
        """Write what is left, and the footer."""
        self._pack()
        self._write()
        self._writer.add_key_value_metadata(about)
        self._writer.close()

    def abandon(self) -> None:
        """Let go of the file without finishing it."""
        self._writer.close()

    def _pack(self) -> None:
        if self._rows:
            self._blocks.append(pa.Table.from_pylist(self._rows, schema=self._schema))
            self._rows = []

    def _write(self) -> None:
        if self._blocks:
            self._writer.write_table(pa.concat_tables(self._blocks).combine_chunks())
        self._blocks, self._characters, self._count = [], 0, 0


@contextmanager
def decision_table(path: Path, schema: pa.Schema) -> Iterator[DecisionTable]:
    """A table to append to and to close; whatever goes wrong, its file is let go of."""
    table = DecisionTable(path, schema)
    try:
        yield table
    finally:
        table.abandon()
