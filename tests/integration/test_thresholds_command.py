import json
from pathlib import Path

import pytest

from tests.builders import a_corpus_row
from tests.conftest import CHECKOUT, heard


def states(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_the_ladder_is_printed_and_drawn_and_nothing_else_changes(workplace: Path, tmp_path: Path) -> None:
    before = states(workplace)
    picture = tmp_path / "trade.png"
    done = heard("thresholds", "--in", str(workplace), "--plot", str(picture))
    assert done.returncode == 0, done.stderr
    assert "calibration split of corpus" in done.stdout
    assert "chosen on half of the authors, measured on the other half" in done.stdout
    assert sum("* 5%" in line for line in done.stdout.splitlines()) > 1
    assert max(len(line) for line in done.stdout.splitlines() if str(picture) not in line) <= 100
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert states(workplace) == before


def test_a_promise_that_needs_more_complaints_is_refused_and_the_others_are_shown(workplace: Path, model: Path) -> None:
    done = heard("thresholds", "--in", str(workplace), "--model", str(model), "--alpha", "0.002", "--delta", "0.05")
    assert done.returncode == 1
    assert "complaints; 1,497 are needed." in done.stdout
    assert "pooled: cannot promise 0.2% with" in done.stdout
    assert any(line.split()[:2] == ["pooled", "5%"] for line in done.stdout.splitlines())


def test_an_organisation_can_measure_on_messages_of_its_own(workplace: Path, tmp_path: Path) -> None:
    rows = [json.loads(line) for line in (CHECKOUT / "data" / "raw" / "a09.jsonl").read_text().splitlines()]
    own = tmp_path / "own.jsonl"
    kept = [{name: row[name] for name in ("id", "text", "channel", "label", "contested")} for row in rows]
    own.write_text("".join(json.dumps(row) + "\n" for row in kept), encoding="utf-8")
    done = heard("thresholds", "--in", str(workplace), "--labelled", str(own))
    assert done.returncode == 0, done.stderr
    assert "own.jsonl" in done.stdout
    assert "chosen on half of the messages" in done.stdout
    assert "survey: cannot promise 5%" in done.stdout


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--labelled", str(CHECKOUT / "data" / "raw" / "d01.jsonl")], "stand in the training split"),
        (["--labelled", "nowhere.jsonl"], "there is no such file"),
        (["--alpha", "0"], "--alpha"),
        (["--plot", "trade.pdf"], "does not end in .png"),
    ],
)
def test_what_cannot_be_measured_is_a_sentence(workplace: Path, options: list[str], sentence: str) -> None:
    done = heard("thresholds", "--in", str(workplace), *options)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_without_messages_is_a_sentence(workplace: Path, tmp_path: Path) -> None:
    (tmp_path / "own.jsonl").write_text("\n")
    done = heard("thresholds", "--in", str(workplace), "--labelled", str(tmp_path / "own.jsonl"))
    assert done.returncode == 2
    assert "no labelled messages" in done.stderr


def test_rows_of_the_corpuss_own_form_are_read_with_their_authors(workplace: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    rows = [a_corpus_row(id=str(n), text=f"Nobody came, again, {n}", author=f"w{n % 7}") for n in range(14)]
    own.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    done = heard("thresholds", "--in", str(workplace), "--labelled", str(own))
    assert done.returncode == 1
    assert "14 messages, 14 of them complaints, 7 authors" in done.stdout
    assert "pooled: cannot promise 5% with 14 complaints; 45 are needed." in done.stdout
