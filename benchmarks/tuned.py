"""Encoders fine-tuned as `heard teach` tunes its teacher: rows of `make bench-models`, one a folder and seed."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.candidates import UNTUNED, Answer, Judge, by_probability
from pipeline.domain import PreparedMessage
from pipeline.judging import Example
from pipeline.params import EncoderParams


@dataclass(frozen=True, kw_only=True)
class FineTuned:
    """The encoder in `folder`, one round over all lessons, then some over the everyday part, with the settings of
    params.yaml. Its probabilities are not calibrated.
    """

    folder: Path
    params: EncoderParams
    slow: bool
    knob: str = ""
    settings: tuple[float, ...] = UNTUNED

    @property
    def name(self) -> str:
        """By folder and seed."""
        return f"fine-tuned {self.folder.name}, seed {self.params.seed}"

    def fit(self, examples: Sequence[Example], setting: float) -> Judge:  # noqa: ARG002  # params.yaml has the settings
        """What `heard teach` does, on `examples`."""
        from pipeline.encoder.tuning import probabilities  # noqa: PLC0415  # an extra
        from pipeline.steps.teach import fine_tuned  # noqa: PLC0415  # an extra

        network, tokenizer = fine_tuned(str(self.folder), examples, self.params)

        def judge(prepared: Sequence[PreparedMessage]) -> Answer:
            return by_probability(probabilities(network, tokenizer, [message.text for message in prepared]))

        return judge


def tuned_candidates(folders: Sequence[Path], params: EncoderParams, *, seeds: int, folds: bool) -> list[FineTuned]:
    """A row a folder and seed; in `folds` only where asked for, for they take hours."""
    return [
        FineTuned(folder=folder, params=replace(params, seed=params.seed + number, teacher_seeds=1), slow=not folds)
        for folder in folders
        for number in range(seeds)
    ]
