"""The numbers behind a model's pictures, kept in its folder as evaluation.json: curves, slices, writers, promises.

Numbers only, so that the page about a model draws them with the design of the pages and a table beside each.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FILE = "evaluation.json"
_LARGEST = 2_000_000

_MAY_LACK = ("review", "stage_1", "miss_rate", "miss_rate_high", "workload", "false_flags")

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, kw_only=True)
class Share:
    """A share with its 95 % interval, of `n`."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Group:
    """How one group of writers or messages fares."""

    characteristic: str
    group: str
    miss_rate: Share
    false_flags: Share
    verdict: str


@dataclass(frozen=True, kw_only=True)
class Bin:
    """A tenth of the messages by probability: what was said on average, and what was so."""

    said: float
    found: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Step:
    """What it costs to promise that at most `alpha` of complaints are missed; None where it cannot be promised."""

    alpha: float
    review: float | None
    stage_1: float | None
    miss_rate: float | None
    miss_rate_high: float | None
    workload: float | None
    false_flags: float | None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """`precision_recall` has recall and precision by channel, `risk` the share an officer sees and the share of
    complaints missed. `trade` is measured on the calibration authors, everything else on the frozen test.
    """

    messages: int
    complaints: int
    alpha: float
    delta: float
    precision_recall: dict[str, Points]
    risk: Points
    reliability: tuple[Bin, ...]
    slices: dict[str, Share]
    groups: tuple[Group, ...]
    trade: tuple[Step, ...]
    format: int = 1
    covered: bool = field(default=False, compare=False)
    """Whether the manifest names the hash of the file it was read from."""


def write(evaluation: Evaluation, file: Path) -> None:
    """Write it as JSON."""
    row = {name: value for name, value in asdict(evaluation).items() if name != "covered"}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(row) + "\n", encoding="utf-8")


def read(folder: Path, files: Mapping[str, str]) -> Evaluation | None:
    """The evaluation in a model folder; None where there is none, or not the one that the manifest's `files` name."""
    try:
        if (folder / FILE).stat().st_size > _LARGEST:
            return None
        raw = (folder / FILE).read_bytes()
        if FILE in files and hashlib.sha256(raw).hexdigest() != files[FILE]:
            return None
        return _parsed(json.loads(raw, parse_constant=_refuse), covered=FILE in files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is no figure")


def _parsed(row: dict[str, Any], *, covered: bool) -> Evaluation:
    if row["format"] != 1:
        raise ValueError("another format")
    return Evaluation(
        messages=int(row["messages"]),
        complaints=int(row["complaints"]),
        alpha=float(row["alpha"]),
        delta=float(row["delta"]),
        precision_recall={str(name): _points(points) for name, points in row["precision_recall"].items()},
        risk=_points(row["risk"]),
        reliability=tuple(
            Bin(said=float(one["said"]), found=float(one["found"]), n=int(one["n"])) for one in row["reliability"]
        ),
        slices={str(name): _share(share) for name, share in row["slices"].items()},
        groups=tuple(
            Group(
                characteristic=str(one["characteristic"]),
                group=str(one["group"]),
                miss_rate=_share(one["miss_rate"]),
                false_flags=_share(one["false_flags"]),
                verdict=str(one["verdict"]),
            )
            for one in row["groups"]
        ),
        trade=tuple(
            Step(
                alpha=float(one["alpha"]),
                **{name: None if one[name] is None else float(one[name]) for name in _MAY_LACK},
            )
            for one in row["trade"]
        ),
        covered=covered,
    )


def _points(points: list[list[float]]) -> Points:
    return tuple((float(x), float(y)) for x, y in points)


def _share(row: dict[str, Any]) -> Share:
    return Share(value=float(row["value"]), low=float(row["low"]), high=float(row["high"]), n=int(row["n"]))
