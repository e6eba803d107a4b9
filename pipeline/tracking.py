"""The only module that knows MLflow. Runs go to a SQLite file unless MLFLOW_TRACKING_URI names a server."""

import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow  # telemetry must be off before the import
from mlflow.exceptions import MlflowException  # as above

from pipeline.artefact import Manifest  # as above
from pipeline.params import Params  # as above

NAME = "heard"
CHAMPION = "champion"


def log_training(folder: Path, manifest: Manifest, params: Params, plots: Mapping[str, Path], *, store: Path) -> str:
    """One training as an MLflow run: parameters, metrics, data hash, plots, the model folder; registered under the
    alias `champion`. Answers the run's id. `store` is the folder that gets mlflow.db where no server is named.
    """
    _open(NAME, store)
    with mlflow.start_run(run_name=manifest.version) as run:
        mlflow.log_params(
            {f"{section}.{key}": value for section, values in asdict(params).items() for key, value in values.items()}
        )
        mlflow.log_metrics(manifest.metrics)
        mlflow.set_tags({"data_sha256": manifest.data_sha256, "model_version": manifest.version})
        mlflow.log_artifacts(str(folder), "model")
        for path in plots.values():
            mlflow.log_artifact(str(path), "plots")
        _register(run.info.run_id, f"{run.info.artifact_uri}/model", manifest.version)
        return str(run.info.run_id)


def log_measurements(
    experiment: str, name: str, params: Mapping[str, object], values: Mapping[str, float], *, store: Path
) -> None:
    """One run called `name` that holds no model, only what was measured."""
    _open(experiment, store)
    with mlflow.start_run(run_name=name):
        mlflow.log_params(dict(params))
        mlflow.log_metrics(dict(values))


def _open(experiment: str, store: Path) -> None:
    server = os.environ.get("MLFLOW_TRACKING_URI")
    mlflow.set_tracking_uri(server or f"sqlite:///{(store / 'mlflow.db').resolve()}")
    if mlflow.get_experiment_by_name(experiment) is None:
        own = None if server else (store / "mlartifacts").resolve().as_uri()
        mlflow.create_experiment(experiment, artifact_location=own)
    mlflow.set_experiment(experiment)


def _register(run_id: str, source: str, version: str) -> None:
    client = mlflow.MlflowClient()
    try:
        client.create_registered_model(NAME)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    made = client.create_model_version(NAME, source=source, run_id=run_id, tags={"model_version": version})
    client.set_registered_model_alias(NAME, CHAMPION, made.version)
