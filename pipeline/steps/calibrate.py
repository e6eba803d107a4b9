"""Calibration rows -> thresholds with their guarantee."""

import json
from dataclasses import asdict

import joblib

from pipeline.params import load_params
from pipeline.steps.places import Places
from pipeline.steps.train import in_splits
from pipeline.training import choose_thresholds


def run(places: Places) -> None:
    """Choose thresholds on authors that the model did not learn from."""
    examples = in_splits(places, "calibration")
    estimators = joblib.load(places.estimators)
    probabilities = estimators.probabilities([message for _, message in examples])
    chosen = choose_thresholds(examples, probabilities[:, 0], load_params(places.params).thresholds)
    places.thresholds.parent.mkdir(parents=True, exist_ok=True)
    rows = {name: asdict(thresholds) for name, thresholds in chosen.items()}
    places.thresholds.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
