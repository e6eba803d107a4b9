"""data/raw -> labelled messages with what the model sees of them."""

import joblib
from rich.progress import track

from pipeline.corpus import read_corpus
from pipeline.preprocess import prepare
from pipeline.steps.places import Places


def run(places: Places) -> None:
    """Read the corpus, check its splits, prepare every message."""
    rows = read_corpus(places.raw)
    examples = [(row, prepare(row.message)) for row in track(rows, description="Reading the corpus", transient=True)]
    places.prepared.parent.mkdir(parents=True, exist_ok=True)
    joblib.dump(examples, places.prepared)
