"""Work on what waits, as much at a time as is there by then: the busier the fuller, and nobody waits for more to come.

A request costs a transaction of its own, a hand-over between threads and a turn of the interpreter's lock; together
they share them.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

LARGEST = 16
"""Questions a batch: as many as the model is asked at once."""
_THREADS = 4
"""Another one begins only where a full batch waits: one that the disk or a hanging model holds must not stop all."""

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """`work` answers each of several questions, in order; what it raises, all of them are told."""

    def __init__(self, work: Callable[[Sequence[Question]], Sequence[Answer]]) -> None:
        self._work = work
        self._line: deque[tuple[Question, Future[Answer]]] = deque()
        self._lock = threading.Lock()
        self._working = 0
        self._threads = ThreadPoolExecutor(_THREADS, "together")

    async def ask(self, question: Question) -> Answer:
        """The answer to one."""
        future: Future[Answer] = Future()
        with self._lock:
            self._line.append((question, future))
            more = self._working < _THREADS and self._working * LARGEST < len(self._line)
            self._working += more
        if more:
            self._threads.submit(self._run)
        return await asyncio.wrap_future(future)

    def _run(self) -> None:
        while batch := self._taken():
            self._answer(batch)

    def _taken(self) -> list[tuple[Question, Future[Answer]]]:
        with self._lock:
            batch = [self._line.popleft() for _ in range(min(LARGEST, len(self._line)))]
            self._working -= not batch
            return batch

    def _answer(self, batch: Sequence[tuple[Question, Future[Answer]]]) -> None:
        waits = [future.set_running_or_notify_cancel() for _, future in batch]
        wanted = [future for (_, future), waiting in zip(batch, waits, strict=True) if waiting]
        try:
            answers = self._work([question for question, _ in batch])
        except BaseException as error:  # noqa: BLE001  # raised where each of them was asked
            for future in wanted:
                future.set_exception(error)
            return
        for (_, future), waiting, answer in zip(batch, waits, answers, strict=True):
            if waiting:
                future.set_result(answer)
