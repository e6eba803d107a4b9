"""Questions that wait are answered together; each hears its own answer, and an error reaches all of its batch."""

import asyncio
import threading
from collections.abc import Sequence
from unittest.mock import Mock

import pytest

from service.together import LARGEST, Together


class Held:
    """Work that waits until it is let go, and remembers how much it was given at a time."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.begun, self.go = threading.Semaphore(0), threading.Event()

    def __call__(self, numbers: Sequence[int]) -> Sequence[int]:
        self.sizes.append(len(numbers))
        self.begun.release()
        assert self.go.wait(30)
        return [2 * number for number in numbers]


async def begun(held: Held) -> None:
    assert await asyncio.to_thread(held.begun.acquire, timeout=30)


def test_what_waits_while_others_are_answered_is_answered_together() -> None:
    async def run() -> list[int]:
        held = Held()
        together = Together(held)
        asked = [asyncio.create_task(together.ask(0))]
        await begun(held)
        asked += [asyncio.create_task(together.ask(number)) for number in range(1, LARGEST + 4)]
        await asyncio.sleep(0)
        held.go.set()
        answers = await asyncio.gather(*asked)
        assert held.sizes == [1, LARGEST, 3]
        return list(answers)

    assert asyncio.run(run()) == [2 * number for number in range(LARGEST + 4)]


def test_who_has_waited_long_gets_another_thread_and_no_more_than_four_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.together._SOON", 0.01)

    async def run() -> Held:
        held = Held()
        together = Together(held)
        asked = []
        for number in range(4):
            asked.append(asyncio.create_task(together.ask(number)))
            await begun(held)  # while those before it are held
        asked.append(asyncio.create_task(together.ask(4)))
        await asyncio.sleep(0.1)
        assert held.sizes == [1] * 4
        held.go.set()
        assert await asyncio.gather(*asked) == [0, 2, 4, 6, 8]
        return held

    assert asyncio.run(run()).sizes == [1] * 5


def test_where_no_thread_can_be_had_it_is_told_and_the_next_may_have_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        together = Together(lambda numbers: numbers)
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", Mock(side_effect=RuntimeError("can't start new thread")))
            with pytest.raises(RuntimeError):
                await together.ask(1)
        assert await together.ask(2) == 2

    asyncio.run(run())


def test_an_error_reaches_who_asked_and_the_next_are_answered() -> None:
    def work(numbers: Sequence[int]) -> Sequence[int]:
        return [10 // number for number in numbers]

    async def run() -> None:
        together = Together(work)
        with pytest.raises(ZeroDivisionError):
            await together.ask(0)
        assert await together.ask(2) == 5

    asyncio.run(run())


def test_who_goes_away_before_it_is_begun_is_left_out() -> None:
    async def run() -> Held:
        held = Held()
        together = Together(held)
        first = asyncio.create_task(together.ask(0))
        await begun(held)
        gone, stays = (asyncio.create_task(together.ask(number)) for number in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        held.go.set()
        assert await asyncio.gather(first, stays) == [0, 4]
        with pytest.raises(asyncio.CancelledError):
            await gone
        return held

    assert asyncio.run(run()).sizes == [1, 1]
