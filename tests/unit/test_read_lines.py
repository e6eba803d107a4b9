import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract import message_from_row
from pipeline.domain import Channel, Message
from pipeline.errors import RefusedRow
from pipeline.read.lines import read_jsonl
from tests.builders import a_row


def read(*lines: bytes, channel: Channel | None = None) -> list[Message | RefusedRow]:
    return list(read_jsonl(lines, source="in.jsonl", channel=channel))


def test_a_broken_line_is_refused_by_number_and_the_others_go_on() -> None:
    first, refused, last = read(
        b'\xef\xbb\xbf{"id":"1","text":"a","channel":"note"}\r\n',
        b"\n",
        b'{"id": "2", "text": \n',
        b'{"id":"3","text":"c","channel":"note"}',
    )
    assert isinstance(first, Message)
    assert isinstance(last, Message)
    assert isinstance(refused, RefusedRow)
    assert str(refused).startswith("in.jsonl, line 3: not valid JSON")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "1", "id": "2"}', "given twice"),
        (b'{"id": NaN}', "NaN is not a number"),
        (b'{"id": ' + b"9" * 5000 + b"}", "integer"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"id": "\\ud83d"}', "lone surrogate"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'["a"]', "expected a JSON object"),
    ],
)
def test_hostile_json_is_a_sentence_not_a_crash(line: bytes, reason: str) -> None:
    (refused,) = read(line)
    assert isinstance(refused, RefusedRow)
    assert reason in refused.reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"channel": "fax"}, "unknown 'channel': use one of email"),
        ({"channel": None}, "no channel given"),
        ({"id": ""}, "'id' must be a text"),
        ({"id": 7}, "'id' must be a text"),
        ({"text": None}, "'text' must be a text"),
        ({"text": " "}, "the text is empty"),
        ({"text": "x" * 1_000_001}, "the limit is 1,000,000"),
        ({"received_at": "yesterday"}, "ISO 8601"),
        ({"received_at": "2026-11-02T09:30:00"}, "no time zone"),
        ({"prior_contacts": -1}, "whole number"),
        ({"prior_contacts": True}, "whole number"),
        ({"decision": "stage_1"}, "unknown field 'decision'"),
    ],
)
def test_a_row_that_does_not_fit_says_what_would(change: dict[str, object], reason: str) -> None:
    with pytest.raises(RefusedRow, match=reason):
        message_from_row(a_row(**change), source="x")


def test_the_channel_option_stands_in_only_where_the_row_names_none() -> None:
    row = {"id": "1", "text": "x"}
    assert message_from_row(row, source="x", channel=Channel.SURVEY).channel is Channel.SURVEY
    assert message_from_row({**row, "channel": "note"}, source="x", channel=Channel.SURVEY).channel is Channel.NOTE


@given(st.binary(max_size=200).map(lambda line: line.replace(b"\n", b"")))
def test_any_bytes_are_a_value_or_a_sentence(line: bytes) -> None:
    (found,) = read(line) or [None]
    assert found is None or isinstance(found, (Message, RefusedRow))
