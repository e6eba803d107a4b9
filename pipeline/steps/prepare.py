"""data/raw -> labelled messages with what the model sees of them."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import joblib
from rich.progress import track

from pipeline.corpus import check_splits, of_split, read_corpus, read_more
from pipeline.domain import LabelledMessage, PreparedMessage
from pipeline.preprocess import prepare
from pipeline.steps.places import Places

_CHUNK = 200


def run(places: Places, also: Path | None = None) -> None:
    """Read the corpus, check its splits, prepare every message on all cores.

    `also` is a file to learn from beside it; the frozen test stays as it is.
    """
    rows = read_corpus(places.raw)
    if also is not None:
        rows += of_split(read_more(also), "train", "calibration")
        check_splits(rows)
    chunks = [rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK)]
    work = joblib.Parallel(n_jobs=-1, return_as="generator")(joblib.delayed(_prepare_all)(chunk) for chunk in chunks)
    prepared = chain.from_iterable(track(work, "Reading the corpus", total=len(chunks), transient=True))
    places.prepared.parent.mkdir(parents=True, exist_ok=True)
    joblib.dump(list(zip(rows, prepared, strict=True)), places.prepared)


def _prepare_all(rows: Sequence[LabelledMessage]) -> list[PreparedMessage]:
    return [prepare(row.message) for row in rows]
