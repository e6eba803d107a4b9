"""What the gate said of a challenger, kept in its folder as gate.json for whoever decides whether it may serve."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import FiniteFloat, TypeAdapter, ValidationError

from pipeline.errors import UntrustedModel

FILE = "gate.json"
_LARGEST = 1_000_000
_ADVICE = "judge it again with `heard gate`."


@dataclass(frozen=True, kw_only=True)
class Told:
    """One comparison on one set of messages; `reason` says why it refuses, and is empty where it does not."""

    on: str
    name: str
    champion: FiniteFloat
    challenger: FiniteFloat
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


_VERDICT = TypeAdapter(Verdict)


def keep(verdict: Verdict, folder: Path) -> None:
    """Write it into the challenger's folder, in the place of an earlier one."""
    draft = folder / f".writing-{FILE}"
    draft.write_text(json.dumps(asdict(verdict), indent=2) + "\n", encoding="utf-8")
    draft.replace(folder / FILE)


def read(folder: Path) -> Verdict | None:
    """The verdict kept in a model folder, None where there is none; UntrustedModel where it is not whole."""
    path = folder / FILE
    try:
        if path.stat().st_size > _LARGEST:
            raise UntrustedModel(f"{path} is larger than any verdict: {_ADVICE}")
        return _VERDICT.validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UntrustedModel(f"{path} cannot be read ({error.strerror}): {_ADVICE}") from None
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, fault["loc"]))
        what = f", {field}: {fault['msg']}" if field else f" is broken: {fault['msg']}"
        raise UntrustedModel(f"{path}{what}. {_ADVICE.capitalize()}") from None


def now() -> str:
    """The moment of judging, as it is kept."""
    return datetime.now(UTC).isoformat(timespec="seconds")
