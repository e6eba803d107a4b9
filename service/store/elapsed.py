"""What SQLite and PostgreSQL say in different words: seconds and weeks between two moments, and the UTC day of one."""

from typing import Any

from sqlalchemy import Date, Float, Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class SecondsBetween(FunctionElement[float]):
    """From the first moment to the second."""

    type = Float()
    inherit_cache = True


class WeeksBetween(FunctionElement[int]):
    """Whole weeks from the first moment to the second, which is not before it."""

    type = Integer()
    inherit_cache = True


class UtcDay(FunctionElement[Any]):
    """The day of a moment. An hour at most from the UK day, and only around midnight in summer."""

    type = Date()
    inherit_cache = True


@compiles(SecondsBetween, "sqlite")
def _sqlite_seconds(element: SecondsBetween, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"((julianday({second}) - julianday({first})) * 86400.0)"


@compiles(SecondsBetween, "postgresql")
def _postgresql_seconds(element: SecondsBetween, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(extract(epoch FROM {second} - {first}) AS double precision)"


@compiles(WeeksBetween, "sqlite")
def _sqlite_weeks(element: WeeksBetween, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    whole = (f"CAST(strftime('%s', substr({moment}, 1, 19)) AS integer)" for moment in (second, first))  # it rounds up
    return f"(({' - '.join(whole)}) / 604800)"


@compiles(WeeksBetween, "postgresql")
def _postgresql_weeks(element: WeeksBetween, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(floor(extract(epoch FROM {second} - {first}) / 604800) AS integer)"


@compiles(UtcDay, "sqlite")
def _sqlite_day(element: UtcDay, compiler: Any, **options: Any) -> str:
    return f"substr({compiler.process(element.clauses, **options)}, 1, 10)"


@compiles(UtcDay, "postgresql")
def _postgresql_day(element: UtcDay, compiler: Any, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} AT TIME ZONE 'UTC' AS date)"
