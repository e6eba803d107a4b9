"""A whole run: begin or go on, score what is left, finish."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from pipeline.back_book.folder import begun, finish, finished
from pipeline.back_book.job import Job
from pipeline.back_book.local import score_locally
from pipeline.back_book.on_spark import score_on_spark
from pipeline.back_book.parts import Part, cut
from pipeline.back_book.work import work_folder
from pipeline.batch import Tally

Engine = Callable[[Iterator[Part]], None]


class Watching(Protocol):
    """Who shows how far a run is."""

    def advance(self, by: int) -> None:
        """So many messages more."""

    def skip(self, by: int) -> None:
        """So many messages were done before."""

    def expect(self, total: int) -> None:
        """There are at least so many messages."""


@dataclass(kw_only=True)
class Outcome:
    """What a run did, over all its starts. `before` parts were there when it began."""

    tally: Tally
    parts: int
    before: int


def run_locally(job: Job, processes: int, watching: Watching) -> Outcome:
    """By processes of this machine: each part is cut when a process is free for it."""
    return _run(job, watching, lambda parts: score_locally(job, parts, processes, watching.advance))


def run_on_spark(job: Job, master: str | None, watching: Watching) -> Outcome:
    """By Spark: all parts are cut before the first is scored."""
    return _run(
        job,
        watching,
        lambda parts: score_on_spark(job, list(parts), master, lambda part: watching.advance(part.rows)),
    )


def _run(job: Job, watching: Watching, engine: Engine) -> Outcome:
    with begun(job) as done:
        known = finished(job)
        if known is not None:
            return Outcome(tally=known, parts=len(done), before=len(done))
        parts: list[Part] = []

        def left() -> Iterator[Part]:
            total = 0
            for part in cut(job, work_folder(job.output), done):
                parts.append(part)
                total += part.rows
                watching.expect(total)
                if part.number in done:
                    watching.skip(part.rows)
                else:
                    yield part

        engine(left())
        return Outcome(tally=finish(job, parts), parts=len(parts), before=len(done))
