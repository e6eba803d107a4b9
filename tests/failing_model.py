"""A model that fails in every way."""

import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline.domain import Decision, Message
from pipeline.policy import load_profile
from pipeline.undetermined import undetermined

NAME, PHONE, WORDS = "Quillon Zabrisk", "07700 900461", "the purple cistern howls"


PATIENCE = 2


Broken = Callable[[Sequence[Message], bool], Sequence[Decision]]


def raises(_messages: Sequence[Message], _explain: bool) -> Sequence[Decision]:
    raise ZeroDivisionError(WORDS)


class Fails:
    """Gives no answer."""

    profile = load_profile("hos-2024")

    def classify(self, given: Sequence[Message], *, explain: bool = False) -> Sequence[Decision]:  # noqa: ARG002  # as intake asks
        return [undetermined(message, "the model failed.", self.profile, None) for message in given]


def start(folder: Path, model: Path, port: int, **options: Any) -> "subprocess.Popen[bytes]":
    command = [str(Path(sys.executable).parent / "heard"), "serve", "--port", str(port), "--model", str(model)]
    server = subprocess.Popen([*command, "--database", f"sqlite:///{folder}/heard.db"], **options)
    for _ in range(600):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return server
    raise AssertionError("not ready")
