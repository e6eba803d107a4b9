"""The folder a run writes to: begun once, gone on with by the same job only, finished when every part is there."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
from filelock import FileLock, Timeout

from pipeline.back_book.durable import appearing, remove_drafts
from pipeline.back_book.job import Job, difference, unchanged
from pipeline.back_book.parts import Part
from pipeline.back_book.work import Done, done_part, rejects_of, work_folder
from pipeline.batch import Tally
from pipeline.errors import SettingsError

REJECTS = "_rejects.jsonl"
_RUN = "_run.json"
_MANIFEST = "_manifest.json"
_LOCK = "_lock"


@contextmanager
def begun(job: Job) -> Iterator[dict[int, Done]]:
    """The parts that are finished already, while nobody else works in the folder. SettingsError for another job's."""
    output = job.output
    _make(output)
    try:
        with FileLock(output / _LOCK, blocking=False):
            _begin(job)
            remove_drafts(output)
            work_folder(output).mkdir(exist_ok=True)
            yield {done.number: done for done in _done(job)}
    except Timeout:
        raise SettingsError(f"{output}: another `heard score` is writing there. Wait for it, or stop it.") from None


def finish(job: Job, parts: Sequence[Part]) -> Tally:
    """Check that every part is there with all its rows, bring the rejects together, and write the manifest."""
    unchanged(job)
    done = sorted(_done(job), key=lambda each: each.number)
    if len(done) != len(parts) or not all(map(_is_whole, done, parts)):
        raise SettingsError(f"{job.output}: parts are missing. Run the same command again: it goes on.")
    tally = _sum(done)
    if not (job.output / _MANIFEST).is_file():
        _bring_together(job.output, done)
        total = {"scored": tally.scored, "refused": tally.refused, "unusable": tally.unusable}
        _write_json(job.output / _MANIFEST, {"job": job.identity, **total, "parts": [asdict(each) for each in done]})
    shutil.rmtree(work_folder(job.output), ignore_errors=True)
    remove_drafts(job.output)
    return tally


def finished(job: Job) -> Tally | None:
    """What a run did that was finished before; None while it is not."""
    if not (job.output / _MANIFEST).is_file():
        return None
    manifest = _read_json(job.output / _MANIFEST)
    there = {done.number for done in _done(job)}
    return _sum([Done(**each) for each in manifest["parts"]]) if len(there) == len(manifest["parts"]) else None


def _make(output: Path) -> None:
    if output.exists() and not output.is_dir():
        raise SettingsError(f"{output} is a file: give an --output folder.")
    output.mkdir(parents=True, exist_ok=True)


def _begin(job: Job) -> None:
    path = job.output / _RUN
    if path.is_file():
        other = difference(_read_json(path), json.loads(json.dumps(job.facts)))
        if other:
            raise SettingsError(
                f"{job.output} was begun {other}. Give the same as then, or another --output folder: "
                "nothing was written."
            )
    elif any(not entry.name.startswith(("_", ".")) for entry in job.output.iterdir()):
        raise SettingsError(f"{job.output} holds other files: give a new or empty --output folder.")
    else:
        _write_json(path, job.facts)


def _done(job: Job) -> Iterator[Done]:
    """The parts of this job that are finished, their refused rows among the run's or still to be brought together."""
    together = (job.output / _MANIFEST).is_file()
    for path in job.output.glob("part-*.parquet"):
        try:
            done = done_part(path)
        except (OSError, pa.ArrowException):
            continue  # damaged since: it is scored again
        if done is None or done.job != job.identity:
            continue
        if together or not (done.refused or done.unusable) or rejects_of(job.output, done.number).is_file():
            yield done


def _is_whole(done: Done, part: Part) -> bool:
    """Whether each row is decided or refused; where a file is damaged, that stands among the rejects."""
    return done.number == part.number and (done.rows == part.rows or done.unusable > 0)


def _sum(done: Sequence[Done]) -> Tally:
    return Tally(
        scored=sum(each.scored for each in done),
        refused=sum(each.refused for each in done),
        unusable=sum(each.unusable for each in done),
    )


def _bring_together(output: Path, done: Sequence[Done]) -> None:
    pieces = [rejects_of(output, each.number) for each in done if each.refused or each.unusable]
    if pieces:
        with appearing(output / REJECTS) as draft, draft.open("wb") as file:
            for piece in pieces:
                with piece.open("rb") as rows:
                    shutil.copyfileobj(rows, file)


def _read_json(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with appearing(path) as draft:
        draft.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
