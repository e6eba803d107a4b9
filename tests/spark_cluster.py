"""A standalone Spark of our own on the loopback address: a master and two workers, one executor of one core on each."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Self

import psutil

from tests.dovecot import free_port

_HOST = "127.0.0.1"
_STARTS = 600
"""Seconds within which a process of Spark must be there."""


def missing() -> str | None:
    """What is not on this machine, in words; None where all of it is."""
    if find_spec("pyspark") is None:
        return "PySpark is not installed: make test-spark"
    if shutil.which("java") is None:
        return "there is no Java on this machine (Debian: apt-get install openjdk-17-jre-headless)"
    return None


class SparkCluster:
    """Made on entering, gone on leaving. `url` is what `--spark-master` takes."""

    def __init__(self, workers: int = 2) -> None:
        self.url = f"spark://{_HOST}:{free_port()}"
        self.environment = {"SPARK_LOCAL_IP": _HOST, "PYSPARK_PYTHON": sys.executable, "SPARK_DAEMON_MEMORY": "256m"}
        self._folder = Path(tempfile.mkdtemp(prefix="heard-spark-"))
        self._workers = workers
        self._processes: list[psutil.Popen] = []

    def __enter__(self) -> Self:
        try:
            self._start("master.Master", "--port", self.url.rpartition(":")[2])
            for _ in range(self._workers):
                work = ["--cores", "1", "--memory", "1g", "--work-dir", str(self._folder)]
                self._start("worker.Worker", *work, self.url)
            until(lambda: self._log().count("Registering worker") >= self._workers, "its workers")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        every = [each for process in self._processes for each in [process, *process.children(recursive=True)]]
        for process in every:
            if process.is_running():
                process.kill()
        psutil.wait_procs(every)
        shutil.rmtree(self._folder)

    def executors(self) -> list[psutil.Process]:
        """The processes that run tasks now."""
        below = [each for process in self._processes for each in process.children(recursive=True)]
        return [each for each in below if _is_executor(each)]

    def _start(self, what: str, *arguments: str) -> None:
        spark_class = Path(sys.executable).parent / "spark-class"
        command = [
            str(spark_class),
            f"org.apache.spark.deploy.{what}",
            "--host",
            _HOST,
            "--webui-port",
            "0",
            *arguments,
        ]
        with self._log_file.open("ab") as log:
            environment = {**os.environ, **self.environment}
            self._processes.append(psutil.Popen(command, stdout=log, stderr=log, env=environment))

    @property
    def _log_file(self) -> Path:
        return self._folder / "log"

    def _log(self) -> str:
        return self._log_file.read_text(encoding="utf-8", errors="replace")


def until(happened: Callable[[], object], what: str) -> None:
    """Wait; RuntimeError where it takes too long."""
    end = time.monotonic() + _STARTS
    while not happened():
        if time.monotonic() > end:
            raise RuntimeError(f"Spark: {what} did not come within {_STARTS} seconds")
        time.sleep(0.1)


def _is_executor(process: psutil.Process) -> bool:
    try:
        return "CoarseGrainedExecutorBackend" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False
