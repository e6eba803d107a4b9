import json
import shutil
from pathlib import Path

import pytest

from pipeline.artefact import load, promote, serving_folder, verify
from pipeline.errors import UntrustedModel


@pytest.fixture
def copy(model: Path, tmp_path: Path) -> Path:
    """A model folder of our own to spoil, promoted."""
    folder = tmp_path / "models" / model.name
    shutil.copytree(model, folder)
    promote(folder, by="a test")
    return folder


def test_a_promoted_folder_loads(copy: Path) -> None:
    assert load(copy).manifest.version == copy.name


@pytest.mark.parametrize("name", ["model.joblib", "model_card.md", "manifest.json"])
def test_a_changed_byte_is_refused_before_anything_is_unpickled(
    copy: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_args: object) -> None:
        raise AssertionError("something was unpickled")

    monkeypatch.setattr("joblib.load", never)
    path = copy / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(UntrustedModel, match="nothing was loaded"):
        load(copy)


def test_a_folder_nobody_promoted_is_refused(model: Path, tmp_path: Path) -> None:
    folder = tmp_path / model.name
    shutil.copytree(model, folder)
    with pytest.raises(UntrustedModel, match="Promote it first"):
        load(folder)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "model.joblib").unlink()
    with pytest.raises(UntrustedModel, match=r"model\.joblib is missing"):
        load(copy)


def test_a_folder_without_a_manifest_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(UntrustedModel, match="is not a model folder"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"labels": ["other", "complaint", "service_request"]}, "trained for other labels"),
        ({"versions": {"scikit-learn": "0.1"}}, "needs scikit-learn 0.1"),
        ({"format": 99}, "format 99"),
    ],
)
def test_a_manifest_for_another_world_is_refused(copy: Path, change: dict[str, object], reason: str) -> None:
    path = copy / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    promote(copy, by="a test")
    with pytest.raises(UntrustedModel, match=reason):
        verify(copy)


def test_a_released_model_serves_before_a_local_one(tmp_path: Path) -> None:
    assert serving_folder(tmp_path) is None
    for place, version in (("local", "l1"), ("", "r1"), ("", "r2")):
        folder = tmp_path / place / version
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
        promote(folder, by="a test")
        assert serving_folder(tmp_path) == folder
