"""The schema of labelled data as pandera sees it, and rows with the line they stand on."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pandera.pandas as pa

from pipeline.corpus import SPLITS
from pipeline.domain import Channel, Flag, Label
from pipeline.errors import CorpusError, UnreadableSource
from pipeline.topics import CATEGORIES

_LABELS = [label.value for label in Label]
_FLAGS = frozenset(flag.value for flag in Flag)


def _words(series: "pd.Series[Any]") -> "pd.Series[bool]":
    return series.map(lambda value: isinstance(value, str) and bool(value.strip()))


def _list_of(known: frozenset[str] | None) -> Any:
    def fits(value: Any) -> bool:
        return isinstance(value, list) and all(
            isinstance(item, str) and (known is None or item in known) for item in value
        )

    return fits


def _weighs(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < float("inf")


_text = pa.Check(_words, error="must be a text that is not empty")
SCHEMA = pa.DataFrameSchema(
    {
        "id": pa.Column(object, [_text], unique=True),
        "text": pa.Column(object, [_text]),
        "channel": pa.Column(object, pa.Check.isin([channel.value for channel in Channel])),
        "label": pa.Column(object, pa.Check.isin(_LABELS)),
        "contested": pa.Column(
            object, pa.Check(lambda value: isinstance(value, bool), element_wise=True, error="must be true or false")
        ),
        "prior_chance": pa.Column(
            object, pa.Check(lambda value: isinstance(value, bool), element_wise=True, error="must be true or false")
        ),
        "topic": pa.Column(object, pa.Check.isin(list(CATEGORIES))),
        "author": pa.Column(object, [_text]),
        "scenario": pa.Column(object, [_text]),
        "split": pa.Column(object, pa.Check.isin(SPLITS)),
        "annotator_1": pa.Column(object, pa.Check.isin(_LABELS), nullable=True, required=False),
        "annotator_2": pa.Column(object, pa.Check.isin(_LABELS), nullable=True, required=False),
        "subject": pa.Column(object, nullable=True, required=False),
        "category": pa.Column(object, nullable=True, required=False),
        "evidence": pa.Column(object, nullable=True, required=False),
        "flags": pa.Column(
            object,
            pa.Check(_list_of(_FLAGS), element_wise=True, error="must be a list of known flags"),
            nullable=True,
            required=False,
        ),
        "slices": pa.Column(
            object,
            pa.Check(_list_of(None), element_wise=True, error="must be a list of texts"),
            nullable=True,
            required=False,
        ),
        "weight": pa.Column(
            object,
            pa.Check(_weighs, element_wise=True, error="must be a number above 0"),
            nullable=True,
            required=False,
        ),
    },
    strict=True,
)


def read_rows(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The rows of a JSON Lines file, or of all in a folder, indexed by `file:line`; and what could not be read."""
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    if not files or not all(file.is_file() for file in files):
        raise UnreadableSource(f"{path}: there is no such file, or no .jsonl file in this folder.")
    rows, places, faults = [], [], []
    for file in files:
        for number, line in enumerate(file.read_bytes().split(b"\n"), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line.decode("utf-8"))
            except UnicodeDecodeError:
                faults.append(f"{file.name}:{number}: not UTF-8. Save the file as UTF-8.")
                continue
            except (ValueError, RecursionError) as error:
                faults.append(f"{file.name}:{number}: not valid JSON ({error}).")
                continue
            if not isinstance(row, dict):
                faults.append(f"{file.name}:{number}: not a JSON object.")
                continue
            rows.append({name: value for name, value in row.items() if name != "id"} | {"id": _plain(row.get("id"))})
            places.append(f"{file.name}:{number}")
    if not rows:
        raise CorpusError(f"{path}: no row could be read.")
    return pd.DataFrame(rows, index=pd.Index(places, name="place"), dtype=object), faults


def _plain(value: Any) -> Any:
    """An id that can be compared; anything but a text breaks the schema below."""
    return value if isinstance(value, str) else None


def schema_faults(table: pd.DataFrame) -> list[str]:
    """What breaks the schema, a sentence a row and column, by place."""
    try:
        SCHEMA.validate(table, lazy=True)
    except pa.errors.SchemaErrors as error:
        return [_sentence(case) for case in error.failure_cases.to_dict("records")]
    return []


def _sentence(case: dict[str, Any]) -> str:
    check, column, value = str(case["check"]), case["column"], str(case["failure_case"])[:60]
    if check == "column_in_schema":
        return f"unknown field {value!r}. Remove it, or see data/README.md for the fields."
    if check == "column_in_dataframe":
        return f"the field {value!r} is missing in every row."
    if check == "field_uniqueness":
        return f"{case['index']}: the id {value!r} stands twice."
    return f"{case['index']}: {column} is {value!r}; it {check.replace('isin(', 'must be one of (')}."
