"""What the gate said of a challenger, kept in its folder as gate.json for whoever decides whether it may serve."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

FILE = "gate.json"
_LARGEST = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Told:
    """One comparison on one set of messages; `reason` says why it refuses, and is empty where it does not."""

    on: str
    name: str
    champion: float
    challenger: float
    difference: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Both models by version and by the hash of their manifest: it holds for these two and no others."""

    champion: str
    champion_sha256: str
    challenger: str
    challenger_sha256: str
    judged_at: str
    checks: tuple[Told, ...]

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why the challenger may not serve, a sentence each; empty where it may."""
        return tuple(f"{check.on}, {check.name}: {check.reason}." for check in self.checks if check.reason)


def keep(verdict: Verdict, folder: Path) -> None:
    """Write it into the challenger's folder, in the place of an earlier one."""
    draft = folder / f".writing-{FILE}"
    draft.write_text(json.dumps(asdict(verdict), indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / FILE)


def read(folder: Path) -> Verdict | None:
    """The verdict kept in a model folder; None where there is none that can be read."""
    path = folder / FILE
    try:
        if path.stat().st_size > _LARGEST:
            return None
        raw = json.loads(path.read_text(encoding="utf-8"))
        return Verdict(**{**raw, "checks": tuple(_told(row) for row in raw["checks"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def now() -> str:
    """The moment of judging, as it is kept."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _told(row: dict[str, object]) -> Told:
    told = Told(**row)  # type: ignore[arg-type]  # checked below
    if not all(isinstance(value, (int, float)) for value in (told.champion, told.challenger)):
        raise ValueError("a figure is no number")
    if not all(isinstance(text, str) for text in (told.on, told.name, told.difference, told.reason)):
        raise ValueError("a word is no text")
    return told
