"""Calibration rows -> thresholds with their guarantee."""

import json
from dataclasses import asdict

import joblib

from pipeline.console import errors
from pipeline.domain import Label
from pipeline.judging import Example
from pipeline.params import load_params
from pipeline.steps.places import Places
from pipeline.steps.train import in_splits
from pipeline.training import choose_thresholds, stands_for_itself


def run(places: Places) -> None:
    """Choose thresholds on authors that the model did not learn from."""
    examples = in_splits(places, "calibration")
    _say_what_is_left_out(examples)
    estimators = joblib.load(places.estimators)
    probabilities = estimators.probabilities([message for _, message in examples])
    chosen = choose_thresholds(examples, probabilities[:, 0], load_params(places.params).thresholds)
    places.thresholds.parent.mkdir(parents=True, exist_ok=True)
    rows = {name: asdict(thresholds) for name, thresholds in chosen.items()}
    places.thresholds.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


def _say_what_is_left_out(examples: list[Example]) -> None:
    left = [row for row, _ in examples if not stands_for_itself(row)]
    if left:
        complaints = sum(row.label is Label.COMPLAINT for row in left)
        errors.print(
            f"heard train: {len(left):,} reviewed or weighted rows ({complaints:,} complaints) of the calibration "
            "split carry no promise; they may lower the review threshold, never raise it."
        )
