"""dvc.yaml names what the steps read: a typing slip would let a step be skipped that should run."""

from typing import Any

import pytest
import yaml

from pipeline.steps.__main__ import STEPS
from tests.conftest import CHECKOUT

STAGES: dict[str, Any] = yaml.safe_load((CHECKOUT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PARAMS: dict[str, Any] = yaml.safe_load((CHECKOUT / "params.yaml").read_text(encoding="utf-8"))


def made() -> set[str]:
    """What the steps write."""
    kinds = [stage.get(kind, []) for stage in STAGES.values() for kind in ("outs", "metrics", "plots")]
    return {next(iter(out)) if isinstance(out, dict) else out for outs in kinds for out in outs}


def test_the_stages_are_the_steps() -> None:
    assert tuple(STAGES) == STEPS


@pytest.mark.parametrize("name", STAGES)
def test_a_step_reads_what_is_here_or_what_another_made(name: str) -> None:
    read = set(STAGES[name]["deps"])
    assert {path for path in read - made() if not (CHECKOUT / path).exists()} == set()


@pytest.mark.parametrize("name", STAGES)
def test_a_step_reads_only_parameters_that_there_are(name: str) -> None:
    for parameter in STAGES[name].get("params", []):
        section, _, key = parameter.partition(".")
        assert section in PARAMS
        assert not key or key in PARAMS[section]
