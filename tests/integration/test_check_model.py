from pathlib import Path

import pytest

from pipeline.perturb import Purpose, perturbations
from tests.conftest import heard


@pytest.fixture(scope="module")
def printed(workplace: Path, model: Path) -> str:
    done = heard("check-model", "--in", str(workplace), "--model", str(model), "--rows", "12")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_the_command_prints_a_row_for_every_change(printed: str, model: Path) -> None:
    assert f"Model {model.name}, corpus " in printed
    assert "calibration split" in printed
    for perturbation in perturbations(Purpose.CHECKING):
        assert f"| {perturbation.name} " in printed


def test_the_command_prints_behaviour_and_fairness(printed: str) -> None:
    for words in ("## Behaviour", "| minimum function ", "| invariance ", "| direction ", "## Fair to writers"):
        assert words in printed
    for words in ("| first language ", "| unknown ", "| web_form ", "| over 150 words "):
        assert words in printed


def test_the_model_that_serves_in_the_checkout_is_checked_where_none_is_named(workplace: Path, printed: str) -> None:
    done = heard("check-model", "--in", str(workplace), "--rows", "12")
    assert done.stdout == printed


def test_the_model_card_says_how_fair_the_model_is_to_writers(model: Path) -> None:
    card = (model / "model_card.md").read_text(encoding="utf-8")
    section = card.split("## Fair to writers")[1].split("## Made from")[0]
    assert "| all " in section
    assert "times overall" in section


def test_a_folder_that_is_no_model_is_a_sentence(workplace: Path, tmp_path: Path) -> None:
    done = heard("check-model", "--in", str(workplace), "--model", str(tmp_path))
    assert done.returncode == 2
    assert "is not a model folder" in done.stderr
    assert "Traceback" not in done.stderr
