"""One fuzzer in a process of its own: `python -m tests.fuzz.one TARGET CORPUS_FOLDER [libFuzzer options]`."""

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["pipeline", "email", "icalendar", "striprtf", "oxmsg"]):
    from pipeline.errors import InputError
    from pipeline.read.files import read_paths
    from pipeline.read.html import html_to_text
    from pipeline.read.mail import read_mail
    from pipeline.read.outlook import read_msg
    from pipeline.read.tables import read_csv
    from pipeline.read.workbooks import read_workbook

from pipeline.domain import Channel, Message

_SCRATCH = Path(tempfile.mkdtemp()) / "input"


def _file(data: bytes) -> Path:
    _SCRATCH.write_bytes(data)
    return _SCRATCH


def _accounted(found: object) -> None:
    if not isinstance(found, Message | InputError):
        raise TypeError(f"{type(found).__name__} is neither a message nor a refusal")


def _mail(data: bytes) -> None:
    _accounted(read_mail(data, source="fuzz"))


def _msg(data: bytes) -> None:
    _accounted(read_msg(data, source="fuzz"))


def _html(data: bytes) -> None:
    html_to_text(data.decode("utf-8", "replace"))


def _table(read: Callable[..., Iterable[object]]) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        try:
            for found in read(_file(data), source="fuzz", channel=Channel.NOTE):
                _accounted(found)
        except InputError:
            return

    return run


def _any_file(data: bytes) -> None:
    for found in read_paths([str(_file(data))], channel=None):
        _accounted(found)


TARGETS: dict[str, Callable[[bytes], None]] = {
    "mail": _mail,
    "msg": _msg,
    "csv": _table(read_csv),
    "xlsx": _table(read_workbook),
    "html": _html,
    "file": _any_file,
}

if __name__ == "__main__":
    atheris.Setup([sys.argv[0], *sys.argv[2:]], TARGETS[sys.argv[1]])
    atheris.Fuzz()
