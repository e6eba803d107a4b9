"""MLflow as a team would use it: SQLite by default, a real server on loopback, the registry, the logged model."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import joblib
import mlflow
import pandas as pd
import pytest

from pipeline.artefact import TRUSTED, manifest_sha256, release, serving_folder, verify
from pipeline.errors import RefusedRow, UntrustedModel
from pipeline.tracking import NAME
from tests.conftest import CHECKOUT, heard

BIN = Path(sys.executable).parent
pytestmark = pytest.mark.filterwarnings(  # MLflow's imports and queries warn
    "ignore:.*:UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an MLflow server with its own database and artifact store."""
    place = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    kept = ["--backend-store-uri", f"sqlite:///{place / 'server.db'}", "--artifacts-destination", str(place / "kept")]
    environment = {**os.environ, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # six processes fewer to start
    with (place / "log").open("w") as log:
        command = [BIN / "mlflow", "server", *where, *kept]
        running = subprocess.Popen(command, cwd=place, stdout=log, stderr=log, env=environment)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, running, place / "log")
        yield address
    finally:
        running.terminate()
        running.wait()


@pytest.fixture(scope="module")
def place(workplace: Path, model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the trained model is released, and which has what the last step reads."""
    copy = tmp_path_factory.mktemp("tracked") / "checkout"
    shutil.copytree(workplace, copy, ignore=shutil.ignore_patterns("mlflow.db*", "mlartifacts"))
    release(copy / "models" / "local" / model.name, copy / "models", by="a test")
    return copy


@pytest.fixture(scope="module")
def registered(server: str, place: Path) -> Path:
    """The checkout once its released model stands in the server's registry."""
    done = heard("registry", "--in", str(place), MLFLOW_TRACKING_URI=server)
    assert done.returncode == 0, done.stderr
    return place


def test_a_run_in_the_sqlite_file_says_what_made_the_model(workplace: Path, model: Path) -> None:
    client = mlflow.MlflowClient(f"sqlite:///{workplace / 'mlflow.db'}")
    version = client.get_model_version_by_alias(NAME, "champion")
    run = client.get_run(version.run_id)
    assert version.tags["manifest_sha256"] == manifest_sha256(model)
    assert run.data.tags["data_sha256"] == verify(model).data_sha256
    assert "git_commit" in run.data.tags
    assert run.data.params["model.c"] == "10.0"
    assert run.data.metrics["auc"] == verify(model).metrics["auc"]
    artifacts = workplace / "mlartifacts" / run.info.run_id / "artifacts"
    assert (artifacts / "model_card.md").read_text() == (model / "model_card.md").read_text()
    assert {path.stem for path in (artifacts / "plots").iterdir()} == {
        "precision_recall",
        "reliability",
        "risk_workload",
    }
    told = pd.read_csv(artifacts / "predictions.csv")
    test = [row for path in ("c01", "d07") for row in (workplace / "data" / "raw" / f"{path}.jsonl").open()]
    assert list(told["id"]) == [json.loads(row)["id"] for row in test]
    assert "text" not in told


def test_the_registry_follows_what_serves_on_a_real_server(server: str, registered: Path, model: Path) -> None:
    assert aliases(server) == {"champion": model.name}
    other = trained_otherwise(registered, server)
    assert aliases(server) == {"champion": model.name, "challenger": other}
    release(registered / "models" / "local" / other, registered / "models", by="A. Khan")
    done = heard("registry", "--in", str(registered), MLFLOW_TRACKING_URI=server)
    assert done.stdout == f"champion: {other}\nchallenger: none\n"
    assert aliases(server) == {"champion": other}
    again = heard("registry", "--in", str(registered), MLFLOW_TRACKING_URI=server)
    assert again.stdout == done.stdout
    assert len(mlflow.MlflowClient(server).search_model_versions(f"name = '{NAME}'")) == 2


def test_the_logged_model_decides_as_heard_score_does_to_the_last_digit(
    server: str, registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = serving_folder(registered / "models")
    assert serving is not None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv(TRUSTED, manifest_sha256(serving))
    rows = some_rows()
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    scored = heard("score", str(tmp_path / "rows.jsonl"), "--model", str(serving), "--profile", "lgsco-2024")
    expected = [json.loads(line) for line in scored.stdout.splitlines()]
    for row in expected:
        del row["source"]
    loaded = _loaded()
    assert loaded.predict(pd.DataFrame(rows), params={"profile": "lgsco-2024"}) == expected
    assert loaded.predict(rows[:1], params={"profile": "lgsco-2024"}) == expected[:1]
    assert loaded.input_example["channel"].tolist() == ["web_form", "email"]
    assert loaded.metadata.get_output_schema().input_names() == list(expected[0])
    with pytest.raises(RefusedRow, match=r"rows, line 2: unknown 'channel': use one of"):
        loaded.predict(pd.DataFrame([rows[0], {**rows[1], "channel": "pigeon"}]))


def test_a_logged_model_nobody_here_promoted_is_not_unpickled(
    server: str, registered: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = serving_folder(registered / "models")
    assert serving is not None
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    with pytest.raises(UntrustedModel, match="nobody here promoted manifest"):
        _loaded()
    monkeypatch.setenv(TRUSTED, manifest_sha256(serving))
    copy = Path(mlflow.artifacts.download_artifacts(f"models:/{NAME}@champion", dst_path=str(tmp_path)))
    file = next(copy.rglob("model.joblib"))
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(UntrustedModel, match="differs from its manifest: nothing was loaded"):
        mlflow.pyfunc.load_model(str(copy))


def test_a_server_that_is_down_is_a_sentence_and_the_model_is_kept(registered: Path) -> None:
    down = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    done = heard("registry", "--in", str(registered), **down)
    assert done.returncode == 2
    assert "MLflow (MLFLOW_TRACKING_URI) did not take the record" in done.stderr
    assert "`heard registry` enters the model that serves later" in done.stderr
    assert "Traceback" not in done.stderr


def aliases(server: str) -> dict[str, str]:
    client = mlflow.MlflowClient(server)
    named: dict[str, Any] = client.get_registered_model(NAME).aliases
    return {alias: client.get_model_version(NAME, number).tags["model_version"] for alias, number in named.items()}


def trained_otherwise(place: Path, server: str) -> str:
    """The last step on a model that differs from the released one; answers its version."""
    file = place / "data" / "interim" / "estimators.joblib"
    estimators = joblib.load(file)
    estimators.topic.set_params(verbose=True)
    joblib.dump(estimators, file)
    environment = {**os.environ, "MLFLOW_TRACKING_URI": server}
    subprocess.run([sys.executable, "-m", "pipeline.steps", "register"], cwd=place, env=environment, check=True)
    entries = json.loads((place / "models" / "local" / "promoted.json").read_text())
    return str(entries[-1]["version"])


def some_rows() -> list[dict[str, Any]]:
    """Messages of all channels, some with what is optional."""
    rows = [json.loads(line) for line in (CHECKOUT / "data" / "raw" / "e02.jsonl").read_text().splitlines()[:40]]
    kept = [{name: row[name] for name in ("id", "text", "channel", "subject") if name in row} for row in rows]
    return [{**row, **({"prior_contacts": number % 3} if number % 2 else {})} for number, row in enumerate(kept)]


def _loaded() -> Any:
    return mlflow.pyfunc.load_model(f"models:/{NAME}@champion")


def _wait_for(address: str, running: "subprocess.Popen[bytes]", log: Path) -> None:
    while True:
        assert running.poll() is None, log.read_text()
        try:
            if httpx.get(f"{address}/health").is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
