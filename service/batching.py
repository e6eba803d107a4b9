"""What waits is worked on together, by a thread that is watched: one that hangs is left behind and replaced."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from pipeline.domain import Message

LARGEST = 16
"""Messages a batch: more bring little and make the next ones wait."""
_IDLE = 5.0
"""Seconds until a thread with nothing to do ends; the next call starts another."""
_SPARE = 3
"""How many threads may hang before nobody is asked to wait any more."""

Answer = TypeVar("Answer")
Work = Callable[[Sequence[Message], bool], Sequence[Answer]]
"""Messages, and whether to explain -> one answer a message, in order."""


class NoAnswer(Exception):
    """The work gave no answer. Says what it did instead ("failed (ValueError)."), with nobody's words."""


class TookTooLong(NoAnswer):
    """It was waited for as long as may be; the work may still be going on."""


class Closed(NoAnswer):
    """Another one does this work now: ask there."""


@dataclass(kw_only=True, eq=False)
class _Asked(Generic[Answer]):
    """One call and what becomes of it. `then` tells who waits outside a thread that it is done."""

    messages: Sequence[Message]
    explain: bool
    done: threading.Event = field(default_factory=threading.Event)
    then: Callable[[], object] = bool
    answers: Sequence[Answer] = ()
    error: str = ""
    given_up: bool = False
    thread: threading.Thread | None = None


class Batcher(Generic[Answer]):
    """Takes what waits when the thread is free, and waits for nothing more to come (greedy, without a timer).

    An answer must not depend on its neighbours; where a batch fails its calls are tried one by one, so that one message
    cannot spoil those beside it.
    """

    def __init__(self, work: Work[Answer], *, patience: float) -> None:
        self._work = work
        self._patience = patience
        self._line: deque[_Asked[Answer]] = deque()
        self._changed = threading.Condition()
        self._stuck: set[threading.Thread] = set()
        self._closed = False
        self._free: set[threading.Thread] = set()

    @property
    def hangs(self) -> bool:
        """Whether a thread is stuck now."""
        return bool(self._stuck)

    def ask(self, messages: Sequence[Message], *, explain: bool) -> Sequence[Answer]:
        """One answer a message; NoAnswer after `patience` seconds, or where the work raised."""
        asked = _Asked[Answer](messages=messages, explain=explain)
        self._join(asked)
        if not asked.done.wait(self._patience):
            self._give_up(asked)
        return _answers(asked)

    async def wait_for(self, messages: Sequence[Message], *, explain: bool) -> Sequence[Answer]:
        """As `ask`, without a thread that waits."""
        done = asyncio.Event()
        tell = partial(asyncio.get_running_loop().call_soon_threadsafe, done.set)
        asked = _Asked[Answer](messages=messages, explain=explain, then=tell)
        self._join(asked)
        try:
            async with asyncio.timeout(self._patience):
                await done.wait()
        except TimeoutError:
            self._give_up(asked)
        return _answers(asked)

    def _join(self, asked: _Asked[Answer]) -> None:
        with self._changed:
            if self._closed:
                raise Closed("was exchanged.")
            self._man()
            self._line.append(asked)
            self._changed.notify()

    def close(self) -> None:
        """Let the threads end when nothing waits any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _give_up(self, asked: _Asked[Answer]) -> None:
        with self._changed:
            if asked.done.is_set():
                return
            asked.given_up = True
            asked.error = f"did not answer within {self._patience:g} seconds."
            thread = asked.thread
            if thread in self._free:
                self._stuck.add(thread)
                self._free.discard(thread)
                if self._line and len(self._stuck) < _SPARE:
                    self._man()

    def _man(self) -> None:
        """See that a thread is there for what waits; NoAnswer where as many hang as may be left behind."""
        if self._free:
            return
        if len(self._stuck) >= _SPARE:
            raise NoAnswer("does not answer.")
        thread = threading.Thread(target=self._run, name="model", daemon=True)
        self._free.add(thread)
        thread.start()

    def _run(self) -> None:
        me = threading.current_thread()
        while batch := self._next(me):
            self._do(batch)
            if not self._back(me):
                return

    def _back(self, me: threading.Thread) -> bool:
        """Whether this thread goes on: one that was stuck does only where nobody took its place."""
        with self._changed:
            if me in self._stuck:
                self._stuck.discard(me)
                if self._free:
                    return False
                self._free.add(me)
            return True

    def _next(self, me: threading.Thread) -> list[_Asked[Answer]]:
        """What waits, as far as it is asked for alike and fits. With nothing to do the thread ends."""
        with self._changed:
            self._changed.wait_for(lambda: self._line or self._closed, timeout=_IDLE)
            batch = self._taken()
            for asked in batch:
                asked.thread = me
            if not batch:
                self._free.discard(me)
            return batch

    def _taken(self) -> list[_Asked[Answer]]:
        batch: list[_Asked[Answer]] = []
        size = 0
        while self._line and (not batch or self._fits(batch[0], self._line[0], size)):
            asked = self._line.popleft()
            if not asked.given_up:
                batch.append(asked)
                size += len(asked.messages)
        return batch

    @staticmethod
    def _fits(first: _Asked[Answer], asked: _Asked[Answer], size: int) -> bool:
        return asked.explain == first.explain and size + len(asked.messages) <= LARGEST

    def _do(self, batch: list[_Asked[Answer]]) -> None:
        if len(batch) > 1 and self._done_together(batch):
            return
        for asked in batch:
            answers, error = self._tried(asked.messages, explain=asked.explain)
            self._answer(asked, answers, error)

    def _done_together(self, batch: list[_Asked[Answer]]) -> bool:
        """Whether all could be answered at once."""
        messages = [message for asked in batch for message in asked.messages]
        answers, error = self._tried(messages, explain=batch[0].explain)
        if error:
            return False
        start = 0
        for asked in batch:
            end = start + len(asked.messages)
            self._answer(asked, answers[start:end], "")
            start = end
        return True

    def _tried(self, messages: Sequence[Message], *, explain: bool) -> tuple[Sequence[Answer], str]:
        try:
            answers = self._work(messages, explain)
        except NoAnswer as error:
            return (), str(error)
        except Exception as error:  # noqa: BLE001  # a model may raise anything, and no message may be lost by it (P11)
            return (), f"failed ({type(error).__name__})."
        if len(answers) != len(messages):
            return (), "gave another number of answers than it was asked for."
        return answers, ""

    @staticmethod
    def _answer(asked: _Asked[Answer], answers: Sequence[Answer], error: str) -> None:
        if not asked.given_up:
            asked.answers, asked.error = answers, error
            asked.done.set()
            with suppress(RuntimeError):  # its loop has ended: nobody waits
                asked.then()


def _answers(asked: _Asked[Answer]) -> Sequence[Answer]:
    if asked.error:
        raise (TookTooLong if asked.given_up else NoAnswer)(asked.error)
    return asked.answers
