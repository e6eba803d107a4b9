import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpus import corpus_sha256, of_split, read_corpus, read_labelled
from pipeline.errors import CorpusError, UnreadableSource
from tests.builders import a_corpus_row
from tests.conftest import CHECKOUT


def written(tmp_path: Path, *rows: dict[str, Any]) -> Path:
    (tmp_path / "x01.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return tmp_path


def test_the_corpus_reads_and_no_author_is_in_two_splits() -> None:
    rows = read_corpus(CHECKOUT / "data" / "raw")
    assert len(rows) >= 600
    homes = {(row.author, row.split) for row in rows}
    assert len(homes) == len({row.author for row in rows})


def test_every_split_has_every_label_in_every_channel() -> None:
    rows = read_corpus(CHECKOUT / "data" / "raw")
    for split in ("train", "calibration", "test"):
        assert len({(row.message.channel, row.label) for row in of_split(rows, split)}) == 12


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"label": "grumble"}, "line 1: 'grumble' is not a valid Label"),
        ({"topic": "weather"}, "unknown topic 'weather'"),
        ({"text": " "}, "'text' must be a text"),
        ({"split": "dev"}, "unknown split 'dev'"),
        ({"flags": ["red"]}, "'red' is not a valid Flag"),
        ({"mood": "cross"}, "unknown field 'mood'"),
    ],
)
def test_a_wrong_row_is_named_by_file_and_line(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(CorpusError, match=reason):
        read_corpus(written(tmp_path, a_corpus_row(**change)))


def test_an_id_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="stands twice"):
        read_corpus(written(tmp_path, a_corpus_row(), a_corpus_row()))


def test_a_scenario_parted_between_splits_is_refused(tmp_path: Path) -> None:
    other = a_corpus_row(id="y01-1", author="y01", split="test")
    with pytest.raises(CorpusError, match="scenario x01-0001"):
        read_corpus(written(tmp_path, a_corpus_row(), other))


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="nothing to train on"):
        read_corpus(tmp_path)


def test_the_hash_changes_with_the_words(tmp_path: Path) -> None:
    first = corpus_sha256(written(tmp_path, a_corpus_row()))
    assert corpus_sha256(written(tmp_path, a_corpus_row(text="else"))) != first


def test_a_labelled_file_needs_five_fields_and_keeps_its_authors_and_scenarios(tmp_path: Path) -> None:
    five = {name: a_corpus_row()[name] for name in ("id", "text", "channel", "label", "contested")}
    plain, whole = read_labelled(written(tmp_path, five, a_corpus_row(scenario="s-1")) / "x01.jsonl")
    assert (plain.author, plain.scenario) == ("x01", "x01-0001")
    assert (whole.author, whole.scenario) == ("x01", "s-1")
    assert plain.message == whole.message


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": "1"}', "line 2: no field 'text'"),
        (b"[1]", "line 2: a row must be a JSON object"),
        (b"{", "line 2: Expecting"),
        (b"\xff", "line 2: 'utf-8' codec"),
        (json.dumps(a_corpus_row(contested="no")).encode(), "line 2: 'contested' must be true or false"),
        (json.dumps(a_corpus_row(text=7)).encode(), "line 2: 'text' must be a text"),
    ],
)
def test_a_wrong_line_of_a_labelled_file_is_named(tmp_path: Path, line: bytes, reason: str) -> None:
    path = written(tmp_path, a_corpus_row()) / "x01.jsonl"
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(CorpusError, match=reason):
        read_labelled(path)


def test_a_labelled_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSource, match="no such file"):
        read_labelled(tmp_path / "nowhere.jsonl")
