"""One model, one folder: model.joblib, manifest.json, model_card.md, evaluation.json.

joblib runs code when it loads, so a folder is loaded only if its manifest's hash stands in `promoted.json` beside
it and every file's hash stands in the manifest. What to trust is never read from the model file itself.
"""

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib
import sklearn

from pipeline.domain import Channel, Label, Thresholds
from pipeline.errors import UntrustedModel
from pipeline.evaluation import FILE as EVALUATION
from pipeline.model import Estimators

FORMAT = 2
_MODEL = "model.joblib"
_CARD = "model_card.md"
_MANIFEST = "manifest.json"
_PROMOTED = "promoted.json"

TRUSTED = "HEARD_TRUSTED_MANIFESTS"
"""SHA-256 hashes of manifests that may be loaded where no promoted list stands beside them, parted by spaces."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a model folder says about itself. `thresholds` maps a channel, or `pooled`, to its thresholds;
    `files` maps a file name to its SHA-256; `metrics` are those of evaluation, for the card and the API.
    """

    version: str
    created_at: str
    data_sha256: str
    labels: tuple[str, ...]
    thresholds: dict[str, Thresholds]
    versions: dict[str, str]
    files: dict[str, str]
    metrics: dict[str, float]
    format: int = FORMAT

    @property
    def model_sha256(self) -> str:
        """The hash of the model file itself."""
        return self.files[_MODEL]

    def thresholds_for(self, channel: Channel) -> Thresholds:
        """The channel's own thresholds, else the pooled ones."""
        return self.thresholds.get(channel.value, self.thresholds["pooled"])


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """A verified model in memory."""

    manifest: Manifest
    estimators: Estimators


def save(
    folder: Path,
    *,
    estimators: Estimators,
    thresholds: dict[str, Thresholds],
    data_sha256: str,
    card: str,
    metrics: dict[str, float],
    evaluation: Path | None = None,
) -> Manifest:
    """Write a model folder named after the hash of what is in it, below `folder`; answers its manifest.

    `evaluation` is the file of the numbers behind its pictures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".writing-{_MODEL}"
    joblib.dump(estimators, draft, compress=("zlib", 6))
    digest = _sha256(draft)
    version = f"{datetime.now(UTC):%Y%m%d}-{digest[:8]}"
    target = folder / version
    target.mkdir(exist_ok=True)
    draft.replace(target / _MODEL)
    (target / _CARD).write_text(card.replace("{version}", version), encoding="utf-8")
    if evaluation:
        shutil.copy(evaluation, target / EVALUATION)
    manifest = Manifest(
        version=version,
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        data_sha256=data_sha256,
        labels=tuple(label.value for label in Label),
        thresholds=thresholds,
        versions={"python": sys.version.split()[0], "scikit-learn": sklearn.__version__, "joblib": joblib.__version__},
        files={name: _sha256(target / name) for name in (_MODEL, _CARD, *([EVALUATION] if evaluation else []))},
        metrics=metrics,
    )
    (target / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=2) + "\n", encoding="utf-8")
    return manifest


def promote(folder: Path, *, by: str) -> None:
    """Enter a model folder in the promoted list beside it, as the one that serves."""
    path = folder.parent / _PROMOTED
    entry = {
        "version": folder.name,
        "manifest_sha256": manifest_sha256(folder),
        "promoted_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "by": by,
    }
    entries = [*_promoted(folder.parent), entry]
    draft = path.with_suffix(".writing")
    with draft.open("w", encoding="utf-8") as file:
        file.write(json.dumps(entries, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())  # else a power cut may leave an empty list, and no model
    draft.replace(path)


def release(folder: Path, models: Path, *, by: str) -> None:
    """Copy a verified model folder to `models`, where it serves before any trained locally."""
    verify(folder)
    shutil.copytree(folder, models / folder.name, dirs_exist_ok=True)
    promote(models / folder.name, by=by)


def serving_folder(models: Path) -> Path | None:
    """The model that serves: the last one promoted in `models`, else in `models/local`, else None."""
    for place in (models, models / "local"):
        entries = _promoted(place)
        if entries:
            return place / str(entries[-1]["version"])
    return None


def promoted_manifests(models: Path) -> frozenset[str]:
    """The hashes of the manifests that were ever promoted in `models`."""
    return frozenset(str(entry["manifest_sha256"]) for entry in _promoted(models))


@contextmanager
def trusting(folder: Path) -> Iterator[None]:
    """Within, a verified model folder may be loaded from elsewhere too, by this process and those it starts."""
    verify(folder)
    before = os.environ.get(TRUSTED, "")
    os.environ[TRUSTED] = f"{before} {manifest_sha256(folder)}"
    try:
        yield
    finally:
        os.environ[TRUSTED] = before


def manifest_sha256(folder: Path) -> str:
    """The hash that the promoted list would name."""
    return _sha256(folder / _MANIFEST)


def load(folder: Path, *, trusted: Collection[str] | None = None) -> Artefact:
    """Verify a model folder, then load it; UntrustedModel says what does not fit."""
    manifest = verify(folder, trusted=trusted)
    estimators = joblib.load(folder / _MODEL)
    if not isinstance(estimators, Estimators):
        raise UntrustedModel(f"{folder}: {_MODEL} does not hold what format {FORMAT} promises.")
    return Artefact(manifest=manifest, estimators=estimators)


def verify(folder: Path, *, trusted: Collection[str] | None = None) -> Manifest:
    """Check hashes, versions and label order without loading anything.

    `trusted` holds the hashes of manifests to go by; those of the promoted list beside the folder if left out.
    """
    path = folder / _MANIFEST
    if not path.is_file():
        raise UntrustedModel(f"{folder} is not a model folder: it has no {_MANIFEST}.")
    if trusted is not None and manifest_sha256(folder) not in trusted:
        raise UntrustedModel(f"{folder}: nobody here promoted manifest {manifest_sha256(folder)}: nothing was loaded.")
    if trusted is None and manifest_sha256(folder) not in promoted_manifests(folder.parent):
        raise UntrustedModel(f"{folder} is not in {folder.parent / _PROMOTED}: nothing was loaded. Promote it first.")
    manifest = _read_manifest(path)
    for name in dict.fromkeys((_MODEL, _CARD, *manifest.files)):
        if manifest.files.get(name) != _sha256(folder / name):
            raise UntrustedModel(f"{folder / name} differs from its manifest: nothing was loaded. Restore the file.")
    if manifest.labels != tuple(label.value for label in Label):
        raise UntrustedModel(f"{folder} was trained for other labels: {', '.join(manifest.labels)}.")
    if manifest.versions["scikit-learn"] != sklearn.__version__:
        wanted, found = manifest.versions["scikit-learn"], sklearn.__version__
        raise UntrustedModel(f"{folder} needs scikit-learn {wanted}, but {found} is installed: train it again.")
    return manifest


def _read_manifest(path: Path) -> Manifest:
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if raw.get("format") != FORMAT:
        found = raw.get("format")
        raise UntrustedModel(
            f"{path}: format {found} is not {FORMAT}: made for another version of heard. Train it again."
        )
    thresholds = {name: Thresholds(**values) for name, values in raw.pop("thresholds").items()}
    return Manifest(**{**raw, "labels": tuple(raw["labels"])}, thresholds=thresholds)


def _promoted(models: Path) -> list[dict[str, Any]]:
    path = models / _PROMOTED
    if not path.is_file():
        return []
    try:
        entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise UntrustedModel(f"{path} is broken: restore it from git, or train again.") from None
    return entries


def _sha256(path: Path) -> str:
    if not path.is_file():
        raise UntrustedModel(f"{path} is missing: nothing was loaded.")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
