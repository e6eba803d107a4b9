"""JSONL -> messages, line by line."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, NoReturn

from pipeline.contract import message_from_row
from pipeline.domain import Channel, Message
from pipeline.errors import RefusedRow

LINE_LIMIT = 8_000_000
"""Bytes a line may have."""


def read_jsonl(lines: Iterable[bytes], *, source: str, channel: Channel | None) -> Iterator[Message | RefusedRow]:
    """One message or refusal a line that is not blank. Standard input is `source` "-"."""
    row = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        row += 1
        try:
            message = message_from_row(parse_json(line), source=source, line=number, channel=channel)
            yield replace(message, source=None if source == "-" else f"{source}#{row}", raw=line)
        except RefusedRow as refused:
            refused.raw = line
            yield refused
        except ValueError as error:
            yield RefusedRow(str(error), source=source, line=number, raw=line)


def line_of(message: Message) -> bytes:
    """A message as a line that `read_jsonl` reads."""
    row: dict[str, object] = {"id": message.id, "text": message.text, "channel": message.channel.value}
    optional = ("subject", "sender", "prior_contacts", "case_reference", "property_reference")
    given = {name: getattr(message, name) for name in optional}
    row |= {name: value for name, value in given.items() if value not in {"", None}}
    if message.received_at:
        row["received_at"] = message.received_at.isoformat()
    return json.dumps(row).encode()


def parse_json(line: bytes) -> Any:
    """Strict JSON: ValueError, in a sentence, for what the standard parser lets through or trips over."""
    if len(line) > LINE_LIMIT:
        raise ValueError(f"the line has {len(line):,} bytes; the limit is {LINE_LIMIT:,}.")
    try:
        text = line.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the line is not UTF-8: save the file as UTF-8.") from None
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        text_again = json.dumps(value, ensure_ascii=False)
    except json.JSONDecodeError as error:
        raise ValueError(f"not valid JSON ({error.msg} at character {error.colno}).") from None
    except RecursionError:
        raise ValueError("the JSON is nested too deeply.") from None
    if any("\ud800" <= character <= "\udfff" for character in text_again):
        raise ValueError("the text holds half of a character pair (a lone surrogate).")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError("a field is given twice.")
    return row


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON.")
