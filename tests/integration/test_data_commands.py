import json
import re
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from pipeline.corpora.card import split_sha256
from pipeline.corpora.check import SHORTCUT_LIMIT, check
from pipeline.corpora.schema import read_rows
from pipeline.corpus import SPLITS, read_corpus
from tests.builders import COMPLAINT, REQUEST, a_corpus_row
from tests.conftest import CHECKOUT, heard

RAW = CHECKOUT / "data" / "raw"


def written(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def another(**given: Any) -> dict[str, Any]:
    return a_corpus_row(id="x01-0002", scenario="x01-0002", text=REQUEST, label="service_request", **given)


def test_the_corpus_has_no_faults_and_no_shortcut() -> None:
    found = check(RAW)
    assert found.faults == []
    assert set(found.shortcuts) == {"length", "channel", "topic"}
    assert max(found.shortcuts.values()) < SHORTCUT_LIMIT


def test_the_splits_are_those_frozen_in_the_data_card() -> None:
    card = (CHECKOUT / "data" / "README.md").read_text(encoding="utf-8")
    table, _ = read_rows(RAW)
    for split in SPLITS:
        assert f"| {split} |" in card
        assert split_sha256(table, split)[:16] in card, f"{split} changed: run `heard data card` if that was meant"


def test_the_whole_test_split_was_labelled_twice() -> None:
    table, _ = read_rows(RAW)
    assert table.loc[table["split"] == "test", "annotator_2"].notna().all()
    assert table["annotator_2"].notna().sum() >= 2000


def test_where_readers_differ_the_message_is_contested() -> None:
    table, _ = read_rows(RAW)
    differ = table["annotator_2"].notna() & (table["annotator_1"] != table["annotator_2"])
    assert table.loc[differ, "contested"].all()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"label": "grumble"}, r"rows.jsonl:2: label is 'grumble'; it must be one of"),
        ({"text": ""}, r"rows.jsonl:2: text is ''; it must be a text that is not empty"),
        ({"contested": "no"}, r"rows.jsonl:2: contested is 'no'; it must be true or false"),
        ({"flags": ["red"]}, r"rows.jsonl:2: flags .* known flags"),
        ({"mood": "cross"}, r"unknown field 'mood'"),
        ({"id": "x01-0001"}, r"rows.jsonl:2: the id 'x01-0001' stands twice"),
        ({"evidence": "not there"}, r"rows.jsonl:2: the evidence does not stand in the text"),
        ({"split": "test"}, r"rows.jsonl:1: the author 'x01' is parted between splits"),
        (
            {"text": "Ring me on 0161 496 0123 about it."},
            r"rows.jsonl:2: this may be a telephone number",
        ),
        ({"text": "Write to jo@realmail.co.uk about the gate."}, r"rows.jsonl:2: this may be an e-mail address"),
        ({"text": "The gate at BD1 2AB is broken."}, r"rows.jsonl:2: this may be a postcode"),
        ({"text": "It\u00c3\u00a9 is broken"}, r"rows.jsonl:2: the text holds broken characters"),
        ({"text": COMPLAINT + " Please."}, r"rows.jsonl:1: nearly the same text as rows.jsonl:2"),
    ],
)
def test_every_kind_of_fault_is_found_and_named_by_its_line(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    found = check(written(tmp_path, a_corpus_row(), {**another(), **change}))
    assert any(re.search(sentence, fault) for fault in found.faults), found.faults


def test_numbers_kept_for_fiction_are_no_personal_data(tmp_path: Path) -> None:
    text = "Ring 07700 900123 or write to jo@example.org about the gate."
    assert check(written(tmp_path, a_corpus_row(), {**another(), "text": text})).faults == []


def test_a_channel_that_gives_the_label_away_is_a_warning(tmp_path: Path) -> None:
    rows = [
        a_corpus_row(
            id=str(n),
            scenario=str(n),
            text=f"{n * 7919} " * (n % 7 + 1),
            label=label,
            channel=channel,
            annotator_1=label,
        )
        for n, (label, channel) in enumerate([("complaint", "email"), ("other", "note")] * 40)
    ]
    found = check(written(tmp_path, *rows))
    assert found.shortcuts["channel"] > 0.95
    assert any("channel alone" in warning for warning in found.warnings)


def test_members_of_a_contrast_set_may_be_alike(tmp_path: Path) -> None:
    pair = [a_corpus_row(scenario="s"), {**another(), "text": COMPLAINT + " Please.", "scenario": "s"}]
    assert check(written(tmp_path, *pair)).faults == []


def test_the_check_command_prints_faults_and_writes_a_page_without_messages(tmp_path: Path) -> None:
    path = written(tmp_path, a_corpus_row(), {**another(), "topic": "weather"})
    with path.open("ab") as file:
        file.write(b"{broken\n\xff\n")
    done = heard("data", "check", str(path), "--page", str(tmp_path / "page.html"))
    assert done.returncode == 1
    assert "rows.jsonl:2: topic is 'weather'" in done.stdout
    assert "rows.jsonl:3: not valid JSON" in done.stdout
    assert "rows.jsonl:4: not UTF-8" in done.stdout
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Nobody came" not in page
    assert "weather" in page


def test_a_users_own_table_comes_in_by_its_columns_after_a_dry_run(tmp_path: Path) -> None:
    table = tmp_path / "survey 2025.csv"
    table.write_text(
        "Ref,Comments,Type\n1,Nobody came,Stage 1\n2,Thanks,Compliment\n3,,Stage 1\n4,Lift out,Weird\n",
        encoding="utf-8",
    )
    arguments = [
        *("data", "add", str(table), "--in", str(tmp_path), "--map", "text=Comments", "--map", "label=Type"),
        *("--set", "channel=survey", "--value", "label:Stage 1=complaint", "--value", "label:Compliment=other"),
    ]
    dry = heard(*arguments)
    assert dry.returncode == 1
    assert "2 rows would be kept, 2 refused" in dry.stdout
    assert f"{table}, line 4: the text is empty" in dry.stderr
    assert f"{table}, line 5: label is 'Weird'" in dry.stderr
    assert not (tmp_path / "data").exists()
    assert "2 rows kept" in heard(*arguments, "--write").stdout
    rows = read_corpus(tmp_path / "data" / "local")
    assert [(row.label.value, row.message.channel.value) for row in rows] == [
        ("complaint", "survey"),
        ("other", "survey"),
    ]
    again = heard(*arguments, "--write")
    assert again.returncode == 2
    assert "is there already" in again.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--map", "text=Words"], "nothing is mapped to channel, label"),
        (["--map", "text=Nope", "--set", "channel=note", "--set", "label=other"], "there is no column 'Nope'"),
        (["--map", "mood=Words"], "there is no field 'mood'"),
        (["--map", "text"], "is not of the form name=value"),
    ],
)
def test_a_wrong_mapping_is_a_sentence(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text("Words\nhello\n", encoding="utf-8")
    done = heard("data", "add", str(table), *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_card_is_what_the_command_would_write_now(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "raw").symlink_to(RAW)
    (tmp_path / "data" / "authors.csv").write_bytes((CHECKOUT / "data" / "authors.csv").read_bytes())
    assert heard("data", "card", "--in", str(tmp_path)).returncode == 0
    assert (tmp_path / "data" / "README.md").read_text() == (CHECKOUT / "data" / "README.md").read_text()


def test_a_workbook_is_read_as_its_first_sheet(tmp_path: Path) -> None:
    path = CHECKOUT / "tests" / "data" / "own-labels.xlsx"
    assert CalamineWorkbook.from_path(path).sheet_names[0] == "Answers"
    done = heard(
        *("data", "add", str(path), "--in", str(tmp_path), "--map", "text=Comments", "--map", "label=Type"),
        *("--set", "channel=survey", "--write"),
    )
    assert done.returncode == 0, done.stderr
    assert [row.label.value for row in read_corpus(tmp_path / "data" / "local")] == ["complaint", "other"]
