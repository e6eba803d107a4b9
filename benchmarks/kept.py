"""What a benchmark keeps from run to run, and must not look up while it measures time."""

from collections.abc import Iterator
from contextlib import contextmanager


class Kept:
    """Something that looks up what it once worked out, as long as `keeps` is true."""

    keeps = True

    @contextmanager
    def forgotten(self) -> Iterator[None]:
        """A time in which nothing is looked up or kept, to measure how long the work takes."""
        self.keeps = False
        try:
            yield
        finally:
            self.keeps = True
