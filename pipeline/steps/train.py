"""Training rows -> fitted estimators."""

import joblib

from pipeline.corpus import of_split
from pipeline.judging import Example
from pipeline.params import load_params
from pipeline.steps.places import Places
from pipeline.training import fit


def run(places: Places) -> None:
    """Fit on the train split alone."""
    examples = in_splits(places, "train")
    joblib.dump(fit(examples, load_params(places.params)), places.estimators)


def in_splits(places: Places, *splits: str) -> list[Example]:
    """The prepared examples of the splits named."""
    examples: list[Example] = joblib.load(places.prepared)
    kept = {row.message.id for row in of_split([row for row, _ in examples], *splits)}
    return [example for example in examples if example[0].message.id in kept]
