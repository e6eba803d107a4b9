"""params.yaml -> one validated dataclass."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml

from pipeline.errors import SettingsError

Section = TypeVar("Section")


@dataclass(frozen=True, kw_only=True)
class DataParams:
    """`also` names files in the corpus's schema to learn from beside it, such as data/local/reviews.jsonl."""

    also: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ModelParams:
    """The estimator. `word_ngrams` and `char_ngrams` are the longest n-grams, `c` the inverse strength of
    regularisation (small: it must carry over to writers it never saw), `sentences` what those of a message weigh
    together, as the teacher judged them, against the message, `hard_weight` what a message of the corpus's
    hard part weighs in training against an everyday one (docs/decisions/0005).
    """

    word_ngrams: int
    char_ngrams: int
    min_messages: int
    c: float
    topic_c: float
    sentences: float
    hard_weight: float
    folds: int
    stack_c: float
    seed: int


@dataclass(frozen=True, kw_only=True)
class EncoderParams:
    """Which encoder serves (`released`, `teacher` or `student`), and how it is made.

    `teacher` and `student` name a folder below data/local/encoders or a hub's model. `layers` is how many of the
    student's lower layers are kept, `pieces` how many word pieces the served encoder knows.
    `held_out` names the training authors from whom neither model learns: the two are put together on them.
    `teacher_seeds` is how many teachers are averaged. `contested_smoothing` is the share of a contested message's
    weight that goes to the other labels. `everyday_rate` is the learning rate of the last rounds, over the everyday
    part alone.
    """

    serves: str
    teacher: str
    student: str
    layers: int
    pieces: int
    held_out: tuple[str, ...]
    hard_weight: float
    smoothing: float
    contested_smoothing: float
    teacher_seeds: int
    teacher_epochs: int
    student_epochs: int
    batch: int
    learning_rate: float
    everyday_rate: float
    layer_decay: float
    weight_decay: float
    pair_weight: float
    augment_share: float
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

    data: DataParams
    model: ModelParams
    encoder: EncoderParams
    thresholds: ThresholdParams


def load_params(path: Path) -> Params:
    """Read and check params.yaml."""
    if not path.is_file():
        raise SettingsError(f"{path} is missing: run in the folder that holds params.yaml, or name it.")
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(raw, dict):
        raise SettingsError(f"{path} must hold the sections 'data', 'model', 'encoder' and 'thresholds'.")
    return Params(
        data=_section(DataParams, raw, "data", path),
        model=_section(ModelParams, raw, "model", path),
        encoder=_section(EncoderParams, raw, "encoder", path),
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
    return kind(**{key: _value(wanted[key], value, f"{path}: '{name}.{key}'") for key, value in values.items()})


def _value(kind: Any, value: Any, where: str) -> Any:
    if kind == tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise SettingsError(f"{where} must be a list of texts.")
        return tuple(value)
    fits = isinstance(value, (int, float) if kind is float else kind) and not isinstance(value, bool)
    if not fits:
        raise SettingsError(f"{where} must be of type {kind.__name__}.")
    return value
