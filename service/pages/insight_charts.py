"""Charts as places in SVG: in percent of the width, so that words beside them keep their size on a phone. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from service.pages.insight_table import NOTHING, Cell, Form, Kind, Table, written

TALL = 160
"""Pixels of the tallest column."""
_FILLED = 0.85


@dataclass(frozen=True, kw_only=True)
class Part:
    """One rectangle: `x` and `width` in percent, `y` and `height` in pixels. `series` is its colour."""

    series: int
    x: float
    width: float
    y: float = 0.0
    height: float = 0.0
    says: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One bar or column with its name and value in words; `at` is where a range has its value, in percent."""

    name: str
    parts: Sequence[Part]
    value: str
    at: float | None = None


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A chart. `legend` names the series; `most` is what the full height or width stands for; `line` is in percent."""

    kind: Kind
    legend: Sequence[str]
    rows: Sequence[Row]
    most: str
    line: float | None = None


def drawn(table: Table) -> Drawn | None:
    """The chart of a table; None where it has none or there is nothing to draw."""
    if table.chart is None or not any(_numbers(table, row) for row in table.rows):
        return None
    return {Kind.COLUMNS: _columns, Kind.BARS: _bars, Kind.RANGES: _ranges}[table.chart.kind](table)


def _columns(table: Table) -> Drawn | None:
    most = max((sum(_numbers(table, row)) for row in table.rows), default=0)
    if not most:
        return None
    step = 100 / len(table.rows)
    rows = [
        Row(name=str(row[0]), parts=_column(table, row, place * step, step * _FILLED, TALL / most), value="")
        for place, row in enumerate(table.rows)
    ]
    return Drawn(kind=Kind.COLUMNS, legend=_legend(table), rows=rows, most=f"{most:,}")


def _column(table: Table, row: tuple[Cell, ...], x: float, width: float, scale: float) -> list[Part]:
    parts, top = list[Part](), float(TALL)
    for series, (name, number) in enumerate(zip(_legend(table), _numbers(table, row), strict=True)):
        height = number * scale
        top -= height
        says = f"{row[0]}, {name}: {number:,}"
        if number:
            parts.append(Part(series=series, x=x, width=width, y=top, height=height, says=says))
    return parts


def _bars(table: Table) -> Drawn | None:
    most = max((sum(_numbers(table, row)) for row in table.rows), default=0)
    if not most:
        return None
    rows = [Row(name=str(row[0]), parts=_bar(table, row, 100 / most), value=_sum(table, row)) for row in table.rows]
    return Drawn(kind=Kind.BARS, legend=_legend(table), rows=rows, most="")


def _bar(table: Table, row: tuple[Cell, ...], scale: float) -> list[Part]:
    parts, x = list[Part](), 0.0
    for series, (name, number) in enumerate(zip(_legend(table), _numbers(table, row), strict=True)):
        if number:
            says = f"{row[0]}, {name}: {number:,}"
            parts.append(Part(series=series, x=x, width=number * scale, says=says))
        x += number * scale
    return parts


def _ranges(table: Table) -> Drawn:
    line = table.chart.line if table.chart else None
    most = min(1.0, 1.1 * max([line or 0.0, *(max(_numbers(table, row), default=0.0) for row in table.rows)])) or 1.0
    rows = [_range(table, row, 100 / most) for row in table.rows]
    return Drawn(
        kind=Kind.RANGES, legend=[], rows=rows, most=f"{most:.0%}", line=None if line is None else line * 100 / most
    )


def _range(table: Table, row: tuple[Cell, ...], scale: float) -> Row:
    value, low, high = (row[column] for column in _places(table))
    if not isinstance(low, float) or not isinstance(high, float):
        return Row(name=str(row[0]), parts=[], value=NOTHING)
    at = value * scale if isinstance(value, float) and value == value else None  # noqa: PLR0124  # nan where none is settled
    bounds = f"{low:.1%} to {high:.1%}"
    shown = bounds if at is None else f"{written(value, Form.SHARE)} ({bounds})"
    return Row(name=str(row[0]), parts=[Part(series=0, x=low * scale, width=(high - low) * scale)], value=shown, at=at)


def _places(table: Table) -> tuple[int, ...]:
    return table.chart.columns if table.chart else ()


def _legend(table: Table) -> list[str]:
    return [table.columns[column].name for column in _places(table)]


def _numbers(table: Table, row: tuple[Cell, ...]) -> list[float]:
    """What is drawn of a row; nothing counts as 0."""
    cells = (row[column] for column in _places(table))
    return [cell if isinstance(cell, int | float) and cell == cell else 0 for cell in cells]  # noqa: PLR0124  # nan


def _sum(table: Table, row: tuple[Cell, ...]) -> str:
    first = table.columns[_places(table)[0]].form
    return written(sum(_numbers(table, row)), first)
