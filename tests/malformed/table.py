"""Every case there is."""

from functools import cache

from tests.malformed import bodies, headers, machines, sizes, structures, wrapped
from tests.malformed.making import Case


@cache
def every_case() -> tuple[Case, ...]:
    """All cases; their names, which become file names, differ."""
    modules = (headers, bodies, machines, structures, wrapped, sizes)
    return tuple(case for module in modules for case in module.cases())


def file_name(number: int, case: Case) -> str:
    """A name for a case's file: its number, and what of its own name every file system takes."""
    kept = "".join(char if char.isascii() and (char.isalnum() or char in "-_") else "_" for char in str(case))
    return f"{number:03d}-{kept}"
