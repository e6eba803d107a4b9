"""`heard score --engine spark` on a master and two workers of its own: `make test-spark`. Skipped without the extra."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest

from tests.books import faults, write_book
from tests.builders import COMPLAINT
from tests.conftest import heard
from tests.spark_cluster import SparkCluster, missing, until

pytestmark = pytest.mark.skipif(missing() is not None, reason=missing() or "")
ROWS = 2_000
PARTS = ["--part-rows", "100"]


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkCluster]:
    with SparkCluster() as running:
        yield running


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "book.parquet"
    write_book(path, ROWS, seed=7)
    return path


@pytest.fixture(scope="module")
def local(model: Path, book: Path) -> Path:
    """The folder that processes of this machine made of the book."""
    output = book.with_name("local")
    done = heard("score", str(book), "--model", str(model), "--output", f"{output}/", *PARTS)
    assert done.returncode == 1, done.stderr
    return output


def on_spark(spark: SparkCluster, model: Path, book: Path, output: Path) -> list[str]:
    chosen = ["--engine", "spark", "--spark-master", spark.url, *PARTS]
    return ["score", str(book), "--model", str(model), "--output", f"{output}/", *chosen]


def assert_the_same(output: Path, local: Path) -> None:
    assert pq.read_table(output).equals(pq.read_table(local))
    for name in ("_rejects.jsonl", "_manifest.json"):
        assert (output / name).read_text() == (local / name).read_text()
    assert {path.name for path in output.iterdir()} == {path.name for path in local.iterdir()}


def test_two_executors_decide_as_local_processes_do_to_the_last_digit(
    spark: SparkCluster, model: Path, book: Path, local: Path, tmp_path: Path
) -> None:
    done = heard(*on_spark(spark, model, book, tmp_path / "out"), **spark.environment)
    assert done.returncode == 1, done.stderr
    assert f"{ROWS - ROWS // 997:,} scored in 20 parts" in done.stderr
    assert_the_same(tmp_path / "out", local)
    assert not faults(tmp_path / "out", ROWS)


def test_an_executor_that_is_killed_meanwhile_changes_nothing(
    spark: SparkCluster, model: Path, book: Path, local: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    command = [str(Path(sys.executable).parent / "heard"), *on_spark(spark, model, book, output)]
    environment = {**os.environ, **spark.environment}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as child:
        until(lambda: list(output.glob("part-*")), "a part")
        victim = spark.executors()[0]
        for process in [victim, *victim.children(recursive=True)]:
            process.kill()
        assert len(list(output.glob("part-*"))) < 20, "it was killed too late to prove anything"
        _, said = child.communicate()
    assert child.returncode == 1, said
    assert not psutil.pid_exists(victim.pid)
    assert_the_same(output, local)


def test_a_run_stopped_on_spark_is_finished_locally_and_the_other_way_round(
    spark: SparkCluster, model: Path, book: Path, local: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    command = [str(Path(sys.executable).parent / "heard"), *on_spark(spark, model, book, output)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, **spark.environment}) as child:
        until(lambda: list(output.glob("part-*")), "a part")
        child.kill()
    until(lambda: not spark.executors(), "the end of its executors")
    assert not (output / "_manifest.json").exists()
    done = heard("score", str(book), "--model", str(model), "--output", f"{output}/", *PARTS)
    assert done.returncode == 1, done.stderr
    assert_the_same(output, local)
    (output / "_manifest.json").unlink()
    (output / "part-000003.parquet").unlink()
    done = heard(*on_spark(spark, model, book, output), **spark.environment)
    assert done.returncode == 1, done.stderr
    assert_the_same(output, local)


def test_lines_and_unreadable_files_go_to_executors_too(spark: SparkCluster, model: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    row = f'{{"id": "1", "text": "{COMPLAINT}", "channel": "note"}}\n'
    (tmp_path / "in" / "a.jsonl").write_text(row + '{"id": "2", "text": "x", "channel": "fax"}\n')
    (tmp_path / "in" / "b.parquet").write_bytes(b"PAR1" + bytes(range(50)))
    done = heard(*on_spark(spark, model, tmp_path / "in", tmp_path / "out"), **spark.environment)
    assert done.returncode == 1, done.stderr
    assert "1 refused, 1 files not usable" in done.stderr
    assert pq.read_table(tmp_path / "out").column("id").to_pylist() == ["1"]


def test_where_no_master_answers_that_is_said_in_a_sentence(
    spark: SparkCluster, model: Path, book: Path, tmp_path: Path
) -> None:
    arguments = on_spark(spark, model, book, tmp_path / "out")
    arguments[arguments.index(spark.url)] = "spark://nowhere.invalid"
    done = heard(*arguments, **spark.environment)
    assert done.returncode == 2
    assert "Spark gave up (" in done.stderr
    assert "Traceback" not in done.stderr
