"""What the teacher says of each training message, as a table in git: the rest of training needs no teacher."""

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.domain import Label
from pipeline.encoder.lessons import Target
from pipeline.errors import SettingsError


def write_soft_labels(path: Path, ids: Sequence[str], found: np.ndarray, data_sha256: str) -> None:
    """A row a message, under a first line that names the corpus they were made from."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# corpus {data_sha256}\n")
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["id", *(label.value for label in Label)])
        table.writerows([name, *(f"{value:.4f}" for value in row)] for name, row in zip(ids, found, strict=True))


def read_soft_labels(path: Path) -> dict[str, Target]:
    """Id -> the teacher's probabilities."""
    if not path.is_file():
        raise SettingsError(f"{path} is missing: restore it from git, or run `heard teach` (an hour or so).")
    with path.open(encoding="utf-8", newline="") as file:
        next(file)
        return {row["id"]: _target(row) for row in csv.DictReader(file)}


def _target(row: dict[str, str]) -> Target:
    complaint, request, other = (float(row[label.value]) for label in Label)
    return complaint, request, other
