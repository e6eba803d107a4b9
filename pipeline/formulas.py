"""Cells that a spreadsheet would run as formulas, made safe and plain again (OWASP, CSV injection; ASVS 1.2.10)."""

import re
from typing import Any

_STARTS = ("=", "+", "-", "@", "\t", "'")
_BLANKS = " \u00a0"
_BREAK = re.compile(r"(\r\n|\r|\n)")


def formula_safe(value: Any) -> Any:
    """A text with a ' before each line that begins, perhaps after blanks, as a formula does; `formula_plain` undoes it.

    A line that begins with ' gets one too, so that what is undone is what was there.
    """
    if not isinstance(value, str):
        return value
    parts = _BREAK.split(value)
    parts[::2] = [f"'{line}" if line.lstrip(_BLANKS).startswith(_STARTS) else line for line in parts[::2]]
    if len(parts) > 1 and not parts[0]:
        parts[0] = "'"
    return "".join(parts)


def formula_plain(text: str) -> str:
    """The text that `formula_safe` was given."""
    parts = _BREAK.split(text)
    parts[::2] = [line.removeprefix("'") for line in parts[::2]]
    return "".join(parts)
