"""Questions that wait are answered together; each hears its own answer, and an error reaches all of its batch."""

import asyncio
import threading
from collections.abc import Sequence

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
        asked += [asyncio.create_task(together.ask(number)) for number in range(1, LARGEST + 1)]
        await asyncio.sleep(0)
        held.go.set()
        answers = await asyncio.gather(*asked)
        assert held.sizes == [1, LARGEST]
        return list(answers)

    assert asyncio.run(run()) == [2 * number for number in range(LARGEST + 1)]


def test_another_thread_begins_where_more_waits_than_one_takes() -> None:
    async def run() -> Held:
        held = Held()
        together = Together(held)
        asked = [asyncio.create_task(together.ask(0))]
        await begun(held)
        asked += [asyncio.create_task(together.ask(number)) for number in range(LARGEST + 1)]
        await begun(held)  # while the first still waits
        held.go.set()
        await asyncio.gather(*asked)
        return held

    assert sum(asyncio.run(run()).sizes) == LARGEST + 2


def test_an_error_reaches_who_asked_and_the_next_are_answered() -> None:
    def work(numbers: Sequence[int]) -> Sequence[int]:
        return [10 // number for number in numbers]

    async def run() -> None:
        together = Together(work)
        with pytest.raises(ZeroDivisionError):
            await together.ask(0)
        assert await together.ask(2) == 5

    asyncio.run(run())


def test_who_asked_may_go_away_and_the_work_is_done_all_the_same() -> None:
    async def run() -> Held:
        held = Held()
        together = Together(held)
        first = asyncio.create_task(together.ask(0))
        await begun(held)
        gone, stays = (asyncio.create_task(together.ask(number)) for number in (1, 2))
        await asyncio.sleep(0)
        gone.cancel()
        held.go.set()
        assert await asyncio.gather(first, stays) == [0, 4]
        with pytest.raises(asyncio.CancelledError):
            await gone
        return held

    assert asyncio.run(run()).sizes == [1, 2]
