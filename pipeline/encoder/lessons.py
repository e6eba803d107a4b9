"""Labelled messages -> what an encoder learns from: smoothed labels, weights by part of the corpus."""

from collections.abc import Mapping, Sequence

from pipeline.domain import Label
from pipeline.encoder.tuning import Lesson
from pipeline.judging import Example
from pipeline.params import EncoderParams
from pipeline.training import EVERYDAY

Target = tuple[float, float, float]


def lessons_of(
    examples: Sequence[Example], params: EncoderParams, soft: Mapping[str, Target] | None = None
) -> list[Lesson]:
    """A lesson an example. Labels are smoothed, more so where officers could disagree; with `soft` labels of a
    teacher the target is half label, half teacher.
    """
    return [
        Lesson(
            text=message.text,
            target=_between(
                _smoothed(row.label, contested=row.contested, params=params), (soft or {}).get(row.message.id)
            ),
            weight=1.0 if EVERYDAY in row.slices else params.hard_weight,
            scenario=row.scenario,
        )
        for row, message in examples
    ]


def everyday(examples: Sequence[Example]) -> list[Example]:
    """Those written as people write (docs/decisions/0005)."""
    return [example for example in examples if EVERYDAY in example[0].slices]


def _smoothed(label: Label, *, contested: bool, params: EncoderParams) -> Target:
    share = params.contested_smoothing if contested else params.smoothing
    complaint, request, other = ((1 - share) * (label is each) + share / len(Label) for each in Label)
    return complaint, request, other


def _between(label: Target, teacher: Target | None) -> Target:
    if teacher is None:
        return label
    complaint, request, other = ((a + b) / 2 for a, b in zip(label, teacher, strict=True))
    return complaint, request, other
