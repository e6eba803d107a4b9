"""What notebooks and reports start from: labelled messages as a model sees them, and what a model says of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np

from pipeline.classify import MessageClassifier
from pipeline.corpus import of_split, read_corpus
from pipeline.domain import LabelledMessage
from pipeline.judging import Example, Judged
from pipeline.model import Estimators
from pipeline.params import Params, load_params
from pipeline.preprocess import prepare
from pipeline.steps.places import Places
from pipeline.training import choose_thresholds, fit

FEW = frozenset(
    {"a15", "d01", "d02", "e02", "f01"} | {"a06", "d06", "e01", "h03", "i01", "i02", "i03", "i04", "i05", "i06"}
)
"""Authors of the train and calibration splits with whom a model is fitted in seconds."""


@dataclass(frozen=True, kw_only=True)
class Explored:
    """A fast model, what it learned from, and authors it never saw: thresholds were chosen on the first half of them
    (`chosen_on`), and the second half is `judged`. The frozen test has no part in it.
    """

    params: Params
    model: Estimators
    learned: list[Example]
    chosen_on: list[Example]
    judged: Judged


def explore(root: Path, authors: Collection[str] | None = FEW) -> Explored:
    """Fit and judge on `authors` of the corpus below `root`; on all of its train and calibration splits if None."""
    places = Places(root=root)
    rows = of_split(read_corpus(places.raw), "train", "calibration")
    examples = examples_of([row for row in rows if authors is None or row.author in authors])
    params = load_params(places.params)
    learned = [example for example in examples if example[0].split == "train"]
    apart = [example for example in examples if example[0].split == "calibration"]
    half = set(sorted({row.author for row, _ in apart})[::2])
    chosen_on = [example for example in apart if example[0].author in half]
    judged = [example for example in apart if example[0].author not in half]
    model = fit(learned, params)
    return Explored(
        params=params,
        model=model,
        learned=learned,
        chosen_on=chosen_on,
        judged=_judged(model, chosen_on, judged, params),
    )


def examples_of(rows: Sequence[LabelledMessage]) -> list[Example]:
    """Each row with what the model sees of it."""
    prepared = joblib.Parallel(n_jobs=-1, prefer="threads")(joblib.delayed(prepare)(row.message) for row in rows)
    return list(zip(rows, prepared, strict=True))


def judged_by(model: MessageClassifier, examples: Sequence[Example]) -> Judged:
    """What `model` says of examples, with the thresholds that it would use."""
    predictions = model.predict([message for _, message in examples])
    return Judged(
        rows=list(examples),
        probabilities=np.array([(each.complaint, each.service_request, each.other) for each in predictions]),
        thresholds=[model.manifest.thresholds_for(row.message.channel) for row, _ in examples],
    )


def _judged(model: Estimators, chosen_on: list[Example], judged: list[Example], params: Params) -> Judged:
    scores = model.probabilities([message for _, message in chosen_on])[:, 0]
    thresholds = choose_thresholds(chosen_on, scores, params.thresholds)
    return Judged(
        rows=judged,
        probabilities=model.probabilities([message for _, message in judged]),
        thresholds=[thresholds.get(row.message.channel, thresholds["pooled"]) for row, _ in judged],
    )
