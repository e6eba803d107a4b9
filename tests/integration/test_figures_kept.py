"""`heard evaluate --keep`: a model that was registered without the figures of its page gets them, and stays itself."""

import json
import shutil
from pathlib import Path

import pytest

from pipeline import evaluation
from pipeline.artefact import manifest_sha256, promote, verify
from tests.conftest import heard


@pytest.fixture
def without(workplace: Path, model: Path, tmp_path: Path) -> Path:
    """A promoted copy of the trained model whose manifest names no figures."""
    folder = tmp_path / "models" / model.name
    shutil.copytree(model, folder)
    (folder / evaluation.FILE).unlink()
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["files"][evaluation.FILE]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    promote(folder, by="a test")
    return folder


def test_it_gets_the_figures_that_training_would_have_kept(workplace: Path, model: Path, without: Path) -> None:
    before = manifest_sha256(without)
    done = heard("evaluate", "--keep", "--in", str(workplace), "--model", str(without))
    assert done.returncode == 0, done.stderr
    assert manifest_sha256(without) == before
    kept = evaluation.read(without, verify(without).files)
    assert kept is not None
    assert not kept.covered
    assert kept == evaluation.read(model, verify(model).files)


def test_a_model_that_has_its_figures_is_left_alone(workplace: Path, model: Path) -> None:
    done = heard("evaluate", "--keep", "--in", str(workplace), "--model", str(model))
    assert done.returncode == 2
    assert "was registered with its figures" in done.stderr


def test_what_it_would_pass_over_is_refused(workplace: Path) -> None:
    done = heard("evaluate", "--keep", "--leave-out", "--in", str(workplace))
    assert done.returncode == 2
    assert "leave --also and --leave-out out" in " ".join(done.stderr.replace("│", " ").split())
