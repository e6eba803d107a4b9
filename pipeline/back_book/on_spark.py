"""Parts scored by an existing Apache Spark: one task a part, the model sent along and loaded once a Python worker.

Rows never pass through the driver or the JVM: a task reads its part and writes its decisions as a local process does,
so input and output folders must be where every executor sees them under the same path. A task that is run again, as
its executor died or was slow, writes the same file again.
"""

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from zipfile import ZIP_STORED, ZipFile

from pipeline.back_book.job import Job
from pipeline.back_book.parts import Part
from pipeline.back_book.work import classifier_of, score_part
from pipeline.errors import HeardError, ModelError, SettingsError

_ARCHIVE = "heard-model"
_ANSWER = "number long, trouble string"
_LOOK = 1.0
"""Seconds between two looks at which parts are there."""


def score_on_spark(job: Job, parts: Sequence[Part], master: str | None, finished: Callable[[Part], None]) -> None:
    """Score the parts; `finished` hears of each. `master` is where Spark is, if its own settings do not say so."""
    with _session(master) as session, TemporaryDirectory() as folder, _watched(job, parts, finished):
        session.sparkContext.addArchive(f"{_archive(job.model, Path(folder))}#{_ARCHIVE}")
        tasks = session.range(0, len(parts), 1, max(1, len(parts)))
        try:
            answers = tasks.mapInArrow(_scorer(job, parts), _ANSWER).collect()
        except Exception as error:
            raise _in_a_sentence(error) from error
    for answer in answers:
        if answer["trouble"]:
            raise ModelError(f"on an executor: {answer['trouble']}")


@contextmanager
def _session(master: str | None) -> Iterator[Any]:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415  # an extra
    except ImportError:
        raise SettingsError(
            "--engine spark needs PySpark, on the driver and on each worker: pip install 'heard[spark]'."
        ) from None
    warnings.filterwarnings("ignore", category=FutureWarning, module="pyspark")  # about pandas, which is not used
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("heard score").config("spark.ui.showConsoleProgress", "false")
    try:
        session = (builder.master(master) if master else builder).getOrCreate()
    except Exception as error:
        raise _in_a_sentence(error) from error
    try:
        yield session
    finally:
        session.stop()


def _archive(model: Path, folder: Path) -> Path:
    """The model folder as Spark sends it. Packed already, it is not packed again."""
    path = folder / f"{_ARCHIVE}.zip"
    with ZipFile(path, "w", ZIP_STORED) as archive:
        for file in sorted(model.iterdir()):
            archive.write(file, file.name)
    return path


def _scorer(job: Job, parts: Sequence[Part]) -> Callable[[Iterable[Any]], Iterator[Any]]:
    """What an executor runs: numbers of parts in, numbers of finished parts out. Sent by value, with the parts."""

    def run(batches: Iterable[Any]) -> Iterator[Any]:
        import pyarrow as pa  # noqa: PLC0415  # there, not here
        from pyspark import SparkFiles  # noqa: PLC0415  # as above

        model = Path(SparkFiles.get(_ARCHIVE))
        for batch in batches:
            rows = [score_there(job, parts[number], model) for number in batch.column("id").to_pylist()]
            yield pa.RecordBatch.from_pylist(rows)

    return run


def score_there(job: Job, part: Part, model: Path) -> dict[str, Any]:
    """One part on an executor. A model that is not the promoted one is an answer: trying again would not help."""
    try:
        classifier = classifier_of(model, job.manifest_sha256, job.profile)
    except ModelError as error:
        return {"number": part.number, "trouble": str(error)}
    score_part(job, part, classifier, lambda _: None)
    return {"number": part.number, "trouble": ""}


@contextmanager
def _watched(job: Job, parts: Sequence[Part], finished: Callable[[Part], None]) -> Iterator[None]:
    """Meanwhile, tell which parts have appeared."""
    done = Event()
    waiting = {part.name: part for part in parts}

    def look() -> None:
        there = {entry.name for entry in os.scandir(job.output)}
        for name in sorted(waiting.keys() & there):
            finished(waiting.pop(name))

    def keep_looking() -> None:
        while not done.wait(_LOOK):
            look()

    watcher = Thread(target=keep_looking, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        look()


def _in_a_sentence(error: Exception) -> HeardError:
    """Spark's own word, its first line: the rest is a trace through the JVM."""
    first = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return HeardError(
        f"Spark gave up ({first.strip()[:300]}). What is finished stays: see to Spark, then run the same command again."
    )
