"""Nested cross-validation of two-class learners: everything that is chosen is chosen inside the training part."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score, log_loss, roc_auc_score
from sklearn.model_selection import StratifiedKFold

SEED = 20261122
AVERAGED = "averaged"
_INNER_FOLDS = 3
_GRID = np.linspace(0.3, 0.7, 41)
_SURE = 1e-4


class Learner(Protocol):
    """A way to learn from rows by number. Its `repr` names everything that changes what it says."""

    @property
    def name(self) -> str:
        """As it stands in the table."""

    @property
    def settings(self) -> tuple[float, ...]:
        """What is tried inside the training part."""

    def said(self, learn: np.ndarray, judge: np.ndarray, setting: float) -> np.ndarray:
        """The probability that each row of `judge` is positive, learned from the rows of `learn` alone."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Of the rows judged: the probability given and whether it was called positive, by learner and averaged."""

    rows: np.ndarray
    scores: dict[str, np.ndarray]
    found: dict[str, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Nested:
    """`folds` outer folds, stratified, with what is chosen chosen by three inner ones; each outer fold is kept in
    `kept` as it is done, so that a long run can be stopped and taken up again. `data` names the texts.
    """

    learners: Sequence[Learner]
    positive: np.ndarray
    strata: np.ndarray
    data: str
    folds: int
    kept: Path

    def outcome(self, number: int) -> Outcome:
        """Outer fold `number`, from `kept` if it is there."""
        learn, judge = self._splits()[number]
        file = self.kept / f"fold-{number}-{self._key()}.npz"
        if not file.is_file():
            outcome = self._run(learn, judge)
            columns = {f"scores {name}": column for name, column in outcome.scores.items()}
            columns |= {f"found {name}": column for name, column in outcome.found.items()}
            np.savez(file, **columns)
        with np.load(file) as columns:
            return Outcome(rows=judge, scores=_named(columns, "scores "), found=_named(columns, "found "))

    def _splits(self) -> list[tuple[np.ndarray, np.ndarray]]:
        splitter = StratifiedKFold(self.folds, shuffle=True, random_state=SEED)
        return list(splitter.split(self.strata, self.strata))

    def _key(self) -> str:
        what = repr(([repr(learner) for learner in self.learners], self.data, self.folds, SEED, _INNER_FOLDS))
        return hashlib.sha256(what.encode()).hexdigest()[:12]

    def _run(self, learn: np.ndarray, judge: np.ndarray) -> Outcome:
        truth = self.positive[learn]
        inside, outside = [], []
        for learner in self.learners:
            setting, said = self._choose(learner, learn)
            inside.append(said)
            outside.append(learner.said(learn, judge, setting))
        scores, found = {}, {}
        for learner, said, given in zip(self.learners, inside, outside, strict=True):
            scores[learner.name], found[learner.name] = given, given > best_threshold(said, truth)
        mixed_inside, mixed = averaged(inside, truth, outside)
        scores[AVERAGED], found[AVERAGED] = mixed, mixed > best_threshold(mixed_inside, truth)
        return Outcome(rows=judge, scores=scores, found=found)

    def _choose(self, learner: Learner, learn: np.ndarray) -> tuple[float, np.ndarray]:
        said = {setting: self._inner(learner, learn, setting) for setting in learner.settings}
        setting = min(said, key=lambda value: log_loss(self.positive[learn], said[value]))
        return setting, said[setting]

    def _inner(self, learner: Learner, learn: np.ndarray, setting: float) -> np.ndarray:
        said = np.empty(len(learn))
        splitter = StratifiedKFold(_INNER_FOLDS, shuffle=True, random_state=SEED)
        for some, others in splitter.split(learn, self.strata[learn]):
            said[others] = learner.said(learn[some], learn[others], setting)
        return said


def averaged(inside: Sequence[np.ndarray], truth: np.ndarray, outside: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """The learners' log-odds, weighted as a logistic regression on the inner folds weighs them; inside and outside."""
    inner, outer = (logit(np.clip(np.column_stack(said), _SURE, 1 - _SURE)) for said in (inside, outside))
    weights = LogisticRegression(C=1.0).fit(inner, truth)
    return expit(weights.decision_function(inner)), expit(weights.decision_function(outer))


def best_threshold(said: np.ndarray, truth: np.ndarray) -> float:
    """Where macro F1 is highest, smoothed over the neighbours so that a lucky tweet does not decide."""
    values = np.array([f1_score(truth, said > threshold, average="macro") for threshold in _GRID])
    smooth = np.convolve(np.pad(values, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    return float(_GRID[smooth.argmax()])


def macro_f1(outcomes: Sequence[Outcome], positive: np.ndarray, keep: np.ndarray, name: str) -> tuple[float, float]:
    """Mean and standard deviation over the outer folds, of the rows where `keep` holds."""
    values = [
        f1_score(positive[outcome.rows[part]], outcome.found[name][part], average="macro")
        for outcome in outcomes
        for part in [keep[outcome.rows]]
    ]
    return float(np.mean(values)), float(np.std(values))


def auc(outcomes: Sequence[Outcome], positive: np.ndarray, keep: np.ndarray, name: str) -> float:
    """Mean over the outer folds, of the rows where `keep` holds."""
    return float(
        np.mean(
            [
                roc_auc_score(positive[outcome.rows[part]], outcome.scores[name][part])
                for outcome in outcomes
                for part in [keep[outcome.rows]]
            ]
        )
    )


def _named(columns: np.lib.npyio.NpzFile, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): columns[name] for name in columns.files if name.startswith(prefix)}
