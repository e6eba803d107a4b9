"""`heard` in a process of its own, forked from one that has loaded its libraries, for that takes seconds.

The tests start the command more than a hundred times. What a user waits for is measured by `make bench-speed`.
"""

import atexit
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

_FORKS = get_context("forkserver")
_FORKS.set_forkserver_preload(["service.cli", "service.app", "pipeline.batch", "pipeline.training"])
_NAMES = ("stdin", "stdout", "stderr")


def run(
    arguments: Sequence[str], *, cwd: Path | None, stdin: bytes, encoding: str, environment: Mapping[str, str]
) -> "subprocess.CompletedProcess[str]":
    """The command to its end, with what it wrote."""
    with tempfile.TemporaryDirectory() as folder:
        streams = {name: Path(folder) / name for name in _NAMES}
        streams["stdin"].write_bytes(stdin)
        process = _FORKS.Process(target=_heard, args=(arguments, cwd or Path.cwd(), streams, dict(environment)))
        process.start()
        process.join()
        out, err = (streams[name].read_text(encoding=encoding) for name in _NAMES[1:])
    return subprocess.CompletedProcess(["heard", *arguments], process.exitcode or 0, out, err)


def _heard(arguments: Sequence[str], cwd: Path, streams: Mapping[str, Path], environment: Mapping[str, str]) -> None:
    for number, name in enumerate(_NAMES):
        mode = os.O_RDONLY if name == "stdin" else os.O_WRONLY | os.O_CREAT
        os.dup2(os.open(streams[name], mode), number)
        setattr(sys, name, open(number, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: PTH123, SIM115  # a descriptor, open to the end
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["heard", *arguments]
    os._exit(_ended())


def _ended() -> int:
    """The status, after all that a Python does as it ends: a fork would leave it out and wait for idle workers."""
    from service.cli import main  # noqa: PLC0415  # loaded before the fork

    status: object = 0
    try:
        main()
    except SystemExit as end:
        status = end.code
    except BaseException:  # noqa: BLE001  # as Python itself tells it
        traceback.print_exc()
        status = 1
    threading._shutdown()  # type: ignore[attr-defined]  # what Python calls first
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status if isinstance(status, int) else int(status is not None)
