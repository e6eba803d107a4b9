"""Parts scored by processes of this machine, each with the model loaded once."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from pipeline.back_book.job import Job
from pipeline.back_book.parts import Part
from pipeline.back_book.work import Done, classifier_of, score_part
from pipeline.errors import HeardError

_LOOK = 0.5
"""Seconds between two looks at how far the processes are."""


def score_locally(job: Job, parts: Iterable[Part], processes: int, advance: Callable[[int], None]) -> None:
    """Score the parts, cutting some while others are scored; `advance` hears of rows."""
    context = multiprocessing.get_context("spawn")
    counter, stop = context.Value("q", 0), context.Event()
    with ProcessPoolExecutor(processes, context, _begin, (job, counter, stop)) as pool:
        try:
            _keep_busy(pool, parts, 2 * processes, _Steps(counter, advance))
        except BrokenProcessPool:
            raise HeardError(
                "one of the processes was stopped from outside, perhaps for its memory. "
                "Run the same command again: it goes on; fewer --processes need less memory."
            ) from None
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Steps:
    """What the processes counted, told in steps."""

    def __init__(self, counter: Any, advance: Callable[[int], None]) -> None:
        self._counter = counter
        self._advance = advance
        self._told = 0

    def tell(self) -> None:
        """What came since the last time."""
        now = int(self._counter.value)
        self._advance(now - self._told)
        self._told = now


def _keep_busy(pool: ProcessPoolExecutor, parts: Iterable[Part], ahead: int, steps: _Steps) -> None:
    running: set[Future[Done]] = set()
    for part in parts:
        running.add(pool.submit(_score, part))
        while len(running) >= ahead:
            running = _after_some(running, steps)
    while running:
        running = _after_some(running, steps)


def _after_some(running: set[Future[Done]], steps: _Steps) -> set[Future[Done]]:
    """Those that still run after a moment; what went wrong in another is raised here."""
    done, left = wait(running, timeout=_LOOK, return_when=FIRST_COMPLETED)
    for future in done:
        future.result()
    steps.tell()
    return left


class _Stopped(Exception):
    """The command was stopped: the part is left as it is."""


_here: dict[str, Any] = {}
"""What a process was begun with."""


def _begin(job: Job, counter: Any, stop: Event) -> None:
    """In a new process: ends with its parent, and leaves Ctrl-C to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _here.update(job=job, counter=counter, stop=stop)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _score(part: Part) -> Done:
    job: Job = _here["job"]
    classifier = classifier_of(Path(job.model), job.manifest_sha256, job.profile)
    return score_part(job, part, classifier, _count)


def _count(rows: int) -> None:
    if _here["stop"].is_set():
        raise _Stopped
    with _here["counter"].get_lock():
        _here["counter"].value += rows
