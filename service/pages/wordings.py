"""Wordings that tell a resident how to complain, by profile: `wordings.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "wordings.toml"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """A text an officer may send, edited or as it stands."""

    id: str
    name: str
    text: str


@cache
def wordings(profile: str) -> tuple[Wording, ...]:
    """Those of a profile; none for a profile that has none yet, and the officer writes their own."""
    rows = tomllib.loads(_FILE.read_text(encoding="utf-8")).get(profile, [])
    return tuple(Wording(id=row["id"], name=row["name"], text=row["text"].strip()) for row in rows)


def wording(profile: str, wording_id: str) -> Wording | None:
    """The wording with this id."""
    return next((found for found in wordings(profile) if found.id == wording_id), None)
