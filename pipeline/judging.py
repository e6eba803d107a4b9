"""What a model says of labelled messages it never saw, measured: overall, by slice, by route."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline import metrics, policy
from pipeline.domain import Channel, Label, LabelledMessage, Prediction, PreparedMessage, Route, Thresholds
from pipeline.metrics import Figure
from pipeline.topics import CATEGORIES, jurisdiction_of

Example = tuple[LabelledMessage, PreparedMessage]
Measure = Callable[[np.ndarray], float]

SURE = frozenset({Route.STAGE_1, Route.SIGNPOST})
"""Where the model is sure enough that a message is a complaint."""

_FEW_AUTHORS = 2


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
    authors = [row.author for row, _ in judged.rows]
    groups = authors if len(set(authors)) > _FEW_AUTHORS else [row.message.id for row, _ in judged.rows]
    return {name: metrics.interval(measure, groups, seed=seed) for name, measure in _measures(judged).items()}


def category_figures(rows: Sequence[LabelledMessage], topics: Sequence[str], *, seed: int) -> dict[str, Figure]:
    """How well the topic found, and with it each Ombudsman's category, fits the one the corpus names."""
    pairs = {
        "topic": ([row.topic for row in rows], list(topics)),
        "category_hos": ([CATEGORIES[row.topic].hos for row in rows], [CATEGORIES[name].hos for name in topics]),
        "category_lgsco": ([CATEGORIES[row.topic].lgsco for row in rows], [CATEGORIES[name].lgsco for name in topics]),
        "jurisdiction": ([jurisdiction_of(row.topic) for row in rows], [jurisdiction_of(name) for name in topics]),
    }
    authors = [row.author for row in rows]
    return {
        f"{name} macro F1": metrics.interval(_f1_of(np.array(truth), np.array(found)), authors, draws=200, seed=seed)
        for name, (truth, found) in pairs.items()
    }


def _f1_of(truth: np.ndarray, found: np.ndarray) -> Measure:
    return lambda r: metrics.macro_f1(truth[r].tolist(), found[r].tolist())


def values(judged: Judged) -> dict[str, float]:
    """The same figures without intervals."""
    rows = np.arange(len(judged.rows))
    return {name: measure(rows) for name, measure in _measures(judged).items()}


def route_values(judged: Judged) -> dict[str, float]:
    """Those of `values` that depend on where messages go, and so on thresholds."""
    rows = np.arange(len(judged.rows))
    return {name: measure(rows) for name, measure in _of_routes(judged).items()}


def _measures(judged: Judged) -> dict[str, Measure]:
    truth = [row.label for row, _ in judged.rows]
    complaint, scores = judged.is_complaint, judged.scores
    words = np.array([len(message.text.split()) for _, message in judged.rows])
    found = [tuple(Label)[i] for i in judged.probabilities.argmax(axis=1)]
    return {
        "auc": lambda r: metrics.auc(scores[r], complaint[r]),
        "auc_like_length": lambda r: metrics.like_length_auc(scores[r], complaint[r], words[r]),
        "macro_f1": lambda r: metrics.macro_f1([truth[i] for i in r], [found[i] for i in r]),
        **_of_routes(judged),
        "brier": lambda r: metrics.brier(judged.probabilities[r], [truth[i] for i in r]),
        "calibration_error": lambda r: metrics.calibration_error(scores[r], complaint[r]),
    }


def _of_routes(judged: Judged) -> dict[str, Measure]:
    complaint = judged.is_complaint
    sent = routes(judged, policy.load_profile("hos-2024"))
    seen = np.array([where in policy.SEEN for where in sent])
    review = np.array([where is Route.REVIEW for where in sent])
    sure = np.array([where in SURE for where in sent])
    return {
        "miss_rate": lambda r: float(1 - seen[r][complaint[r]].mean()),
        "recall_stage_1": lambda r: float(sure[r][complaint[r]].mean()),
        "workload_review": lambda r: float(review[r].mean()),
        "false_flags_stage_1": lambda r: float(sure[r][~complaint[r]].mean()),
        "non_complaints_seen": lambda r: float(seen[r][~complaint[r]].mean()),
    }


def slice_figures(judged: Judged, at_false_flags: float = 0.05) -> dict[str, Figure]:
    """Recall by slice at the score that flags `at_false_flags` of the non-complaints; for slices that are not
    complaints, the share flagged. `no_cue` holds complaints in which no cue but request, hazard or need fired.
    """
    scores, complaint = judged.scores, judged.is_complaint
    bar = float(np.quantile(scores[~complaint], 1 - at_false_flags))
    names = sorted({name for row, _ in judged.rows for name in row.slices})
    members = {name: np.array([name in row.slices for row, _ in judged.rows]) for name in names}
    members["no_cue"] = complaint & np.array([not policy.speaks(message.cues) for _, message in judged.rows])
    members |= {
        f"channel {channel}": complaint & np.array([row.message.channel is channel for row, _ in judged.rows])
        for channel in Channel
    }
    return {
        name: metrics.share(int((scores[member] > bar).sum()), int(member.sum()))
        for name, member in members.items()
        if member.any()
    }
