import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.back_book.folder import begun
from pipeline.back_book.job import a_job
from pipeline.back_book.parts import cut
from pipeline.back_book.run import run_locally
from pipeline.back_book.work import classifier_of, score_part
from pipeline.classify import MessageClassifier
from pipeline.contract import decision_row, message_from_row
from pipeline.errors import ModelError, SettingsError
from tests.books import write_book
from tests.builders import COMPLAINT, REQUEST, THANKS
from tests.conftest import CHECKOUT, heard

ROWS = 300


class Unwatched:
    def advance(self, by: int) -> None: ...
    def skip(self, by: int) -> None: ...
    def expect(self, total: int) -> None: ...


@pytest.fixture(scope="module")
def messages() -> list[dict[str, Any]]:
    path = CHECKOUT / "data" / "raw" / "a01.jsonl"
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    chance = random.Random(7)
    drawn = [chance.choice(found) for _ in range(ROWS)]
    return [{"id": f"m{n}", "text": row["text"], "channel": row["channel"]} for n, row in enumerate(drawn)]


@pytest.fixture
def book(messages: list[dict[str, Any]], tmp_path: Path) -> Path:
    path = tmp_path / "book.parquet"
    pq.write_table(pa.Table.from_pylist(messages), path, row_group_size=70)
    return path


def to_jsonl(rows: list[dict[str, Any]], path: Path) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def a_run(model: Path, path: Path, output: Path, **given: Any) -> Any:
    chosen = {"profile": "hos-2024", "channel": None, "include_text": False, "part_rows": 64, **given}
    return a_job([str(path)], output=output, model=model, **chosen)


def rows_in(output: Path) -> list[dict[str, Any]]:
    return pq.read_table(output).to_pylist()


def rejects_in(output: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (output / "_rejects.jsonl").read_text().splitlines()]


def score_in_this_process(job: Any) -> Callable[[], None]:
    """The parts one after the other, as an engine that is killed after two."""

    def two_parts() -> None:
        work = job.output / "_work"
        work.mkdir(exist_ok=True)
        classifier = classifier_of(job.model, job.manifest_sha256, job.profile)
        for part in list(cut(job, work, ()))[:2]:
            score_part(job, part, classifier, lambda _: None)

    return two_parts


def test_decisions_are_those_of_one_by_one_to_the_last_digit_for_any_parts_and_processes(
    model: Path, book: Path, tmp_path: Path, messages: list[dict[str, Any]], classifier: MessageClassifier
) -> None:
    alone = [
        decision_row(classifier.classify([message_from_row(row, source="-")])[0], include_text=True) for row in messages
    ]
    for processes, part_rows in ((2, 64), (1, 1000)):
        output = tmp_path / f"out-{processes}"
        run_locally(a_run(model, book, output, part_rows=part_rows, include_text=True), processes, Unwatched())
        found = rows_in(output)
        assert [row.pop("source") for row in found] == [f"{book}#{n}" for n in range(1, ROWS + 1)]
        assert found == alone


def test_lines_and_tables_give_what_parquet_gives(
    model: Path, book: Path, tmp_path: Path, messages: list[dict[str, Any]]
) -> None:
    lines = to_jsonl(messages, tmp_path / "book.jsonl")
    run_locally(a_run(model, book, tmp_path / "a"), 1, Unwatched())
    run_locally(a_run(model, lines, tmp_path / "b", part_rows=100), 1, Unwatched())
    first, second = pq.read_table(tmp_path / "a"), pq.read_table(tmp_path / "b")
    assert first.drop(["source"]).equals(second.drop(["source"]))


def test_the_command_writes_parts_rejects_and_a_manifest_and_ends_with_status_1_where_rows_were_set_aside(
    model: Path, tmp_path: Path
) -> None:
    good = {"id": "1", "text": COMPLAINT, "channel": "web_form"}
    path = to_jsonl([good, {**good, "channel": "fax"}, {"id": "3"}, {**good, "id": "4"}], tmp_path / "in.jsonl")
    output = tmp_path / "out"
    arguments = ["score", str(path), str(tmp_path / "gone.csv"), "--model", str(model), "--output", f"{output}/"]
    done = heard(*arguments, "--part-rows", "2", "--processes", "1")
    assert done.returncode == 1, done.stderr
    assert "2 scored in 3 parts" in done.stderr
    assert "2 refused, 1 files not usable" in done.stderr
    assert [row["id"] for row in rows_in(output)] == ["1", "4"]
    assert [(row["source"], row["line"]) for row in rejects_in(output)] == [
        (str(path), 2),
        (str(path), 3),
        (None, None),
    ]
    assert "unknown 'channel'" in rejects_in(output)[0]["reason"]
    assert COMPLAINT not in (output / "_rejects.jsonl").read_text()
    assert sum(part["rows"] for part in json.loads((output / "_manifest.json").read_text())["parts"]) == 5
    assert not (output / "_work").exists()
    again = heard(*arguments, "--part-rows", "2")
    assert again.returncode == 1
    assert "3 of them were there already" in again.stderr


def test_a_run_that_was_killed_goes_on_and_scores_no_finished_part_again(
    model: Path, book: Path, tmp_path: Path
) -> None:
    job = a_run(model, book, tmp_path / "out")
    with pytest.raises(KeyboardInterrupt):
        _killed_after_two_parts(job)
    before = {path.name: path.stat().st_mtime_ns for path in job.output.glob("part-*")}
    outcome = run_locally(job, 1, Unwatched())
    assert len(before) == outcome.before == 2
    assert all((job.output / name).stat().st_mtime_ns == when for name, when in before.items())
    assert [row["id"] for row in rows_in(job.output)] == [f"m{n}" for n in range(ROWS)]


def _killed_after_two_parts(job: Any) -> None:
    with begun(job):
        score_in_this_process(job)()
        (job.output / ".part-000002.parquet.abcd.writing").write_bytes(b"half of it")
        raise KeyboardInterrupt


def test_processes_end_when_the_command_is_killed_and_the_same_command_loses_and_doubles_nothing(
    model: Path, tmp_path: Path, messages: list[dict[str, Any]]
) -> None:
    path = to_jsonl([{**row, "id": f"{row['id']}-{n}"} for n in range(8) for row in messages], tmp_path / "in.jsonl")
    output = tmp_path / "out"
    command = [str(Path(sys.executable).parent / "heard"), "score", str(path), "--model", str(model)]
    command += ["--output", f"{output}/", "--processes", "1", "--part-rows", "100"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as child:
        while child.poll() is None and not list(output.glob("part-*")):
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
    assert not (output / "_manifest.json").exists()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(row["id"] for row in rows_in(output)) == sorted(
        f"{row['id']}-{n}" for n in range(8) for row in messages
    )


def test_another_input_model_profile_or_choice_is_refused_with_a_sentence(
    model: Path, book: Path, tmp_path: Path, messages: list[dict[str, Any]]
) -> None:
    output = tmp_path / "out"
    run_locally(a_run(model, book, output), 1, Unwatched())
    for given, what in (
        ({"profile": "lgsco-2024"}, "with profile hos-2024, not lgsco-2024"),
        ({"include_text": True}, "with include text False, not True"),
        ({"part_rows": 10}, "with part rows 64, not 10"),
    ):
        with pytest.raises(SettingsError, match=what):
            run_locally(a_run(model, book, output, **given), 1, Unwatched())
    pq.write_table(pa.Table.from_pylist(messages[1:]), book)
    with pytest.raises(SettingsError, match="the file has changed since"):
        run_locally(a_run(model, book, output), 1, Unwatched())
    with pytest.raises(SettingsError, match="which is not given now"):
        run_locally(a_run(model, to_jsonl(messages, tmp_path / "other.jsonl"), output), 1, Unwatched())


def test_a_model_exchanged_meanwhile_is_not_loaded(model: Path) -> None:
    with pytest.raises(ModelError):
        classifier_of(model, "0" * 64, "hos-2024")


def test_a_damaged_or_missing_part_is_scored_again(model: Path, book: Path, tmp_path: Path) -> None:
    job = a_run(model, book, tmp_path / "out")
    run_locally(job, 1, Unwatched())
    (job.output / "part-000001.parquet").write_bytes(b"PAR1 no more")
    (job.output / "part-000003.parquet").unlink()
    run_locally(job, 1, Unwatched())
    assert [row["id"] for row in rows_in(job.output)] == [f"m{n}" for n in range(ROWS)]


def test_a_run_whose_manifest_is_gone_is_finished_again_with_all_its_refusals(model: Path, tmp_path: Path) -> None:
    write_book(tmp_path / "book.parquet", 1_000, seed=7)
    job = a_run(model, tmp_path / "book.parquet", tmp_path / "out")
    run_locally(job, 1, Unwatched())
    before = {path.name: path.read_bytes() for path in job.output.iterdir() if path.is_file()}
    assert before["_rejects.jsonl"]
    (job.output / "_manifest.json").unlink()
    (job.output / "_rejects.jsonl").unlink()
    run_locally(job, 1, Unwatched())
    after = {path.name: path.read_bytes() for path in job.output.iterdir() if path.is_file()}
    assert {name: after[name] for name in ("_manifest.json", "_rejects.jsonl")} == {
        name: before[name] for name in ("_manifest.json", "_rejects.jsonl")
    }


def test_two_runs_do_not_write_to_one_folder(model: Path, book: Path, tmp_path: Path) -> None:
    job = a_run(model, book, tmp_path / "out")
    with begun(job), pytest.raises(SettingsError, match="another `heard score` is writing there"), begun(job):
        pass


def test_a_folder_of_other_files_or_inside_the_input_is_refused(model: Path, book: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    with pytest.raises(SettingsError, match="holds other files"):
        run_locally(a_run(model, book, tmp_path / "mine"), 1, Unwatched())
    with pytest.raises(SettingsError, match="is inside"):
        a_run(model, tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--processes", "2"],
        ["--engine", "spark"],
        ["--output", "out/", "--format", "csv"],
        ["--output", "out/", "--spark-master", "local[1]"],
        ["--output", "out/", "--engine", "spark", "--processes", "2"],
    ],
)
def test_options_that_contradict_each_other_are_refused(tmp_path: Path, arguments: list[str]) -> None:
    to_jsonl([{"id": "1", "text": "a", "channel": "note"}], tmp_path / "in.jsonl")
    done = heard("score", "in.jsonl", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_parquet_columns_are_read_with_the_types_tables_have_and_others_are_passed_over(
    model: Path, tmp_path: Path
) -> None:
    table = pa.table(
        {
            "id": pa.array([1, 2, None, 4], pa.int64()),
            "text": pa.array([COMPLAINT, REQUEST, THANKS, None]).dictionary_encode(),
            "channel": ["web_form", None, "note", "note"],
            "prior_contacts": pa.array([2.0, float("nan"), None, 1.0]),
            "received_at": [datetime(2026, 11, 2, 9, 30, tzinfo=UTC)] * 4,
            "nested": [{"a": [1, 2]}] * 4,
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")
    done = heard("score", "in.parquet", "--model", str(model), "--channel", "email", cwd=tmp_path)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["1", "2"]
    assert [json.loads(line)["channel"] for line in done.stdout.splitlines()] == ["web_form", "email"]
    assert "in.parquet#3: 'id' must be a text" in done.stderr
    assert "in.parquet#4: 'text' must be a text" in done.stderr
    assert done.returncode == 1


def test_parquet_that_is_damaged_or_holds_no_messages_is_named(model: Path, tmp_path: Path, book: Path) -> None:
    pq.write_table(pa.table({"comment": ["a"]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1" + bytes(range(50)))
    content = bytearray(book.read_bytes())
    content[200:1200] = bytes(1000)
    (tmp_path / "c.parquet").write_bytes(content)
    book.unlink()
    run_locally(a_run(model, tmp_path, tmp_path.parent / f"{tmp_path.name}-out"), 1, Unwatched())
    reasons = [row["reason"] for row in rejects_in(tmp_path.parent / f"{tmp_path.name}-out")]
    assert "a.parquet: there is no column id and no column text." in reasons[0]
    assert "b.parquet: the Parquet file is damaged or locked." in reasons[1]
    assert "c.parquet: the Parquet file is damaged or locked." in reasons[2]
    assert "may be missing from row 1 on" in reasons[2]
