"""How far a run over messages is."""

from time import monotonic
from typing import Any, Self

from pipeline.console import errors

_SETTLED = 5
"""Seconds after which a rate says something."""


class Progress:
    """A bar on a terminal, nothing in a pipe. How many messages there are may become known as they are read."""

    def __init__(self) -> None:
        from rich.progress import (  # noqa: PLC0415  # not needed by other commands
            BarColumn,
            SpinnerColumn,
            TextColumn,
            TimeElapsedColumn,
        )
        from rich.progress import Progress as Bar  # noqa: PLC0415  # as above

        columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        self._bar = Bar(*columns, console=errors, disable=not errors.is_terminal, transient=True)
        self._task = self._bar.add_task("", total=None)
        self._began = monotonic()
        self._done = self._skipped = 0
        self._total: int | None = None

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def advance(self, by: int) -> None:
        """So many messages more."""
        self._done += by
        self._show(advance=by)

    def skip(self, by: int) -> None:
        """So many messages were done before."""
        self._skipped += by
        self.advance(by)

    def expect(self, total: int) -> None:
        """There are at least so many messages."""
        self._total = total
        self._show(total=total)

    def _show(self, **change: Any) -> None:
        self._bar.update(self._task, description=self._words(), **change)

    def _words(self) -> str:
        seconds = monotonic() - self._began
        rate = f", {(self._done - self._skipped) / seconds:,.0f} a second" if seconds > _SETTLED else ""
        of = f" of {self._total:,}" if self._total else ""
        return f"{self._done:,}{of} messages{rate}"
