"""data/raw -> labelled messages with what the model sees of them."""

from collections.abc import Sequence
from itertools import chain

import joblib
from rich.progress import track

from pipeline.corpus import check_splits, of_split, read_corpus, read_more
from pipeline.domain import LabelledMessage, PreparedMessage
from pipeline.preprocess import prepare
from pipeline.steps.places import Places

_CHUNK = 200


def run(places: Places) -> None:
    """Read the corpus and what is learned from beside it, check the splits, prepare every message on all cores."""
    rows = read_corpus(places.raw)
    for path in places.also:
        rows += of_split(read_more(path), "train", "calibration")
    check_splits(rows)
    chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
    work = joblib.Parallel(n_jobs=-1, return_as="generator")(joblib.delayed(_prepare_all)(chunk) for chunk in chunks)
    prepared = chain.from_iterable(track(work, "Reading the corpus", total=len(chunks), transient=True))
    places.prepared.parent.mkdir(parents=True, exist_ok=True)
    joblib.dump(list(zip(rows, prepared, strict=True)), places.prepared)


def _prepare_all(rows: Sequence[LabelledMessage]) -> list[PreparedMessage]:
    return [prepare(row.message) for row in rows]
