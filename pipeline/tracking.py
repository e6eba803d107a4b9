"""The only module that knows MLflow. Runs go to a SQLite file unless MLFLOW_TRACKING_URI names a server."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")  # a server that is down is said within seconds

import mlflow  # both must be set before the import
import pandas as pd  # as above
from mlflow.exceptions import MlflowException  # as above
from mlflow.models import ModelSignature  # as above
from mlflow.types.schema import (  # as above
    AnyType,
    Array,
    ColSpec,
    DataType,
    Object,
    ParamSchema,
    ParamSpec,
    Property,
    Schema,
)

from pipeline.artefact import Manifest, manifest_sha256, serving_folder, trusting, verify  # as above
from pipeline.errors import TrackingError  # as above
from pipeline.params import Params  # as above

NAME = "heard"
CHAMPION, CHALLENGER = "champion", "challenger"
_VERSION = "model_version"

_TEXT, _SHARE, _PLACE = DataType.string, DataType.double, DataType.long
_ANYTHING = AnyType()  # type: ignore[no-untyped-call]  # mlflow is half typed
_OPTIONAL = ("subject", "received_at", "sender", "prior_contacts", "case_reference", "property_reference")

_PROBABILITIES = Object([Property(name, _SHARE) for name in ("complaint", "service_request", "other")])
_CUE = Object(
    [
        *(Property(name, _TEXT) for name in ("kind", "text", "provision")),
        *(Property(name, _PLACE) for name in ("start", "end")),
    ]
)
_CATEGORY = Object([Property(name, _TEXT) for name in ("hos", "lgsco")])

_SIGNATURE = ModelSignature(
    inputs=Schema(
        [
            *(ColSpec(_TEXT, name) for name in ("id", "text", "channel")),
            *(ColSpec(_ANYTHING, name, required=False) for name in _OPTIONAL),
        ]
    ),
    outputs=Schema(
        [
            *(ColSpec(_TEXT, name) for name in ("id", "channel", "label")),
            ColSpec(_PROBABILITIES, "probabilities"),
            ColSpec(_TEXT, "route"),
            ColSpec(Array(_CUE), "cues"),
            ColSpec(Array(_TEXT), "flags"),
            ColSpec(_CATEGORY, "category"),
            *(ColSpec(_TEXT, name) for name in ("model_version", "profile")),
        ]
    ),
    params=ParamSchema(
        [ParamSpec("profile", DataType.string, "hos-2024"), ParamSpec("include_text", DataType.boolean, default=False)]
    ),
)
"""The rows of docs/reference/contracts.md. Optional columns are of any type: a table's empty cells are no numbers."""

_EXAMPLE = pd.DataFrame(
    [
        {"id": "1", "text": "Third time I have rung about the boiler and nobody came.", "channel": "web_form"},
        {"id": "2", "text": "Please could you send me a new bin calendar?", "channel": "email"},
    ]
)


@dataclass(frozen=True, kw_only=True)
class Aliases:
    """Which of heard's versions bear the registry's aliases; None where none does."""

    champion: str | None
    challenger: str | None


def log_training(
    folder: Path,
    params: Params,
    *,
    plots: Mapping[str, Path],
    predictions: Path,
    commit: str,
    models: Path,
    store: Path,
) -> str:
    """One training as an MLflow run: parameters, metrics, hashes, plots, card, predictions by id and the model itself,
    entered in the registry. Answers the run's id. `models` is the folder that says what serves, `store` the one that
    gets mlflow.db where no server is named.
    """
    manifest = verify(folder)
    given = {f"{section}.{key}": value for section, values in asdict(params).items() for key, value in values.items()}
    with _opened(NAME, store):
        with mlflow.start_run(run_name=manifest.version) as run:
            mlflow.log_params(given)
            mlflow.set_tag("git_commit", commit)
            for path in plots.values():
                mlflow.log_artifact(str(path), "plots")
            mlflow.log_artifact(str(predictions))
            _log_model(folder, manifest)
        _set_aliases(models, latest=manifest.version)
        return str(run.info.run_id)


def keep_in_step(models: Path, *, store: Path) -> Aliases:
    """Let `champion` name the model that serves, entered in the registry first where it was not trained here.

    The last one trained stays `challenger` until it serves itself.
    """
    with _opened(NAME, store):
        _set_aliases(models, latest=None)
        return Aliases(champion=_bearer(CHAMPION), challenger=_bearer(CHALLENGER))


def log_measurements(
    experiment: str, name: str, params: Mapping[str, object], values: Mapping[str, float], *, store: Path
) -> None:
    """One run called `name` that holds no model, only what was measured."""
    with _opened(experiment, store), mlflow.start_run(run_name=name):
        mlflow.log_params(dict(params))
        mlflow.log_metrics(dict(values))


@contextmanager
def _opened(experiment: str, store: Path) -> Iterator[None]:
    server = os.environ.get("MLFLOW_TRACKING_URI")
    address = server or f"sqlite:///{(store / 'mlflow.db').resolve()}"
    try:
        mlflow.set_tracking_uri(address)
        if mlflow.get_experiment_by_name(experiment) is None:
            own = None if server else (store / "mlartifacts").resolve().as_uri()
            mlflow.create_experiment(experiment, artifact_location=own)
        mlflow.set_experiment(experiment)
        yield
    except MlflowException as error:
        why = str(error).splitlines()[0][:200]
        raise TrackingError(
            f"MLflow ({'MLFLOW_TRACKING_URI' if server else address}) did not take the record: {why} "
            "Nothing else is undone; `heard registry` enters the model that serves later."
        ) from None


def _log_model(folder: Path, manifest: Manifest) -> None:
    mlflow.log_metrics(manifest.metrics)
    hashes = {"data_sha256": manifest.data_sha256, "manifest_sha256": manifest_sha256(folder)}
    mlflow.set_tags({_VERSION: manifest.version, **hashes})
    mlflow.log_artifact(str(folder / "model_card.md"))
    with trusting(folder):  # MLflow loads what it has kept and scores the example
        made = mlflow.pyfunc.log_model(
            name=NAME,
            loader_module="pipeline.pyfunc",
            data_path=str(folder),
            signature=_SIGNATURE,
            input_example=_EXAMPLE,
            pip_requirements=[],  # heard is in no index: whoever took the name there would be installed
            registered_model_name=NAME,
        )
    for name, value in {_VERSION: manifest.version, **hashes}.items():
        _client().set_model_version_tag(NAME, str(made.registered_model_version), name, value)


def _set_aliases(models: Path, *, latest: str | None) -> None:
    if latest is not None:
        _point(CHALLENGER, latest)
    serving = serving_folder(models)
    if serving is None:
        return
    manifest = verify(serving)
    if _number(manifest.version) is None:
        with mlflow.start_run(run_name=manifest.version):
            _log_model(serving, manifest)
    _point(CHAMPION, manifest.version)
    if _bearer(CHALLENGER) == manifest.version:
        _client().delete_registered_model_alias(NAME, CHALLENGER)


def _point(alias: str, version: str) -> None:
    number = _number(version)
    if number is not None and _bearer(alias) != version:
        _client().set_registered_model_alias(NAME, alias, number)


def _number(version: str) -> str | None:
    """The registry's own number of a model."""
    found = _client().search_model_versions(f"name = '{NAME}' and tags.{_VERSION} = '{version}'")
    return str(max(int(each.version) for each in found)) if found else None


def _bearer(alias: str) -> str | None:
    try:
        return _client().get_model_version_by_alias(NAME, alias).tags.get(_VERSION)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise


def _client() -> mlflow.MlflowClient:
    return mlflow.MlflowClient()
