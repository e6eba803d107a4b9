"""A table of figures: what a chart is drawn from, what stands behind it, what is downloaded and printed. Pure."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isnan

from pipeline.formulas import formula_safe

Cell = str | int | float | None
NOTHING = "-"
"""Shown where there is nothing to say; a file has an empty cell."""


class Form(StrEnum):
    """How the figures of a column are written."""

    WORDS = "words"
    COUNT = "count"
    SHARE = "share"  # of 1 in a file, in percent on a page
    NUMBER = "number"


class Kind(StrEnum):
    """How a table is drawn."""

    COLUMNS = "columns"  # a column a row, for weeks
    BARS = "bars"  # a bar a row
    RANGES = "ranges"  # a value between its bounds


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column."""

    name: str
    form: Form = Form.COUNT


@dataclass(frozen=True, kw_only=True)
class Chart:
    """The columns that are drawn: parts of a whole, or a value, its lower and its upper bound. `line` is a promise."""

    kind: Kind
    columns: tuple[int, ...]
    line: float | None = None


@dataclass(frozen=True, kw_only=True)
class Table:
    """Figures with what they mean in a sentence. The first column names the row."""

    id: str
    title: str
    says: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    chart: Chart | None = None

    @property
    def written(self) -> list[list[str]]:
        """The cells as a person reads them."""
        forms = [column.form for column in self.columns]
        return [[written(cell, form) for cell, form in zip(row, forms, strict=True)] for row in self.rows]


def named(first: str, *counts: str) -> tuple[Column, ...]:
    """A column of words, then counts."""
    return (Column(name=first, form=Form.WORDS), *(Column(name=name) for name in counts))


def written(cell: Cell, form: Form) -> str:
    """One figure."""
    if cell is None or (isinstance(cell, float) and isnan(cell)):
        return NOTHING
    if isinstance(cell, str):
        return cell
    return {Form.SHARE: f"{cell:.1%}", Form.NUMBER: f"{cell:,.2f}"}.get(form, f"{cell:,}")


def as_csv(table: Table) -> str:
    """The same for a spreadsheet, without anything that it would run as a formula."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([formula_safe(column.name) for column in table.columns])
    rows.writerows([[formula_safe(_plain(cell)) for cell in row] for row in table.rows])
    return text.getvalue()


def _plain(cell: Cell) -> Cell:
    if isinstance(cell, float):
        return None if isnan(cell) else round(cell, 4)
    return cell
