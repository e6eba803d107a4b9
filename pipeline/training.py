"""Fit, calibrate and judge a model on labelled messages. Folds are by author: a random split flatters."""

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from pipeline.domain import Channel, Label, LabelledMessage, Thresholds
from pipeline.encode import Encoder
from pipeline.errors import NoGuarantee
from pipeline.judging import Example, Judged
from pipeline.model import (
    Estimators,
    build_features,
    build_stack,
    build_topic_estimator,
    stacked,
)
from pipeline.params import ModelParams, Params, ThresholdParams
from pipeline.regression import Rows, calibrated_line, rows_of_sentences
from pipeline.sentences import Taught
from pipeline.thresholds import choose, line_by_weight

EVERYDAY = "everyday"
"""The slice of the corpus whose authors wrote as people write; the rest was written to be hard."""

REVIEWED = "reviewed"
"""The slice of officers' reviews: what they read was chosen by the scores of a model, or drawn by lot."""


def fit(examples: Sequence[Example], params: Params, taught: Taught = MappingProxyType({})) -> Estimators:
    """The estimators, probabilities calibrated by temperature over author-grouped folds.

    Everyday messages weigh 1 and the hard part `hard_weight`. What a teacher says of the sentences of these messages is
    learned beside the labels. The features are fitted once, not within each fold: they see no labels.
    """
    prepared = [message for _, message in examples]
    features = build_features(params.model)
    matrix = features.fit_transform(prepared)
    parts = [1.0 if EVERYDAY in row.slices else params.model.hard_weight for row, _ in examples]
    rows = Rows.of(examples, matrix, np.array([row.weight for row, _ in examples]) * parts)
    topic = build_topic_estimator(params.model)
    return Estimators(
        features=features,
        label=calibrated_line(rows, rows_of_sentences(examples, features, rows, taught, params.model), params.model),
        topic=topic.fit(prepared, [row.topic for row, _ in examples]),
    )


def put_together(fast: Estimators, encoder: Encoder, examples: Sequence[Example], params: ModelParams) -> Estimators:
    """Both models as one. `examples` are by authors from whom neither learned; everyday messages weigh as in `fit`."""
    prepared = [message for _, message in examples]
    columns = stacked(fast.fast_probabilities(prepared), encoder.logits([message.text for message in prepared]))
    labels = [tuple(Label).index(row.label) for row, _ in examples]
    weights = [1.0 if EVERYDAY in row.slices else params.hard_weight for row, _ in examples]
    return replace(fast, encoder=encoder, stack=build_stack(params).fit(columns, labels, sample_weight=weights))


def stands_for_itself(row: LabelledMessage) -> bool:
    """Whether it came in as any message does: neither weighted, nor read by an officer because of a model's score."""
    return row.weight == 1.0 and REVIEWED not in row.slices


def choose_thresholds(
    examples: Sequence[Example], scores: np.ndarray, params: ThresholdParams
) -> dict[str, Thresholds]:
    """Pooled thresholds, and a channel's own where it has complaints enough for the promise.

    `scores` are the complaint probabilities of `examples`, by a model that did not learn from them. The promise rests
    on the rows that stand for themselves; the others may only lower a review threshold.
    """
    complaint = np.array([row.label is Label.COMPLAINT for row, _ in examples])
    own = np.array([stands_for_itself(row) for row, _ in examples])
    chosen = {"pooled": choose(scores[own], complaint[own], params)}
    for channel in Channel:
        part = own & np.array([row.message.channel is channel for row, _ in examples])
        try:
            chosen[channel.value] = choose(scores[part], complaint[part], params)
        except NoGuarantee:
            continue
    weighted = np.flatnonzero(complaint & ~own)
    line = line_by_weight(scores[weighted], [examples[int(i)][0].weight for i in weighted], params)
    return chosen if line is None else {name: _lowered(each, line) for name, each in chosen.items()}


def _lowered(thresholds: Thresholds, line: float) -> Thresholds:
    return replace(thresholds, review=min(thresholds.review, line))


def leave_one_author_out(examples: Sequence[Example], params: Params, taught: Taught) -> Judged:
    """Each author judged by a model, and by thresholds, that never saw that author."""
    authors = np.array([row.author for row, _ in examples])
    probabilities = np.zeros((len(examples), len(Label)))
    for author in sorted(set(authors)):
        others = [example for example, name in zip(examples, authors, strict=True) if name != author]
        estimators = fit(others, params, taught)
        held_out = np.flatnonzero(authors == author)
        probabilities[held_out] = estimators.probabilities([examples[int(i)][1] for i in held_out])
    return _with_others_thresholds(list(examples), probabilities, authors, params.thresholds)


def _with_others_thresholds(
    rows: list[Example], probabilities: np.ndarray, authors: np.ndarray, params: ThresholdParams
) -> Judged:
    complaint = np.array([row.label is Label.COMPLAINT for row, _ in rows])
    by_author = {
        author: choose(probabilities[authors != author, 0], complaint[authors != author], params)
        for author in set(authors)
    }
    return Judged(rows=rows, probabilities=probabilities, thresholds=[by_author[author] for author in authors])
