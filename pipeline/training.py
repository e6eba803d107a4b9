"""Fit, calibrate and judge a model on labelled messages. Folds are by author: a random split flatters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GroupKFold

from pipeline import metrics, policy
from pipeline.domain import Channel, CueKind, Label, LabelledMessage, Prediction, PreparedMessage, Route, Thresholds
from pipeline.errors import NoGuarantee
from pipeline.metrics import Figure
from pipeline.model import Estimators, build_features, build_label_estimator, build_topic_estimator
from pipeline.params import Params, ThresholdParams
from pipeline.thresholds import choose

Example = tuple[LabelledMessage, PreparedMessage]
EVERYDAY = "everyday"
"""The slice of the corpus whose authors wrote as people write; the rest was written to be hard."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Rows with what a model that never saw their authors said of them. `probabilities` has shape (n, 3)."""

    rows: list[Example]
    probabilities: np.ndarray
    thresholds: list[Thresholds]

    @property
    def scores(self) -> np.ndarray:
        """Complaint probabilities."""
        return self.probabilities[:, 0]

    @property
    def is_complaint(self) -> np.ndarray:
        """Whether the adjudicated label is complaint."""
        return np.array([row.label is Label.COMPLAINT for row, _ in self.rows])

    def only(self, keep: Sequence[bool]) -> "Judged":
        """The rows where `keep` holds."""
        places = np.flatnonzero(np.asarray(keep))
        return Judged(
            rows=[self.rows[i] for i in places],
            probabilities=self.probabilities[places],
            thresholds=[self.thresholds[i] for i in places],
        )


def fit(examples: Sequence[Example], params: Params) -> Estimators:
    """The estimators, probabilities calibrated by temperature over author-grouped folds.

    Everyday messages weigh 1 and the hard part `hard_weight`. The features are fitted once, not within each fold:
    they see no labels.
    """
    rows = [row for row, _ in examples]
    prepared = [message for _, message in examples]
    labels = np.array([row.label.value for row in rows])
    authors = [row.author for row in rows]
    weights = np.array([1.0 if EVERYDAY in row.slices else params.model.hard_weight for row in rows])
    features = build_features(params.model)
    matrix = features.fit_transform(prepared)
    folds = list(GroupKFold(n_splits=min(params.model.folds, len(set(authors)))).split(matrix, labels, authors))
    label = CalibratedClassifierCV(build_label_estimator(params.model), method="temperature", cv=folds, ensemble=False)
    topic = build_topic_estimator(params.model)
    return Estimators(
        features=features,
        label=label.fit(matrix, labels, sample_weight=weights),
        topic=topic.fit(prepared, [row.topic for row in rows]),
    )


def choose_thresholds(
    examples: Sequence[Example], scores: np.ndarray, params: ThresholdParams
) -> dict[str, Thresholds]:
    """Pooled thresholds, and a channel's own where it has complaints enough for the promise.

    `scores` are the complaint probabilities of `examples`, by a model that did not learn from them.
    """
    complaint = np.array([row.label is Label.COMPLAINT for row, _ in examples])
    chosen = {"pooled": choose(scores, complaint, params)}
    for channel in Channel:
        part = np.array([row.message.channel is channel for row, _ in examples])
        try:
            chosen[channel.value] = choose(scores[part], complaint[part], params)
        except NoGuarantee:
            continue
    return chosen


def leave_one_author_out(examples: Sequence[Example], params: Params) -> Judged:
    """Each author judged by a model, and by thresholds, that never saw that author."""
    authors = np.array([row.author for row, _ in examples])
    probabilities = np.zeros((len(examples), len(Label)))
    for author in sorted(set(authors)):
        estimators = fit([example for example, name in zip(examples, authors, strict=True) if name != author], params)
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


def routes(judged: Judged, profile: policy.Profile) -> list[Route]:
    """Where each row would go under `profile`, with no known history."""
    return [
        policy.route(
            prediction=Prediction(complaint=p[0], service_request=p[1], other=p[2], topic=row.topic),
            cues=prepared.cues,
            channel=row.message.channel,
            kind=row.message.kind,
            prior_contacts=None,
            profile=profile,
            thresholds=thresholds,
        ).route
        for (row, prepared), p, thresholds in zip(judged.rows, judged.probabilities, judged.thresholds, strict=True)
    ]


def figures(judged: Judged, *, seed: int) -> dict[str, Figure]:
    """The figures of docs/figures.md; intervals are bootstrapped by author where there are several."""
    truth = [row.label for row, _ in judged.rows]
    complaint, scores = judged.is_complaint, judged.scores
    words = np.array([len(message.text.split()) for _, message in judged.rows])
    authors = [row.author for row, _ in judged.rows]
    groups = authors if len(set(authors)) > 2 else [row.message.id for row, _ in judged.rows]
    found = [tuple(Label)[i] for i in judged.probabilities.argmax(axis=1)]
    sent = routes(judged, policy.load_profile("hos-2024"))
    seen = np.array([where in {Route.STAGE_1, Route.REVIEW, Route.SIGNPOST} for where in sent])
    review = np.array([where is Route.REVIEW for where in sent])
    sure = np.array([where in {Route.STAGE_1, Route.SIGNPOST} for where in sent])

    def over(measure: object) -> Figure:
        return metrics.interval(measure, groups, seed=seed)  # type: ignore[arg-type]  # rows -> float

    return {
        "auc": over(lambda r: metrics.auc(scores[r], complaint[r])),
        "auc_like_length": over(lambda r: metrics.like_length_auc(scores[r], complaint[r], words[r])),
        "macro_f1": over(lambda r: metrics.macro_f1([truth[i] for i in r], [found[i] for i in r])),
        "miss_rate": over(lambda r: float(1 - seen[r][complaint[r]].mean())),
        "recall_stage_1": over(lambda r: float(sure[r][complaint[r]].mean())),
        "workload_review": over(lambda r: float(review[r].mean())),
        "false_flags_stage_1": over(lambda r: float(sure[r][~complaint[r]].mean())),
        "non_complaints_seen": over(lambda r: float(seen[r][~complaint[r]].mean())),
        "brier": over(lambda r: metrics.brier(judged.probabilities[r], [truth[i] for i in r])),
        "calibration_error": over(lambda r: metrics.calibration_error(scores[r], complaint[r])),
    }


def slice_figures(judged: Judged, at_false_flags: float = 0.05) -> dict[str, Figure]:
    """Recall by slice at the score that flags `at_false_flags` of the non-complaints; for slices that are not
    complaints, the share flagged. `no_cue` holds complaints in which no cue but request, hazard or need fired.
    """
    scores, complaint = judged.scores, judged.is_complaint
    bar = float(np.quantile(scores[~complaint], 1 - at_false_flags))
    names = sorted({name for row, _ in judged.rows for name in row.slices})
    members = {name: np.array([name in row.slices for row, _ in judged.rows]) for name in names}
    members["no_cue"] = complaint & np.array([not _speaks(message) for _, message in judged.rows])
    members |= {
        f"channel {channel}": complaint & np.array([row.message.channel is channel for row, _ in judged.rows])
        for channel in Channel
    }
    return {
        name: metrics.share(int((scores[member] > bar).sum()), int(member.sum()))
        for name, member in members.items()
        if member.any()
    }


_SILENT = frozenset(
    {
        CueKind.REQUEST_FOR_ACTION,
        CueKind.HAZARD,
        CueKind.VULNERABILITY,
        CueKind.ADJUSTMENT,
        CueKind.PRAISE,
        CueKind.THIRD_PARTY_TARGET,
        CueKind.REPRESENTATIVE,
        CueKind.EXCLUSION_FLAG,
    }
)


def _speaks(message: PreparedMessage) -> bool:
    return any(cue.kind not in _SILENT for cue in message.cues)
