"""Records about a model for the public and for those who answer for it, filled from what is known; the rest is marked.

`atrs` follows the UK's Algorithmic Transparency Recording Standard (template version 3.0, tiers 1 and 2, its own field
numbers); `dpia` gathers the facts a data-protection impact assessment asks for (UK GDPR article 35; ICO). What only the
organisation can say stands as "TO FILL IN": nothing is made up.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipeline.artefact import Manifest
from pipeline.live import LiveMissRate
from pipeline.policy import Profile

TO_FILL_IN = "TO FILL IN"

_FOLDER = Path(__file__).parent / "record_templates"


class Record(StrEnum):
    """Which record; the value is its template."""

    ATRS = "atrs.md.jinja"  # public
    DPIA = "dpia.md.jinja"  # for the data-protection officer


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """What came in and what officers made of it in a period; counts only."""

    since: date
    until: date
    routes: dict[str, int]
    overturned: str | None
    live: LiveMissRate | None

    @property
    def messages(self) -> int:
        """All decided."""
        return sum(self.routes.values())


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a record is filled from. `traffic` is None where no database is in use yet."""

    manifest: Manifest
    profile: Profile
    size_mb: float
    share: float
    traffic: Traffic | None
    on: date


def render(record: Record, facts: Facts) -> str:
    """The record in Markdown."""
    environment = Environment(  # noqa: S701  # Markdown, not HTML
        loader=FileSystemLoader(_FOLDER), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["percent"] = lambda value: f"{100 * value:.1f} %"
    return environment.get_template(record.value).render(facts=facts, ask=_ask)


def left_open(text: str) -> int:
    """How many fields a person must still fill in."""
    return text.count(TO_FILL_IN)


def _ask(what: str) -> str:
    return f"**{TO_FILL_IN}:** {what}"
