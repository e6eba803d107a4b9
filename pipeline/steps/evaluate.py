"""The frozen test -> metrics, fairness by group of writers, and pictures."""

import json

import joblib

from pipeline.domain import Thresholds
from pipeline.fairness import judged_by_group, read_traits, write_results
from pipeline.judging import Example, Judged, values
from pipeline.plots import draw_evaluation
from pipeline.steps.places import Places
from pipeline.steps.train import in_splits


def run(places: Places) -> None:
    """Judge the model on authors that neither training nor thresholds saw."""
    unlearned = judge(places, in_splits(places, "calibration", "test"))
    judged = unlearned.only([row.split == "test" for row, _ in unlearned.rows])
    flat = {name: round(value, 4) for name, value in values(judged).items()}
    places.metrics.write_text(json.dumps(flat, indent=2) + "\n", encoding="utf-8")
    write_results(judged_by_group(unlearned, read_traits(places.authors)), places.fairness)
    places.plots.mkdir(parents=True, exist_ok=True)
    draw_evaluation(judged, places.plots)


def judge(places: Places, examples: list[Example]) -> Judged:
    """What the trained model and its thresholds say of `examples`."""
    rows = json.loads(places.thresholds.read_text(encoding="utf-8"))
    chosen = {name: Thresholds(**values) for name, values in rows.items()}
    return Judged(
        rows=examples,
        probabilities=joblib.load(places.estimators).probabilities([message for _, message in examples]),
        thresholds=[chosen.get(row.message.channel.value, chosen["pooled"]) for row, _ in examples],
    )
