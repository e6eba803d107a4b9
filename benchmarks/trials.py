"""Train each candidate the same way on the same rows, judge it on rows whose writers it never saw, and measure."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from statistics import median

import numpy as np
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from benchmarks.candidates import Answer, Candidate, Judge
from pipeline import metrics
from pipeline.domain import Label, Message, PreparedMessage
from pipeline.judging import Example
from pipeline.metrics import Figure
from pipeline.preprocess import prepare

SEED = 20261122
FALSE_FLAGS = 0.05
_FOLDS = 4
_FEW_AUTHORS = 2
_ROUNDS = 3

Fold = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A candidate, the setting it was given, and what it said: `left_out_authors` and `left_out_scenarios` of the
    training rows (None where it was too slow for folds), `answers` of each judged set by name.
    """

    candidate: Candidate
    setting: float
    tried: dict[float, float]
    left_out_authors: Answer | None
    left_out_scenarios: Answer | None
    answers: dict[str, Answer]
    per_second: float

    @property
    def choice(self) -> str:
        """What was tried and what was taken, in a line."""
        tried = ", ".join(f"{setting:g}: {auc:.4f}" for setting, auc in self.tried.items())
        knob = self.candidate.knob
        return f"{self.candidate.name}, {knob} {self.setting:g} ({tried})" if knob else self.candidate.name


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What stands in a row of the tables; `recall` is that of complaints where 5 % of the others are flagged."""

    auc: Figure
    auc_like_length: float
    macro_f1: float
    recall: float


def author_folds(examples: Sequence[Example]) -> list[Fold]:
    """Four folds that part no author."""
    return _folds(examples, [row.author for row, _ in examples])


def run(
    candidate: Candidate,
    train: Sequence[Example],
    judged: dict[str, list[Example]],
    *,
    all_new: Callable[[], AbstractContextManager[object]] = nullcontext,
    quick: bool = False,
) -> Trial:
    """Choose the setting by leave-authors-out folds (a slow candidate: by one of them), train on all, judge, time.

    `all_new` opens a context in which no text is known already; `quick` takes the middle setting and leaves out the
    scenario folds.
    """
    folds = author_folds(train)
    settings = candidate.settings[len(candidate.settings) // 2 :][:1] if quick else candidate.settings
    said = {setting: _tried(candidate, train, folds, setting) for setting in settings}
    tried = {setting: _complaint_auc(answer, train, rows) for setting, (answer, rows) in said.items() if len(rows)}
    setting = max(tried, key=tried.__getitem__) if tried else settings[0]
    judge = candidate.fit(train, setting)
    answers = {name: judge([message for _, message in rows]) for name, rows in judged.items()}
    folded = not candidate.slow
    with all_new():
        per_second = speed(judge, [message for _, message in next(iter(judged.values()))])
    return Trial(
        candidate=candidate,
        setting=setting,
        tried=tried,
        left_out_authors=said[setting][0] if folded else None,
        left_out_scenarios=scenarios(candidate, train, setting) if folded and not quick else None,
        answers=answers,
        per_second=per_second,
    )


def out_of_fold(candidate: Candidate, train: Sequence[Example], folds: Sequence[Fold], setting: float) -> Answer:
    """What the candidate says of each row, trained on the folds without it; rows in no fold get nan."""
    scores = np.full(len(train), np.nan)
    probabilities = np.full((len(train), len(Label)), np.nan)
    for learned, held_out in folds:
        judge = candidate.fit([train[int(i)] for i in learned], setting)
        answer = judge([train[int(i)][1] for i in held_out])
        scores[held_out], probabilities[held_out] = answer.scores, answer.probabilities
    return Answer(scores=scores, probabilities=probabilities)


def scenarios(candidate: Candidate, train: Sequence[Example], setting: float) -> Answer:
    """What the candidate says of scenarios it never saw, by writers it may have seen."""
    return out_of_fold(candidate, train, _folds(train, [row.scenario for row, _ in train]), setting)


def measure(answer: Answer, examples: Sequence[Example]) -> Measured:
    """The figures of one row; the interval is drawn by author, or by message where there are too few authors."""
    complaint = is_complaint(examples)
    truth = [row.label for row, _ in examples]
    found = [tuple(Label)[i] for i in answer.probabilities.argmax(axis=1)]
    lengths = [len(message.text.split()) for _, message in examples]
    bar = np.quantile(answer.scores[~complaint], 1 - FALSE_FLAGS)
    authors = [row.author for row, _ in examples]
    groups = authors if len(set(authors)) > _FEW_AUTHORS else [row.message.id for row, _ in examples]
    return Measured(
        auc=metrics.interval(lambda rows: metrics.auc(answer.scores[rows], complaint[rows]), groups, seed=SEED),
        auc_like_length=metrics.like_length_auc(answer.scores, complaint, lengths),
        macro_f1=metrics.macro_f1(truth, found),
        recall=float((answer.scores[complaint] > bar).mean()),
    )


def is_complaint(examples: Sequence[Example]) -> np.ndarray:
    """Whether the adjudicated label is complaint."""
    return np.array([row.label is Label.COMPLAINT for row, _ in examples])


def speed(judge: Judge, prepared: Sequence[PreparedMessage], *, at_most: int = 500) -> float:
    """Messages a second on one core, from prepared message to answer: the median of three rounds."""
    part = list(prepared[:at_most])
    judge(part[:10])
    times = []
    with _one_core():
        for _ in range(_ROUNDS):
            start = time.perf_counter()
            judge(part)
            times.append(time.perf_counter() - start)
    return len(part) / median(times)


def preparing_speed(messages: Sequence[Message], *, at_most: int = 500) -> float:
    """Messages a second on one core, from message to prepared message."""
    part = messages[:at_most]
    prepare(part[0])
    with _one_core():
        start = time.perf_counter()
        for message in part:
            prepare(message)
    return len(part) / (time.perf_counter() - start)


@contextmanager
def _one_core() -> Iterator[None]:
    """This thread and those it starts stay on one core, where the system can say so; libraries use one thread."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if allowed:
        os.sched_setaffinity(0, {max(allowed)})
    try:
        with threadpool_limits(1):
            yield
    finally:
        if allowed:
            os.sched_setaffinity(0, allowed)


def _tried(
    candidate: Candidate, train: Sequence[Example], folds: list[Fold], setting: float
) -> tuple[Answer, np.ndarray]:
    """The answers by folds, and the rows they were given for. A slow candidate with nothing to choose tries nothing."""
    if candidate.slow:
        folds = folds[:1] if len(candidate.settings) > 1 else []
    rows = np.concatenate([held_out for _, held_out in folds]) if folds else np.array([], dtype=int)
    return out_of_fold(candidate, train, folds, setting), rows


def _complaint_auc(answer: Answer, train: Sequence[Example], rows: np.ndarray) -> float:
    return metrics.auc(answer.scores[rows], is_complaint(train)[rows])


def _folds(examples: Sequence[Example], groups: Sequence[str]) -> list[Fold]:
    splitter = GroupKFold(n_splits=_FOLDS, shuffle=True, random_state=SEED)
    return list(splitter.split(np.zeros(len(examples)), groups=list(groups)))
