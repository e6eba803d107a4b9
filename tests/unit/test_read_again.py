import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import Channel, Message
from pipeline.errors import RefusedRow
from pipeline.read.files import read_again, read_paths
from pipeline.read.lines import line_of, read_jsonl
from tests.builders import a_mail, a_message

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


def again(raw: bytes, channel: Channel | None = None) -> Message | RefusedRow:
    return read_again(raw, source="in#1", channel=channel)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", b'id;comment;score\n1;"two\nlines; ""quoted""";5\n'),
        ("a.csv", "sep=|\nid|text|channel\n1|£5 too much|note\n".encode("cp1252")),
        ("a.jsonl", b'{"id":"1","text":"a","channel":"note"}\r\n'),
        ("a.eml", a_mail()),
    ],
)
def test_what_a_message_keeps_gives_the_message_again(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    (message,) = read_paths([str(tmp_path / name)], channel=None)
    assert isinstance(message, Message)
    repeated = again(message.raw)
    assert isinstance(repeated, Message)
    assert replace(repeated, source=None, raw=b"") == replace(message, source=None, raw=b"")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.csv", b"id;comment;score\n1;never came;5;x\n", "4 cells where the header has 3"),
        ("a.csv", b'id;comment;score\n1;"a"b;5\n', "the row cannot be read"),
        ("a.csv", b"id;comment;score\n1;;5\n", "the text is empty"),
        ("a.jsonl", b'{"id":"1"}\n', "'text' must be a text"),
        ("a.jsonl", b'{"id":"1", "text":\n', "not valid JSON"),
    ],
)
def test_what_a_refusal_keeps_is_refused_again_for_the_same_reason(
    tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(data)
    (refused,) = read_paths([str(tmp_path / name)], channel=None)
    assert isinstance(refused, RefusedRow)
    repeated = again(refused.raw)
    assert isinstance(repeated, RefusedRow)
    assert reason in refused.reason
    assert repeated.reason == refused.reason


def test_equal_rows_without_ids_stay_two_messages_when_read_again() -> None:
    found = [read_again(b"text\nNobody came\n", source=f"in.csv#{n}", channel=Channel.NOTE) for n in (1, 2)]
    assert len({message.id for message in found if isinstance(message, Message)}) == 2


@given(st.lists(CELLS, min_size=2, max_size=2))
def test_the_cells_of_a_row_come_back_as_they_stood(cells: list[str]) -> None:
    row = io.StringIO(newline="")
    csv.writer(row).writerow(["id", "text"])
    csv.writer(row).writerow(["1", "x".join(cells)])
    found = again(row.getvalue().encode(), Channel.NOTE)
    assert isinstance(found, Message)
    assert found.text == "x".join(cells).strip()


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_sentence(raw: bytes) -> None:
    assert isinstance(again(raw), (Message, RefusedRow))


def test_a_message_written_as_a_line_is_the_message() -> None:
    message = a_message(subject="Lift", sender="jo@example.org", prior_contacts=2)
    (found,) = read_jsonl([line_of(message)], source="-", channel=None)
    assert isinstance(found, Message)
    assert replace(found, raw=b"") == message
