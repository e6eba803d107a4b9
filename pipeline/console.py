"""Where the commands write to a person."""

import sys

from rich.console import Console

_PIPED = 160

errors = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
"""Standard error: plain sentences, never wrapped, so that a path stays whole."""


def table_console() -> Console:
    """Standard output for tables: as wide as the terminal; in a pipe so wide that nothing is cut."""
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else _PIPED)
