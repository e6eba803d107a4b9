"""Work on what waits, as much at a time as is there by then: the busier the fuller, and nobody waits for more to come.

A request costs a transaction of its own, a hand-over between threads and a turn of the interpreter's lock; together
they share them.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Generic, TypeVar

LARGEST = 16
"""Questions a batch: as many as the model is asked at once."""
_THREADS = 4
_SOON = 1.0
"""Seconds after which who waits gets another thread: what holds one, a disk or a model, must not hold up all."""

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """`work` answers each of several questions, in order; what it raises, all of them are told.

    One thread works, and ends with the line; another begins where somebody has waited long.
    """

    def __init__(self, work: Callable[[Sequence[Question]], Sequence[Answer]]) -> None:
        self._work = work
        self._line: deque[tuple[Question, Future[Answer]]] = deque()
        self._lock = threading.Lock()
        self._working = 0

    async def ask(self, question: Question) -> Answer:
        """The answer to one."""
        asked = question, Future[Answer]()
        with self._lock:
            self._line.append(asked)
            idle = not self._working
        try:
            if idle:
                self._begin()
            answer = asyncio.wrap_future(asked[1])
            done, _ = await asyncio.wait({answer}, timeout=_SOON)
            if not done:
                self._begin()
        except BaseException:
            self._leave(asked)
            raise
        return await answer

    def _begin(self) -> None:
        """Another thread, where there may be one and something waits."""
        with self._lock:
            if not self._line or self._working >= _THREADS:
                return
            self._working += 1
        try:
            threading.Thread(target=self._run, name="together", daemon=True).start()
        except RuntimeError:  # the system gives no more threads
            with self._lock:
                self._working -= 1
            raise

    def _leave(self, asked: tuple[Question, Future[Answer]]) -> None:
        """Who is told that it failed must not be worked on later, where that can be helped."""
        with self._lock, suppress(ValueError):
            self._line.remove(asked)

    def _run(self) -> None:
        while batch := self._taken():
            self._answer(batch)

    def _taken(self) -> list[tuple[Question, Future[Answer]]]:
        with self._lock:
            batch = [self._line.popleft() for _ in range(min(LARGEST, len(self._line)))]
            self._working -= not batch
            return batch

    def _answer(self, batch: Sequence[tuple[Question, Future[Answer]]]) -> None:
        waits = [future for _, future in batch if future.set_running_or_notify_cancel()]
        try:
            answers = self._work([question for question, _ in batch])
            told = dict(zip((future for _, future in batch), answers, strict=True))
        except BaseException as error:  # noqa: BLE001  # raised where each of them was asked
            for future in waits:
                future.set_exception(error)
            return
        for future in waits:
            future.set_result(told[future])
