"""Parquet that holds what cannot be read is a sentence, never a traceback."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import UnreadableSource
from pipeline.read.files import read_paths

BASE = {"id": ["1", "2"], "text": ["The lift is out.", "Thank you."], "channel": ["email", "email"]}
NO_TEXT = pa.Array.from_buffers(pa.string(), 2, pa.array([b"\xff\xfe", b"ok"], pa.binary()).buffers())


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("text", NO_TEXT),
        ("received_at", pa.array([10**12, 0], pa.timestamp("s"))),
        ("prior_contacts", pa.array([2**62, 5], pa.duration("s"))),
    ],
)
def test_a_value_beyond_what_can_be_told_is_said(tmp_path: Path, name: str, values: pa.Array) -> None:
    file = tmp_path / "book.parquet"
    pq.write_table(pa.table({**BASE, name: values}), file)
    (found,) = read_paths([str(file)], channel=None)
    assert isinstance(found, UnreadableSource)
    assert str(found) == f"{file}: a value is no text or time that can be read. Write the file again."


def test_a_file_without_such_values_is_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "book.parquet"
    pq.write_table(pa.table(BASE), file)
    found = list(read_paths([str(file)], channel=None))
    assert [message.id for message in found if not isinstance(message, Exception)] == ["1", "2"]
