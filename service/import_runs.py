"""An import as a person runs it: the map checked, the rows taken or rehearsed, the result written, the sums told."""

import hashlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from pipeline.classify import MessageClassifier
from pipeline.console import errors, table_console
from pipeline.errors import SettingsError
from pipeline.read.columns import guessed_map, parse_map
from pipeline.read.opened import Choice, Opened, open_table
from service.import_checks import Notes, faults_of_map, print_preview, sample
from service.import_results import result_writer
from service.imported import Outcome, Taken, Totals
from service.importing import Import, items_of, now, plan_of, rehearse
from service.intake import Intake
from service.store import imports
from service.store.database import Database
from service.store.messages import known_content

_BLOCK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Job:
    """A table, where it comes from, what a person said about it, and where the result goes."""

    file: Path
    source: str
    choice: Choice
    result: Path | None = None


def with_saved_map(job: Job, database: Database) -> Job:
    """The job with the map last used for its source, where none was given and one was kept."""
    if job.choice.columns is not None or not database.is_current():
        return job
    with database.reading() as connection:
        pairs = imports.saved_map(connection, job.source)
    return replace(job, choice=replace(job.choice, columns=parse_map(pairs) if pairs else None))


def check(job: Job, *, preview: bool) -> None:
    """Tell what was found out; SettingsError, after a preview, where the map cannot be meant."""
    with open_table(job.file, job.choice) as opened:
        rows = sample(opened)
        faults = faults_of_map(opened.columns, rows)
        header = [f"header on line {opened.header_line}"] if opened.header_line else []
        out = _out()
        out.print(f"{job.file.name}: {', '.join([*opened.about, *header])}.")
        out.print(f"Map: {', '.join(_pairs(job, opened))}.")
        if preview or faults:
            print_preview(table_console(), opened, rows)
    if faults:
        raise SettingsError(f"{' '.join(faults)} Nothing was imported: see the first rows above and give --map anew.")


def import_file(job: Job, database: Database, intake: Intake) -> Totals:
    """Receive every row that is not in yet."""
    digest, lines = _sha256(job.file)
    totals, notes, choice = Totals(), Notes(), job.choice
    with open_table(job.file, choice) as opened:
        pairs = _pairs(job, opened)
        with database.writing() as connection:
            imports.save_map(connection, job.source, pairs, now())
        options = (pairs, choice.channel, choice.encoding, choice.delimiter, choice.sheet)
        plan = plan_of(job.source, job.file.name, digest, opened.columns, options, pairs=pairs, channel=choice.channel)
        run = Import(database, intake, plan)
        if run.already:
            _out().print(f"This file was stopped before: {run.already:,} of its messages and refusals are in already.")
        _write(opened, run.take(items_of(opened, notes), totals), job.result, lines)
        _tell(totals, notes, opened, done="received")
    return totals


def rehearse_file(job: Job, database: Database, classifier: MessageClassifier) -> Totals:
    """Tell what `import_file` would do; nothing is written but the result file."""
    totals, notes = Totals(), Notes()
    with _known(database) as known, open_table(job.file, job.choice) as opened:
        taken = rehearse(items_of(opened, notes), classifier, known, totals)
        _write(opened, taken, job.result, _sha256(job.file)[1])
        _tell(totals, notes, opened, done="would be received")
    _out().print("Dry run: nothing was written to the database.")
    return totals


def _out() -> Console:
    return Console(highlight=False, markup=False, soft_wrap=True)


def _pairs(job: Job, opened: Opened) -> list[str]:
    return (job.choice.columns or guessed_map(opened.columns)).pairs


@contextmanager
def _known(database: Database) -> Iterator[Callable[[str], str | None]]:
    """What the database, if it is in use, keeps under an id."""
    if not database.is_current():
        yield lambda _message_id: None
        return
    with database.reading() as connection:
        yield lambda message_id: known_content(connection, message_id)


def _write(opened: Opened, taken: Iterator[Taken], result: Path | None, lines: int) -> None:
    with result_writer(result, opened.columns) as write, _bar(lines) as advance:
        for one in taken:
            if one.outcome is Outcome.REFUSED:
                errors.print(f"{opened.place}, line {one.line}: {one.reason}")
            write(one)
            advance()


@contextmanager
def _bar(lines: int) -> Iterator[Callable[[], None]]:
    """A progress bar on a terminal, nothing in a pipe; `lines` is about how many rows there are."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("importing", total=lines or None)
        yield lambda: bar.advance(task)


def _sha256(file: Path) -> tuple[str, int]:
    """The hash of a file, and how many lines it has."""
    digest, lines = hashlib.sha256(), 0
    with file.open("rb") as data:
        while block := data.read(_BLOCK):
            digest.update(block)
            lines += block.count(b"\n")
    return digest.hexdigest(), lines


def _tell(totals: Totals, notes: Notes, opened: Opened, *, done: str) -> None:
    counts = totals.outcomes
    what = f"{totals.items:,} answers of {totals.rows:,} rows" if opened.columns.texts else f"{totals.rows:,} rows"
    out = _out()
    out.print(
        f"{what} = {counts[Outcome.ACCEPTED]:,} {done} + {counts[Outcome.REFUSED]:,} refused "
        f"+ {counts[Outcome.DUPLICATE]:,} duplicates."
    )
    if totals.routes:
        out.print("Routes: " + ", ".join(f"{route} {count:,}" for route, count in totals.routes.most_common()) + ".")
    for sentence in notes.sentences():
        out.print(f"Note: {sentence}")
