"""What the benchmark compares: the protocol, and the candidates that need nothing but the default install.

A candidate is a frozen description. `fit` answers a function that judges prepared messages, so that one candidate can
be trained on many folds without remembering any. A new row is a new class with these five names, listed in `models.py`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from pipeline.artefact import load
from pipeline.domain import Label, PreparedMessage
from pipeline.features import CueCounts, Texts
from pipeline.judging import Example
from pipeline.model import Estimators
from pipeline.params import Params
from pipeline.sentences import Taught
from pipeline.training import fit

UNTUNED = (float("nan"),)
"""The settings of a candidate with nothing to choose."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`scores` rank messages by how much of a complaint they are; `probabilities` have shape (messages, 3), columns
    in the order of `Label`.
    """

    scores: np.ndarray
    probabilities: np.ndarray

    def only(self, rows: np.ndarray) -> "Answer":
        """What was said of the rows numbered."""
        return Answer(scores=self.scores[rows], probabilities=self.probabilities[rows])


Judge = Callable[[Sequence[PreparedMessage]], Answer]


class Candidate(Protocol):
    """One row of the benchmark. `settings` are the values of `knob` that are tried; a `slow` candidate is trained once
    a setting, not in folds.
    """

    @property
    def name(self) -> str:
        """As it stands in the table."""

    @property
    def knob(self) -> str:
        """What is tuned, such as C or epochs."""

    @property
    def settings(self) -> tuple[float, ...]:
        """What is tried."""

    @property
    def slow(self) -> bool:
        """Whether folds would take too long."""

    def fit(self, examples: Sequence[Example], setting: float) -> Judge:
        """Learn from `examples` alone, the same each time."""


@dataclass(frozen=True, kw_only=True)
class OneNumber:
    """A number read off a message. Its three-label probabilities come from a logistic regression on that number."""

    name: str
    number: Callable[[PreparedMessage], float]
    knob: str = ""
    settings: tuple[float, ...] = UNTUNED
    slow: bool = False

    def fit(self, examples: Sequence[Example], setting: float) -> Judge:  # noqa: ARG002  # nothing is tuned
        """Learn what the number means; the ranking stays the number's."""
        model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
        model.fit(self._column([message for _, message in examples]), labels(examples))

        def judge(prepared: Sequence[PreparedMessage]) -> Answer:
            column = self._column(prepared)
            return Answer(scores=column[:, 0], probabilities=in_label_order(model, column))

        return judge

    def _column(self, prepared: Sequence[PreparedMessage]) -> np.ndarray:
        return np.array([[self.number(message)] for message in prepared], dtype=float)


@dataclass(frozen=True, kw_only=True)
class Regression:
    """`features()`, an unfitted transformer of prepared messages, into a logistic regression over the labels."""

    name: str
    features: Callable[[], Any]
    settings: tuple[float, ...]
    knob: str = "C"
    slow: bool = False

    def fit(self, examples: Sequence[Example], setting: float) -> Judge:
        """Features and regression, fitted on `examples`."""
        regression = LogisticRegression(C=setting, class_weight="balanced", max_iter=2000, tol=1e-3)
        model = make_pipeline(self.features(), regression)
        model.fit([message for _, message in examples], labels(examples))
        return lambda prepared: by_probability(in_label_order(model, list(prepared)))


@dataclass(frozen=True, kw_only=True)
class Heard:
    """The product's fast model as `heard train` fits it, its probabilities calibrated; without `taught`, what the
    teacher says of sentences, it learns labels alone.
    """

    params: Params
    taught: Taught
    name: str
    knob: str = ""
    settings: tuple[float, ...] = UNTUNED
    slow: bool = False

    def fit(self, examples: Sequence[Example], setting: float) -> Judge:  # noqa: ARG002  # params.yaml has the settings
        """What training does, on `examples`."""
        estimators = fit(examples, self.params, self.taught)
        return lambda prepared: by_probability(estimators.probabilities(list(prepared)))


@dataclass(frozen=True, kw_only=True)
class Released:
    """A model folder of the product, encoder and all: `make repro` trained it on the same split, for hours."""

    estimators: Estimators = field(repr=False)
    name: str = "heard, model with encoder"
    knob: str = ""
    settings: tuple[float, ...] = UNTUNED
    slow: bool = True

    @classmethod
    def open(cls, folder: Path, data_sha256: str) -> Self:
        """The model in `folder`; SystemExit where it was trained on another corpus."""
        artefact = load(folder)
        if artefact.manifest.data_sha256 != data_sha256:
            raise SystemExit(f"{folder} was trained on another corpus: train it again, then compare.")
        return cls(estimators=artefact.estimators)

    def fit(self, examples: Sequence[Example], setting: float) -> Judge:  # noqa: ARG002  # trained already
        """Nothing more to learn."""
        return lambda prepared: by_probability(self.estimators.probabilities(list(prepared)))


COMPLAINING = (
    "complain", "complaint", "complaining", "unacceptable", "disgusted", "disgraceful", "disgusting", "appalling",
    "terrible", "awful", "shocking", "useless", "rude", "ignored", "ignoring", "incompetent", "fed up", "sick of",
    "let down", "still waiting", "no reply", "no response", "never replied", "nobody came", "no one came", "failed",
    "failure", "poor service", "not good enough", "compensation", "ombudsman", "third time",
)  # fmt: skip
"""What a user would list in a rule, written before any count was looked at."""

_RULE = re.compile(rf"\b(?:{'|'.join(map(re.escape, COMPLAINING))})\b")


def words(message: PreparedMessage) -> float:
    """How many words."""
    return float(len(message.text.split()))


def complaining_words(message: PreparedMessage) -> float:
    """How many different entries of COMPLAINING."""
    return float(len(set(_RULE.findall(message.text.casefold().replace("\u2019", "'")))))


def plain_candidates(params: Params, taught: Taught) -> list[Candidate]:
    """The rows that need no further package."""
    tfidf = {"lowercase": False, "ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True}
    return [
        OneNumber(name="length alone", number=words),
        OneNumber(name="keyword rules", number=complaining_words),
        Regression(name="cues + logistic regression", features=CueCounts, settings=(0.01, 0.1, 1.0)),
        Regression(
            name="TF-IDF words + logistic regression",
            features=lambda: Pipeline([("texts", Texts()), ("tfidf", TfidfVectorizer(**tfidf))]),
            settings=(0.3, 1.0, 3.0),
        ),
        Heard(params=params, taught=taught, name="heard, fast model"),
        Heard(params=params, taught={}, name="heard, fast model, labels alone"),
    ]


def labels(examples: Sequence[Example]) -> np.ndarray:
    """The adjudicated labels."""
    return np.array([row.label.value for row, _ in examples])


def by_probability(probabilities: np.ndarray) -> Answer:
    """The answer of a model whose score is its complaint probability."""
    return Answer(scores=probabilities[:, 0], probabilities=probabilities)


def in_label_order(model: Any, inputs: Any) -> np.ndarray:
    """`predict_proba` of a fitted classifier, columns in the order of `Label`."""
    columns = [list(model.classes_).index(label.value) for label in Label]
    return np.asarray(model.predict_proba(inputs))[:, columns]
