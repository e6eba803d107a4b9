"""Where the log goes: a line of JSON an event, in UTC, on standard error. Ids and reasons, never what a message says.

JSON escapes line breaks and control characters, so nobody can write a line that is not theirs (S48). Of an error its
type and where it was raised are written, never its sentence, which may quote a resident. A reader that is slow or gone
never holds up the service: lines that find no room are dropped (F42).
"""

import logging
import queue
import sys
import traceback
from contextlib import suppress
from logging.handlers import QueueHandler, QueueListener
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict

_ROOM = 10_000
"""Lines that wait to be written."""
_Raised = tuple[type[BaseException], BaseException, TracebackType | None]


def to_standard_error(level: int = logging.INFO) -> None:
    """From here on, also for the libraries' own warnings."""
    to_stream(sys.stderr, level)


def to_stream(stream: TextIO, level: int = logging.INFO) -> QueueListener:
    """The same to another place; answers what writes the lines, to be stopped by a test."""
    logging.raiseExceptions = False
    lines: queue.Queue[Any] = queue.Queue(_ROOM)
    listener = _Writer(lines, logging.StreamHandler(stream))
    handler = _Lines(lines)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processors=_LAST, foreign_pre_chain=_FIRST))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for loud in ("httpx", "httpx2", "alembic", "imapclient", "uvicorn.access"):
        logging.getLogger(loud).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*_FIRST, _only_where, structlog.processors.JSONRenderer()],
        logger_factory=lambda *_: _Line(lines),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    listener.start()
    return listener


class _Lines(QueueHandler):
    """Makes a library's line where it is written, since only there is the request known."""

    def prepare(self, record: logging.LogRecord) -> Any:
        """Nothing but its line."""
        return self.format(record)


class _Line:
    """Takes our own lines, without the way through `logging`: every request writes one."""

    def __init__(self, lines: queue.Queue[Any]) -> None:
        self._lines = lines

    def msg(self, line: str) -> None:
        """Into the queue, or nowhere where that is full."""
        with suppress(queue.Full):
            self._lines.put_nowait(line)

    debug = info = warning = error = critical = msg


class _Writer(QueueListener):
    """Writes the lines of both."""

    def handle(self, record: Any) -> None:
        """One line."""
        super().handle(logging.makeLogRecord({"msg": record}))


def _only_where(_logger: object, _method: str, event: EventDict) -> EventDict:
    """`exc_info` becomes the error's type and the places it passed."""
    raised = event.pop("exc_info", None)
    found: _Raised | None = sys.exc_info() if raised is True else raised  # type: ignore[assignment]  # as logging has it
    if found and found[0]:
        event["error"] = found[0].__name__
        event["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(found[2])]
    return event


_FIRST: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_LAST: list[Any] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    _only_where,
    structlog.processors.JSONRenderer(),
]
