"""A user's own labelled table (CSV, XLSX) -> the corpus's schema, kept apart in data/local."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.domain import Channel, Label
from pipeline.errors import RefusedRow, SettingsError, UnreadableSource
from pipeline.read.containers import OLE, ZIP, Holds, look_inside
from pipeline.read.csv_files import detect, records_of
from pipeline.read.workbooks import first_sheet
from pipeline.topics import CATEGORIES

FIELDS = (
    "id",
    "text",
    "subject",
    "channel",
    "label",
    "topic",
    "author",
    "scenario",
    "contested",
    "prior_chance",
    "split",
)
_NEEDED = ("text", "channel", "label")
_YES = frozenset({"1", "true", "yes", "y"})
_DEFAULTS = {"topic": "communications", "split": "train", "contested": "no", "prior_chance": "no"}
_CHOICES = {
    "channel": frozenset(channel.value for channel in Channel),
    "label": frozenset(label.value for label in Label),
    "topic": frozenset(CATEGORIES),
    "split": frozenset({"train", "calibration", "test"}),
}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a table becomes labelled messages: `columns` maps a field to a column, `constants` a field to one value for
    all rows, `values` a field and a cell to the value it stands for.
    """

    columns: Mapping[str, str]
    constants: Mapping[str, str]
    values: Mapping[tuple[str, str], str]


def parse_plan(maps: list[str], constants: list[str], values: list[str]) -> Plan:
    """`text=Comments`, `channel=survey`, `label:Stage 1=complaint` -> a plan; SettingsError says what is wrong."""
    columns, fixed = dict(map(_pair, maps)), dict(map(_pair, constants))
    named = {}
    for given in values:
        left, value = _pair(given)
        name, _, cell = left.partition(":")
        named[name, cell] = value
    unknown = sorted({*columns, *fixed, *(name for name, _ in named)} - set(FIELDS))
    if unknown:
        raise SettingsError(f"there is no field {unknown[0]!r}; the fields are {', '.join(FIELDS)}.")
    missing = [name for name in _NEEDED if name not in columns and name not in fixed]
    if missing:
        raise SettingsError(f"nothing is mapped to {', '.join(missing)}: add --map {missing[0]}=COLUMN.")
    return Plan(columns=columns, constants=fixed, values=named)


def convert(path: Path, plan: Plan) -> Iterator[dict[str, Any] | RefusedRow]:
    """Each data row as a row of the corpus, or why it cannot be one."""
    table = _table(path)
    first, names = next(table, (1, []))
    header = [cell.strip() for cell in names]
    absent = [column for column in plan.columns.values() if column not in header]
    if absent:
        raise UnreadableSource(
            f"{path}, line {first}: there is no column {absent[0]!r}; the columns are {', '.join(header)}."
        )
    for number, cells in table:
        row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        if len(cells) != len(header):
            yield RefusedRow(f"{len(cells)} cells where the header has {len(header)}.", source=str(path), line=number)
        elif any(row.values()):
            try:
                yield _row(path, number, row, plan)
            except RefusedRow as refused:
                yield refused


def write(rows: list[dict[str, Any]], name: str, folder: Path) -> Path:
    """Keep the rows as `folder/name.jsonl`; an existing file is never overwritten."""
    target = folder / f"{name}.jsonl"
    if target.exists():
        raise UnreadableSource(f"{target} is there already: choose another --name or remove it.")
    folder.mkdir(parents=True, exist_ok=True)
    target.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return target


def _row(path: Path, number: int, cells: dict[str, str], plan: Plan) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name in FIELDS:
        cell = cells[plan.columns[name]] if name in plan.columns else plan.constants.get(name, _DEFAULTS.get(name, ""))
        row[name] = plan.values.get((name, cell), cell)
    for name, choices in _CHOICES.items():
        if row[name] not in choices:
            reason = f"{name} is {row[name][:40]!r}; say what it stands for with --value '{name}:{row[name][:40]}=...'."
            raise RefusedRow(reason, source=str(path), line=number)
    if not row["text"]:
        raise RefusedRow("the text is empty.", source=str(path), line=number)
    made = hashlib.sha256(f"{path.name}\0{number}\0{row['text']}".encode()).hexdigest()[:12]
    row["id"] = row["id"] or f"{path.stem}-{made}"
    row["author"] = row["author"] or path.stem
    row["scenario"] = row["scenario"] or row["id"]
    row |= {name: row[name].lower() in _YES for name in ("contested", "prior_chance")}
    return {**{name: value for name, value in row.items() if value != ""}, "annotator_1": row["label"]}


def _table(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV, or of the first sheet of a workbook, each with its number."""
    if not path.is_file():
        raise UnreadableSource(f"{path}: there is no such file.")
    with path.open("rb") as file:
        start = file.read(len(OLE))
    if start.startswith((OLE, ZIP)):
        if look_inside(path, source=str(path)) is not Holds.WORKBOOK:
            raise UnreadableSource(f"{path}: this is an Outlook mail, not a table.")
        yield from first_sheet(path, source=str(path))
        return
    with records_of(path, detect(path)) as records:
        for record in records:
            if record.cells or record.fault:
                yield record.line, [] if record.fault else list(record.cells)


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.rpartition("=") if given.count("=") > 1 and ":" in given else given.partition("=")
    if not (name and equals and value):
        raise SettingsError(f"{given!r} is not of the form name=value.")
    return name.strip(), value.strip()
