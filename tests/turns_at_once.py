"""Several officers at once."""

import threading
from collections.abc import Callable

from service.queue import QueueItem
from service.refusals import ActionRefused
from service.turns import Asking

KHAN, PATEL = Asking(by="A. Khan"), Asking(by="S. Patel")


def at_once(*actions: Callable[[], QueueItem | None]) -> list[QueueItem | ActionRefused | None]:
    """What each came to, in the order given."""
    found: list[QueueItem | ActionRefused | None] = [None] * len(actions)
    start = threading.Barrier(len(actions))

    def run(number: int) -> None:
        start.wait()
        try:
            found[number] = actions[number]()
        except ActionRefused as refused:
            found[number] = refused

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found
