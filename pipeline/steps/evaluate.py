"""The frozen test -> metrics, fairness by group of writers, and pictures."""

import csv
import json
from pathlib import Path

import joblib

from pipeline import policy
from pipeline.domain import Label, Thresholds
from pipeline.evaluation import write
from pipeline.fairness import judged_by_group, read_traits, write_results
from pipeline.judging import Example, Judged, routes, values
from pipeline.measuring import measured
from pipeline.params import load_params
from pipeline.plots import draw_evaluation
from pipeline.steps.places import Places
from pipeline.steps.train import in_splits
from pipeline.training import stands_for_itself


def run(places: Places) -> None:
    """Judge the model on the frozen test; by group, and what promises cost, on the calibration authors as well.

    Rows that a model's own scores chose have no part in it.
    """
    rows = in_splits(places, "calibration", "test")
    unlearned = judge(places, [example for example in rows if stands_for_itself(example[0])])
    judged = unlearned.only([row.split == "test" for row, _ in unlearned.rows])
    flat = {name: round(value, 4) for name, value in values(judged).items()}
    places.metrics.write_text(json.dumps(flat, indent=2) + "\n", encoding="utf-8")
    _write_predictions(judged, places.predictions)
    groups = judged_by_group(unlearned, read_traits(places.authors))
    write_results(groups, places.fairness)
    calibration = unlearned.only([row.split == "calibration" for row, _ in unlearned.rows])
    write(measured(judged, calibration, groups, load_params(places.params)), places.evaluation)
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


def _write_predictions(judged: Judged, file: Path) -> None:
    """By id and without a word of the messages."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as opened:
        table = csv.writer(opened)
        table.writerow(("id", "channel", "label", *(label.value for label in Label), "route"))
        sent = routes(judged, policy.load_profile("hos-2024"))
        for (row, _), probabilities, route in zip(judged.rows, judged.probabilities, sent, strict=True):
            shares = [f"{share:.6f}" for share in probabilities]
            table.writerow((row.message.id, row.message.channel.value, row.label.value, *shares, route.value))
