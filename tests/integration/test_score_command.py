import csv
import json
import random
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.domain import Route
from tests.builders import COMPLAINT, REQUEST, THANKS
from tests.conftest import CHECKOUT, heard

SAMPLES = CHECKOUT / "data" / "samples"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    texts = [COMPLAINT, REQUEST, THANKS, "=cmd()|' /c calc'!A0"]
    path.write_text(
        "".join(json.dumps({"id": f"r{n}", "text": text, "channel": "web_form"}) + "\n" for n, text in enumerate(texts))
    )
    return path


def test_the_samples_give_a_row_a_message_in_order(model: Path) -> None:
    done = heard("score", str(SAMPLES), "--model", str(model))
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert len(found) == 164
    assert [row["source"] for row in found if "mbox" in row["source"]] == [
        f"{SAMPLES / 'inbox.mbox'}#{n}" for n in range(1, 37)
    ]
    assert {"stage_1", "review", "service_request"} <= {row["route"] for row in found} <= set(Route)


def test_a_row_is_exactly_what_the_contract_says(model: Path, rows: Path) -> None:
    first = json.loads(heard("score", str(rows), "--model", str(model)).stdout.splitlines()[0])
    keys = "id source channel label probabilities route cues flags category model_version profile"
    assert " ".join(first) == keys
    assert first["id"] == "r0"
    assert sum(first["probabilities"].values()) == pytest.approx(1, abs=1e-9)
    assert set(first["cues"][0]) == {"kind", "text", "start", "end", "provision"}


def test_cue_offsets_point_into_the_words_that_were_scored(model: Path) -> None:
    done = heard("score", str(SAMPLES), "--model", str(model), "--include-text")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    cues = [(row["text"], cue) for row in found for cue in row["cues"]]
    assert len(cues) > 100
    assert all(text[cue["start"] : cue["end"]] == cue["text"] for text, cue in cues)


def test_a_decision_does_not_depend_on_its_neighbours(model: Path, tmp_path: Path) -> None:
    lines = [
        json.dumps({"id": row["id"], "text": row["text"], "channel": row["channel"]})
        for path in sorted((CHECKOUT / "data" / "raw").glob("*.jsonl"))[:2]
        for row in map(json.loads, path.read_text().splitlines())
    ]
    random.Random(5).shuffle(lines)
    together = heard("score", "-", "--model", str(model), stdin="\n".join(lines).encode("utf-8"))
    alone = [heard("score", "-", "--model", str(model), stdin=line.encode("utf-8")).stdout for line in lines[:3]]
    assert together.stdout.splitlines()[:3] == [line.strip() for line in alone]


def test_standard_input_has_no_source(model: Path) -> None:
    done = heard("score", "-", "--model", str(model), stdin=b'{"id": "1", "text": "hello", "channel": "note"}')
    assert "source" not in json.loads(done.stdout)


def test_refused_rows_are_named_and_counted_and_the_rest_is_scored(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(
        '{"id": "1", "text": "a", "channel": "fax"}\n{"id": "2", "text": "lift out", "channel": "note"}\nnonsense\n'
    )
    done = heard("score", str(path), str(tmp_path / "gone.csv"), "--model", str(model))
    assert done.returncode == 1
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["2"]
    assert f"{path}, line 1: unknown 'channel': use one of email" in done.stderr
    assert f"{path}, line 3: not valid JSON" in done.stderr
    assert "there is no such file" in done.stderr
    assert "1 scored, 2 refused, 1 files not usable." in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["no-such-file.csv"],
        ["x.jsonl", "--profile", "old"],
        ["x.jsonl", "--colour", "red"],
        ["x.jsonl", "--format", "parquet"],
        ["x.jsonl", "--model", "/nowhere"],
        ["x.jsonl", "--output", "/nowhere/at/all.jsonl"],
        [],
    ],
)
def test_what_cannot_run_ends_with_status_2_and_a_sentence(model: Path, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "x.jsonl").write_text('{"id": "1", "text": "a", "channel": "note"}\n')
    known = [] if "--model" in arguments or not arguments else ["--model", str(model)]
    done = heard("score", *arguments, *known, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip()
    assert "Traceback" not in done.stderr + done.stdout


def test_ten_megabytes_in_one_message_are_refused_by_line_and_the_next_is_scored(model: Path, tmp_path: Path) -> None:
    path = tmp_path / "big.jsonl"
    path.write_text(
        json.dumps({"id": "1", "text": "damp " * 2_000_000, "channel": "note"})
        + "\n"
        + json.dumps({"id": "2", "text": "damp " * 100_000, "channel": "note"})
        + "\n"
    )
    done = heard("score", str(path), "--model", str(model))
    assert done.returncode == 1
    assert "big.jsonl, line 1: the line has 10,000" in done.stderr
    assert json.loads(done.stdout)["flags"] == ["windowed"]


def test_a_spreadsheet_would_not_run_what_a_resident_wrote(model: Path, rows: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.csv"
    done = heard(
        "score", str(rows), "--model", str(model), "--format", "csv", "--include-text", "--output", str(output)
    )
    assert done.returncode == 0, done.stderr
    with output.open(newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == 4
    assert found[3]["text"].startswith("'=cmd()")


def test_parquet_holds_the_same_rows(model: Path, rows: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    heard("score", str(rows), "--model", str(model), "--format", "parquet", "--output", str(output))
    printed = [json.loads(line) for line in heard("score", str(rows), "--model", str(model)).stdout.splitlines()]
    assert pq.read_table(output).to_pylist() == printed


def test_the_columns_of_parquet_do_not_depend_on_the_first_row(model: Path, rows: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.parquet"
    arguments = ("-", str(rows), "--model", str(model), "--format", "parquet", "--output", str(output))
    done = heard("score", *arguments, stdin=json.dumps({"id": "0", "text": THANKS, "channel": "note"}).encode())
    assert done.returncode == 0, done.stderr
    assert [(row["id"], row["source"]) for row in pq.read_table(output).to_pylist()] == [
        ("0", None),
        *((f"r{n}", f"{rows}#{n + 1}") for n in range(4)),
    ]


def test_both_codes_explain_the_same_message_with_their_own_provisions(model: Path, rows: Path) -> None:
    hos = json.loads(heard("score", str(rows), "--model", str(model)).stdout.splitlines()[0])
    lgsco = json.loads(
        heard("score", str(rows), "--model", str(model), "--profile", "lgsco-2024").stdout.splitlines()[0]
    )
    assert {cue["provision"][:3] for cue in hos["cues"]} == {"HOS"}
    assert {cue["provision"][:5] for cue in lgsco["cues"]} == {"LGSCO"}
    assert hos["probabilities"] == lgsco["probabilities"]


def test_a_closed_pipe_ends_quietly(model: Path) -> None:
    command = f"{Path(sys.executable).parent / 'heard'} score {SAMPLES} --model {model} | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert json.loads(done.stdout)
    assert "Traceback" not in done.stderr
