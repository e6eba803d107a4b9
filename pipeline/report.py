"""`heard evaluate`: the tables of docs/figures.md."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from pipeline.artefact import serving_folder
from pipeline.classify import MessageClassifier
from pipeline.console import errors
from pipeline.corpus import corpus_sha256, of_split, read_corpus, read_labelled
from pipeline.domain import LabelledMessage
from pipeline.fairness import fairness_table, judged_by_group, read_traits
from pipeline.judging import Judged, category_figures, figures, slice_figures
from pipeline.metrics import Figure
from pipeline.params import load_params
from pipeline.preprocess import prepare
from pipeline.sentences import read_soft_sentences
from pipeline.steps import prepare as prepare_step
from pipeline.steps.places import Places
from pipeline.steps.train import in_splits
from pipeline.training import leave_one_author_out

_PROFILE = "hos-2024"
_LEFT_OUT = "left-out authors (train, calibration), fast model"
_TEST = "frozen test"


def print_evaluation(places: Places, model: Path | None, also: Path | None, *, leave_out: bool) -> None:
    """Figures of the model in `model`, or of the one that serves, with its own thresholds and with 95 % intervals.

    With `leave_out` the fast model is also trained anew without each author and judged on that author.
    """
    params = load_params(places.params)
    classifier = MessageClassifier.open(model or serving_folder(places.models.parent), _PROFILE)
    judged = {}
    if leave_out:
        prepare_step.run(places)
        judged[_LEFT_OUT] = leave_one_author_out(
            in_splits(places, "train", "calibration"), params, read_soft_sentences(places.soft_sentences)
        )
    test = of_split(read_corpus(places.raw), "test")
    judged[_TEST], topics = _judged(classifier, test)
    if also:
        extra, _ = _judged(classifier, read_labelled(also))
        judged[f"{also.stem}, all"] = extra
        judged[f"{also.stem}, uncontested"] = extra.only([not row.contested for row, _ in extra.rows])
    console = Console(width=160)
    seed = params.model.seed
    console.print(f"model {classifier.manifest.version}, corpus {corpus_sha256(places.raw)[:12]}, seed {seed}")
    console.print(_table("Figures, 95 % intervals by author", {k: figures(v, seed=seed) for k, v in judged.items()}))
    sliced = {name: slice_figures(rows) for name, rows in judged.items() if "uncontested" not in name}
    console.print(_table("Share flagged at 5 % false flags, by slice", sliced))
    categories = {_TEST: category_figures(test, topics, seed=seed)}
    console.print(_table("Topic, and the category it stands for", categories))
    traits = read_traits(places.authors)
    for name in (_LEFT_OUT, _TEST):
        if name in judged:
            print(f"\nFair to writers: {name}\n{fairness_table(judged_by_group(judged[name], traits))}")


def _judged(classifier: MessageClassifier, rows: Sequence[LabelledMessage]) -> tuple[Judged, list[str]]:
    examples = [(row, prepare(row.message)) for row in track(rows, "Reading", console=errors, transient=True)]
    predictions = classifier.predict([message for _, message in examples])
    judged = Judged(
        rows=examples,
        probabilities=np.array([(each.complaint, each.service_request, each.other) for each in predictions]),
        thresholds=[classifier.manifest.thresholds_for(row.message.channel) for row in rows],
    )
    return judged, [each.topic for each in predictions]


def _table(title: str, columns: dict[str, dict[str, Figure]]) -> Table:
    table = Table(title=title)
    table.add_column("measure")
    for name in columns:
        table.add_column(name)
    for measure in dict.fromkeys(name for column in columns.values() for name in column):
        table.add_row(measure, *(str(column[measure]) if measure in column else "-" for column in columns.values()))
    return table
