"""Training rows -> the fast model's estimators."""

import joblib

from pipeline.corpus import of_split
from pipeline.judging import Example
from pipeline.params import load_params
from pipeline.sentences import read_soft_sentences
from pipeline.steps.places import Places
from pipeline.training import fit


def run(places: Places) -> None:
    """Fit on the train split less the authors held out for putting models together."""
    taught = read_soft_sentences(places.soft_sentences)
    joblib.dump(fit(learned(places), load_params(places.params), taught), places.fast)


def learned(places: Places) -> list[Example]:
    """The training examples that both models learn from."""
    held_out = load_params(places.params).encoder.held_out
    return [example for example in in_splits(places, "train") if example[0].author not in held_out]


def held_out(places: Places) -> list[Example]:
    """The training examples that neither model learns from: the two are put together on them."""
    authors = load_params(places.params).encoder.held_out
    return [example for example in in_splits(places, "train") if example[0].author in authors]


def in_splits(places: Places, *splits: str) -> list[Example]:
    """The prepared examples of the splits named."""
    examples: list[Example] = joblib.load(places.prepared)
    kept = {row.message.id for row in of_split([row for row, _ in examples], *splits)}
    return [example for example in examples if example[0].message.id in kept]
