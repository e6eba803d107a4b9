"""What the model page draws: a card without tags of its own, kept figures, a promise in hours."""

import json
import re
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from pipeline import evaluation
from service.pages.card import card_html
from service.pages.model_figures import Asked, curves, fairness, trade, trade_table
from tests.acceptance.payloads import PAYLOADS
from tests.model_folders import an_evaluation


def test_a_card_becomes_headings_and_tables_of_the_pages() -> None:
    made = card_html("# Model x\n\n## Measured\n| measure | value |\n|---|---|\n| auc | 0.9 |\n\n**Not** to refuse.")
    assert '<h3 class="govuk-heading-s">Measured</h3>' in made
    assert '<th class="govuk-table__header">measure</th>' in made
    assert made.count('role="region"') == 1
    assert "<strong>Not</strong>" in made


@pytest.mark.parametrize("payload", PAYLOADS[::9])
def test_a_card_brings_no_tag_of_its_own(payload: str) -> None:
    made = card_html(f"# {payload}\n\n{payload}\n\n[x](javascript:alert(1)) ![x](http://evil.example/a.png)\n")
    assert not re.search(r"<(script|img|svg|iframe|style)|<[^>]*(href=.javascript| style=| on\w+=)", made.lower())


def test_what_is_written_is_read_again_and_says_whether_the_manifest_covers_it(tmp_path: Path) -> None:
    file = tmp_path / evaluation.FILE
    evaluation.write(an_evaluation(), file)
    digest = sha256(file.read_bytes()).hexdigest()
    assert evaluation.read(tmp_path, {}) == an_evaluation()
    known = evaluation.read(tmp_path, {evaluation.FILE: digest})
    assert known is not None
    assert known.covered
    assert evaluation.read(tmp_path, {evaluation.FILE: "0" * 64}) is None


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"trade": [{"no": 1}]},
        {"risk": [[1]]},
        {"slices": {"a": {}}},
        {"slices": []},
        {"alpha": float("nan")},
    ],
)
def test_a_file_of_another_shape_is_no_evaluation(tmp_path: Path, change: dict[str, object]) -> None:
    file = tmp_path / evaluation.FILE
    evaluation.write(an_evaluation(), file)
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    assert evaluation.read(tmp_path, {}) is None


def test_a_promise_is_told_in_hours_and_missed_complaints() -> None:
    found = trade(an_evaluation(), Asked(place=2, weekly=600, minutes=5))
    assert found.step.alpha == 0.05
    assert found.hours == pytest.approx(0.25 * 600 * 5 / 60)
    assert found.missed == pytest.approx(0.025 * 0.4 * 600)


def test_a_promise_that_cannot_be_given_has_no_hours_and_a_slider_past_the_end_stands_at_it() -> None:
    assert trade(an_evaluation(), Asked(place=0, weekly=600, minutes=5)).hours is None
    assert trade(an_evaluation(), Asked(place=99, weekly=600, minutes=5)).step.alpha == 0.1
    assert len(trade_table(an_evaluation(), Asked(place=0, weekly=1, minutes=1)).rows) == 4


def test_each_picture_has_a_table_and_lines_within_its_square() -> None:
    for picture in curves(an_evaluation()):
        assert picture.table.rows
        for _, points in picture.lines:
            assert all(0 <= float(number) <= 100 for pair in points.split() for number in pair.split(","))
    assert fairness(replace(an_evaluation())).rows[0][0] == "dialect: regional"
