"""The logged model as MLflow calls it: rows of the contract in, rows as `heard score` writes them out.

MLflow loads it by this module's name, so no pickle of MLflow's is run; the artefact inside is verified before joblib
sees it. Whoever can write to an artifact store could exchange model and manifest alike, so what to trust stands outside
of it: in the promoted lists of this checkout, or in HEARD_TRUSTED_MANIFESTS.
"""

import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Protocol

from pipeline.artefact import TRUSTED, Artefact, load, promoted_manifests
from pipeline.classify import MODELS, MessageClassifier
from pipeline.contract import decision_row, message_from_row
from pipeline.policy import load_profile


class Frame(Protocol):
    """What is used of a pandas DataFrame."""

    def to_dict(self, orient: str) -> list[dict[str, Any]]:
        """Its rows."""


class Scorer:
    """A verified model that scores rows."""

    def __init__(self, artefact: Artefact) -> None:
        self._artefact = artefact
        self._classifier = cache(self._under)

    def predict(self, model_input: Frame | Iterable[Mapping[str, Any]], params: Any = None) -> list[dict[str, Any]]:
        """A decision a row, in order; RefusedRow names the first that breaks the contract, counting from 1."""
        wanted = params or {}
        rows = model_input if isinstance(model_input, list) else model_input.to_dict("records")  # type: ignore[union-attr]  # a frame
        messages = [
            message_from_row({name: _plain(value) for name, value in row.items()}, source="rows", line=number)
            for number, row in enumerate(rows, start=1)
        ]
        decisions = self._classifier(wanted.get("profile", "hos-2024")).classify(messages)
        return [decision_row(decision, include_text=bool(wanted.get("include_text"))) for decision in decisions]

    def _under(self, profile: str) -> MessageClassifier:
        return MessageClassifier(self._artefact, load_profile(profile))


def trusted_manifests() -> frozenset[str]:
    """The manifests that may be loaded on this machine."""
    named = os.environ.get(TRUSTED, "").split()
    return promoted_manifests(MODELS) | promoted_manifests(MODELS / "local") | frozenset(named)


def _load_pyfunc(data_path: str) -> Scorer:
    return Scorer(load(Path(data_path), trusted=trusted_manifests()))


def _plain(value: object) -> object:
    """A cell as JSON has it: in a table an absent one is not a number, and makes its column's whole numbers floats."""
    if not isinstance(value, float):
        return value
    return None if value != value else int(value) if value.is_integer() else value  # noqa: PLR0124  # nan alone
