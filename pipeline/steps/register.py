"""Everything above -> a model folder, promoted locally, and an MLflow run."""

import json

import joblib

from pipeline.artefact import promote, save
from pipeline.card import model_card
from pipeline.commit import commit_of
from pipeline.corpus import corpus_sha256
from pipeline.domain import Thresholds
from pipeline.fairness import fairness_section, read_results
from pipeline.params import load_params
from pipeline.steps.places import Places
from pipeline.tracking import log_training


def run(places: Places) -> str:
    """Write the artefact, enter it in the local promoted list, log the run; answers the model's version."""
    metrics = json.loads(places.metrics.read_text(encoding="utf-8"))
    rows = json.loads(places.thresholds.read_text(encoding="utf-8"))
    thresholds = {name: Thresholds(**values) for name, values in rows.items()}
    params, digest = load_params(places.params), corpus_sha256(places.raw, places.also)
    estimators = joblib.load(places.estimators)
    manifest = save(
        places.models,
        estimators=estimators,
        thresholds=thresholds,
        data_sha256=digest,
        card=model_card(
            thresholds["pooled"],
            metrics,
            digest,
            fairness=fairness_section(read_results(places.fairness)),
            encoder=estimators.encoder is not None,
        ),
        metrics=metrics,
        evaluation=places.evaluation,
    )
    folder = places.models / manifest.version
    promote(folder, by="heard train")
    plots = {path.stem: path for path in sorted(places.plots.glob("*.png"))}
    log_training(
        folder,
        params,
        plots=plots,
        predictions=places.predictions,
        commit=commit_of(places.root),
        models=places.released,
        store=places.root,
    )
    return manifest.version
