"""Call handlers' shorthand written out ("cust v upset re no h/w": customer, very, hot water), for the model.

`glossary.jsonl` is the list: a row holds `short`, the `words` it stands for, an `example`, and perhaps `not_before`,
the words before which it means something else. What has two common meanings in notes (n/a: no access, not applicable;
o/s: outside, outstanding) is left out on purpose.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pipeline.errors import SettingsError

_FILE = Path(__file__).parent / "glossary.jsonl"
_FIELDS = {"short", "words", "example"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A shorthand, what it stands for, a sentence with it, and the words before which it means something else."""

    short: str
    words: str
    example: str
    not_before: frozenset[str] = frozenset()


@cache
def glossary() -> dict[str, Entry]:
    """The entries by shorthand; SettingsError names the row that is wrong."""
    entries: dict[str, Entry] = {}
    for number, line in enumerate(_FILE.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("//"):
            continue
        row = json.loads(line)
        if not _FIELDS <= row.keys() <= {*_FIELDS, "not_before"} or row["short"] in entries:
            raise SettingsError(f"{_FILE.name}, line {number}: a row holds a new 'short', 'words' and an 'example'.")
        entries[row["short"]] = Entry(**row | {"not_before": frozenset(row.get("not_before", ()))})
    return entries


def expand(note: str) -> str:
    """A call note with its shorthand written out."""
    return _shorthand().sub(_written_out, note)


def _written_out(match: re.Match[str]) -> str:
    entry = glossary()[match["short"].lower()]
    following = (match["following"] or "").lower()
    return match["short"] if following in entry.not_before else entry.words


@cache
def _shorthand() -> re.Pattern[str]:
    longest_first = sorted(glossary(), key=len, reverse=True)
    forms = "|".join(map(re.escape, longest_first))
    return re.compile(
        rf"(?<![\w/&'.-])(?P<short>{forms})(?![\w/&-]|'(?!s\b))(?=\W*(?P<following>[\w']+)?)", re.IGNORECASE
    )
