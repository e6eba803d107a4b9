"""params.yaml -> one validated dataclass."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml

from pipeline.errors import SettingsError

Section = TypeVar("Section")


@dataclass(frozen=True, kw_only=True)
class ModelParams:
    """The estimator. `word_ngrams` and `char_ngrams` are the longest n-grams, `c` the inverse strength of
    regularisation (small: it must carry over to writers it never saw), `hard_weight` what a message of the corpus's
    hard part weighs in training against an everyday one (docs/decisions/0005).
    """

    word_ngrams: int
    char_ngrams: int
    min_messages: int
    c: float
    topic_c: float
    hard_weight: float
    folds: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class ThresholdParams:
    """The promise: at most `alpha` of complaints missed, with confidence 1 - `delta`; and the precision
    that stage 1 should reach, with confidence 1 - `precision_delta`.
    """

    alpha: float
    delta: float
    precision: float
    precision_delta: float


@dataclass(frozen=True, kw_only=True)
class Params:
    """Everything that training reads."""

    model: ModelParams
    thresholds: ThresholdParams


def load_params(path: Path) -> Params:
    """Read and check params.yaml."""
    if not path.is_file():
        raise SettingsError(f"{path} is missing: run in the folder that holds params.yaml, or name it.")
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict):
        raise SettingsError(f"{path} must hold the sections 'model' and 'thresholds'.")
    return Params(
        model=_section(ModelParams, raw, "model", path),
        thresholds=_section(ThresholdParams, raw, "thresholds", path),
    )


def _section(kind: type[Section], raw: dict[str, Any], name: str, path: Path) -> Section:
    values = raw.get(name)
    if not isinstance(values, dict):
        raise SettingsError(f"{path} has no section '{name}'.")
    wanted: dict[str, Any] = {field.name: field.type for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    if values.keys() != wanted.keys():
        wrong = sorted(values.keys() ^ wanted.keys())
        raise SettingsError(f"{path}, section '{name}': missing or unknown keys {', '.join(wrong)}.")
    for key, value in values.items():
        if not isinstance(value, (int, float)) or (wanted[key] is int and not isinstance(value, int)):
            raise SettingsError(f"{path}: '{name}.{key}' must be a number of type {wanted[key].__name__}.")
    return kind(**values)
