"""`heard check-model`: robustness, behaviour and fairness of any model folder."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Judge(StrEnum):
    """The splits a model may be checked on: it learned from neither."""

    CALIBRATION = "calibration"  # for choosing and mending
    TEST = "test"  # frozen; for the last word only


def check_model(
    model: Annotated[Path | None, typer.Option(help="A model folder; the one that serves if left out.")] = None,
    folder: Annotated[Path, typer.Option("--in", help="The checkout.")] = Path(),
    split: Annotated[Judge, typer.Option(help="Which messages; the frozen test only when asked.")] = Judge.CALIBRATION,
    rows: Annotated[int, typer.Option(min=1, help="How many messages to change in each way.")] = 400,
) -> None:
    """Measure label flips under harmless changes, behavioural tests, and miss rates by group of writers."""
    from pipeline.checks import print_checks
    from pipeline.steps.places import Places

    print_checks(Places(root=folder), model, split=split.value, rows=rows)
