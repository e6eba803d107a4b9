"""Starting quickly."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def starting() -> Iterator[None]:
    """For the time in which libraries and a model are loaded: looks for no garbage, as all of it stays.

    Nor is what was loaded looked through afterwards (`gc.freeze`): that was a sixth of the start of `heard score`.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
