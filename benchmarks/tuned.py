"""Encoders fine-tuned as `heard teach` tunes its teacher: rows of `make bench-models`, one a folder and seed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import joblib
import numpy as np

from benchmarks.candidates import UNTUNED, Answer, Judge, by_probability
from benchmarks.kept import Kept
from pipeline.domain import PreparedMessage
from pipeline.judging import Example
from pipeline.params import EncoderParams


class KeptAnswers(Kept):
    """What fine-tuned encoders said, kept in `folder` from run to run: one fold takes ten minutes or an hour, so a run
    can be stopped and taken up again.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, key: object, say: Callable[[], np.ndarray]) -> np.ndarray:
        """What was said under `key`, or else what `say` answers now."""
        if not self.keeps:
            return say()
        file = self._folder / f"fine-tuned-{joblib.hash(key)}.npy"
        if not file.is_file():
            np.save(file, say())
        return np.asarray(np.load(file))


@dataclass(frozen=True, kw_only=True)
class FineTuned:
    """The encoder in `folder`, one round over all lessons, then some over the everyday part, with the settings of
    params.yaml. Its probabilities are not calibrated.
    """

    folder: Path
    params: EncoderParams
    kept: KeptAnswers
    slow: bool
    knob: str = ""
    settings: tuple[float, ...] = UNTUNED

    @property
    def name(self) -> str:
        """By folder and seed."""
        return f"fine-tuned {self.folder.name}, seed {self.params.seed}"

    def fit(self, examples: Sequence[Example], setting: float) -> Judge:  # noqa: ARG002  # params.yaml has the settings
        """What `heard teach` does, on `examples`, when somebody asks what it would say."""
        from pipeline.encoder.tuning import probabilities  # noqa: PLC0415  # an extra
        from pipeline.steps.teach import fine_tuned  # noqa: PLC0415  # an extra

        learned = [(row.message.id, row.label.value, message.text) for row, message in examples]
        network = cache(lambda: fine_tuned(str(self.folder), examples, self.params))

        def judge(prepared: Sequence[PreparedMessage]) -> Answer:
            texts = [message.text for message in prepared]
            key = (self.folder.name, self.params, learned, texts)
            return by_probability(self.kept.of(key, lambda: probabilities(*network(), texts)))

        return judge


def tuned_candidates(
    folders: Sequence[Path], params: EncoderParams, kept: KeptAnswers, *, seeds: int, folds: bool
) -> list[FineTuned]:
    """A row a folder and seed; in `folds` only where asked for, for they take hours."""
    one = replace(params, teacher_seeds=1)
    return [
        FineTuned(folder=folder, params=replace(one, seed=one.seed + number), kept=kept, slow=not folds)
        for folder in folders
        for number in range(seeds)
    ]
