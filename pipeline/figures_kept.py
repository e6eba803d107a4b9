"""`heard evaluate --keep`: the numbers of the model page for a model that was registered without them."""

from pathlib import Path

from pipeline import evaluation
from pipeline.artefact import serving_folder, verify
from pipeline.classify import MessageClassifier
from pipeline.corpus import read_corpus
from pipeline.errors import UntrustedModel
from pipeline.exploring import examples_of, judged_by
from pipeline.fairness import judged_by_group, read_traits
from pipeline.measuring import measured
from pipeline.params import load_params
from pipeline.steps.places import Places

_PROFILE = "hos-2024"


def keep_figures(places: Places, model: Path | None) -> Path:
    """Measure `model`, else the one that serves, on the authors that training did not see; write evaluation.json
    into its folder and answer where.

    The folder's manifest and its hash stay as they are; UntrustedModel where the manifest names such a file already.
    """
    model = model or serving_folder(places.released)
    if model is None:
        raise UntrustedModel("No model is released or trained yet: run `heard train` first.")
    if evaluation.FILE in verify(model).files:
        raise UntrustedModel(f"{model} was registered with its figures: they are part of it and stay.")
    rows = [row for row in read_corpus(places.raw) if row.split in {"calibration", "test"}]
    judged = judged_by(MessageClassifier.open(model, _PROFILE), examples_of(rows))
    test = judged.only([row.split == "test" for row in rows])
    calibration = judged.only([row.split == "calibration" for row in rows])
    groups = judged_by_group(judged, read_traits(places.authors))
    evaluation.write(measured(test, calibration, groups, load_params(places.params)), model / evaluation.FILE)
    return model / evaluation.FILE
