"""Another model serves without a restart, and never half of one (P26, P27, F34, F35, F36)."""

import json
import os
import shutil
import threading
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from pipeline.artefact import load, promote, save
from pipeline.errors import UntrustedModel
from service.api.context import Context
from service.app import build_context, create_app
from service.models import Models, NotPromotable
from service.settings import Settings
from service.store.audit_tables import audit
from tests.builders import a_row

ROUNDS = int(os.environ.get("SOAK_ROUNDS", "3"))


@pytest.fixture
def models(model: Path, tmp_path: Path) -> Path:
    """Two models, of which the second is promoted: the same words, other thresholds."""
    folder = tmp_path / "models"
    shutil.copytree(model, folder / model.name)
    shutil.copy(model.parent / "promoted.json", folder)
    first = load(folder / model.name)
    manifest = save(
        folder,
        estimators=first.estimators,
        thresholds=first.manifest.thresholds,
        data_sha256="0" * 64,
        card="another {version}",
        metrics={},
    )
    if manifest.version == model.name:  # the same bytes give the same name: tell the two apart
        other = folder / f"{model.name}-b"
        shutil.copytree(folder / model.name, other)
        raw = json.loads((other / "manifest.json").read_text())
        (other / "manifest.json").write_text(json.dumps({**raw, "version": other.name}))
        manifest_folder = other
    else:
        manifest_folder = folder / manifest.version
    promote(manifest_folder, by="a test")
    return folder


@pytest.fixture
def served(models: Path, tmp_path: Path) -> Iterator[Context]:
    parts = build_context(Settings(database=f"sqlite:///{tmp_path / 'a.db'}", models=models))
    yield parts
    parts.database.close()


@pytest.fixture
def client(served: Context) -> Iterator[TestClient]:
    with TestClient(create_app(served), raise_server_exceptions=False) as client:
        yield client


def versions(client: TestClient) -> dict[str, str]:
    """Version -> SHA-256 of its model file."""
    return {model["version"]: model["model_sha256"] for model in client.get("/v1/models").json()["models"]}


def test_the_models_at_hand_are_listed_with_their_hashes_and_which_one_serves(client: TestClient, model: Path) -> None:
    found = client.get("/v1/models").json()
    assert [entry["serves"] for entry in found["models"]] == [True, False]
    assert found["serving"] == found["models"][0]["version"]
    assert all(len(entry["model_sha256"]) == len(entry["manifest_sha256"]) == 64 for entry in found["models"])


def test_promoting_under_load_gives_each_decision_one_whole_model_and_no_error(client: TestClient) -> None:
    known = versions(client)
    served: list[str] = []
    wrong: list[int] = []
    stop = threading.Event()

    def send(worker: int) -> None:
        number = 0
        while not stop.is_set():
            answer = client.post("/v1/messages", json=a_row(id=f"p-{worker}-{number}"))
            number += 1
            if answer.status_code == 201:
                served.append(answer.json()["decision"]["model_version"])
            else:
                wrong.append(answer.status_code)

    threads = [threading.Thread(target=send, args=(worker,)) for worker in range(3)]
    for thread in threads:
        thread.start()
    for _, version in zip(range(ROUNDS), cycle(known), strict=False):
        answer = client.post(f"/v1/models/{version}/promote")
        assert (answer.status_code, answer.json()["serving"]) == (200, version)
        seen = len(served)
        while len(served) < seen + 6:
            time.sleep(0.01)
        assert set(served[seen + 4 :]) == {version}
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert set(served) <= set(known)


def test_going_back_names_the_model_it_goes_back_from(client: TestClient) -> None:
    newer, older = versions(client)
    assert client.post(f"/v1/models/{older}/rollback").status_code == 409
    assert client.post(f"/v1/models/{newer}/rollback").json()["serving"] == older
    again = client.post(f"/v1/models/{newer}/rollback")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/not-promotable")
    taken_back = client.post(f"/v1/models/{older}/rollback")
    assert (taken_back.status_code, "nothing to go back to" in taken_back.json()["detail"]) == (409, True)


@pytest.mark.parametrize("what", ["model.joblib", "manifest.json"])
def test_a_model_with_a_changed_byte_is_refused_and_the_old_one_serves(
    client: TestClient, models: Path, what: str
) -> None:
    newer, older = versions(client)
    spoilt = models / older / what
    raw = bytearray(spoilt.read_bytes())
    raw[len(raw) // 2] ^= 1
    spoilt.write_bytes(bytes(raw))
    answer = client.post(f"/v1/models/{older}/promote")
    assert answer.status_code == 409
    assert client.get("/v1/models").json()["serving"] == newer
    assert client.post("/v1/messages", json=a_row()).json()["decision"]["model_version"] == newer


def test_a_folder_nobody_released_is_not_promoted_whatever_is_in_it(client: TestClient, models: Path) -> None:
    shutil.copytree(models / next(iter(versions(client))), models / "planted")
    answer = client.post("/v1/models/planted/promote")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not-found")


def test_another_process_takes_a_promotion_up_by_looking(served: Context, models: Path, tmp_path: Path) -> None:
    newer, older = (model.version for model in served.classifier.models.known())
    other = build_context(Settings(database=f"sqlite:///{tmp_path / 'b.db'}", models=models))
    served.classifier.models.promote(older, by="a test")
    assert other.classifier.model_version == newer
    other.classifier.refresh()
    assert other.classifier.model_version == older
    other.database.close()


def test_a_list_that_was_broken_after_the_start_leaves_the_old_model_serving(served: Context, models: Path) -> None:
    before = served.classifier.model_version
    (models / "promoted.json").write_text('[{"versi')
    served.classifier.refresh()
    assert served.classifier.model_version == before
    assert "is broken" in served.classifier.problem
    with pytest.raises(UntrustedModel):
        served.classifier.models.known()


def test_promotions_at_the_same_time_are_all_kept(models: Path) -> None:
    first, second = (model.version for model in Models(models).known())
    before = len(json.loads((models / "promoted.json").read_text()))
    threads = [
        threading.Thread(target=Models(models).promote, args=((first, second)[n % 2],), kwargs={"by": str(n)})
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = json.loads((models / "promoted.json").read_text())[before:]
    assert sorted(entry["by"] for entry in kept) == [str(n) for n in range(8)]


def test_a_service_with_a_fixed_model_says_that_it_cannot_be_changed(model: Path, tmp_path: Path) -> None:
    parts = build_context(Settings(database=f"sqlite:///{tmp_path / 'a.db'}", model=model))
    with TestClient(create_app(parts)) as client:
        answer = client.post(f"/v1/models/{model.name}/promote")
    assert answer.status_code == 409
    assert "--model" in answer.json()["detail"]


def test_there_is_nothing_to_go_back_to_before_the_second_model(model: Path, tmp_path: Path) -> None:
    shutil.copytree(model, tmp_path / model.name)
    shutil.copy(model.parent / "promoted.json", tmp_path)
    with pytest.raises(NotPromotable, match="nothing to go back to"):
        Models(tmp_path).rollback(model.name, by="a test")


def test_who_changed_the_model_stands_in_the_audit_record(client: TestClient, served: Context) -> None:
    newer, _ = versions(client)
    client.post(f"/v1/models/{newer}/rollback")
    client.post(f"/v1/models/{newer}/promote")
    with served.database.reading() as connection:
        rows = connection.execute(select(audit.c.kind, audit.c.about).where(audit.c.kind.startswith("model."))).all()
    assert [row[0] for row in rows] == ["model.rolled_back", "model.promoted"]
    assert rows[1][1] == f"model:{newer}"
