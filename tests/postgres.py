"""A PostgreSQL cluster of our own with its default `fsync=on`, to be stopped hard and have its processes killed."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

RECOVERY_SECONDS = 30
"""Within which a cluster must answer again after a crash (F5, F6)."""


def postgres_programs() -> Path | None:
    """The folder of PostgreSQL's programs, or None."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    config = shutil.which("pg_config")
    if config:
        folder = Path(subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True).stdout.strip())
        if (folder / "initdb").exists():
            return folder
    known = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return known[-1].parent if known else None


class Cluster:
    """Made on entering, gone on leaving. `slowest` is the longest it took to answer again, in seconds."""

    def __init__(self) -> None:
        found = postgres_programs()
        if found is None:
            raise SystemExit("PostgreSQL's initdb is not on this machine (Debian: apt-get install postgresql)")
        self._programs = found
        self._folder = Path(tempfile.mkdtemp(prefix="heard-postgres-"))
        self._as_owner: list[str] = []
        self.slowest = 0.0

    def __enter__(self) -> Self:
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            self._as_owner = ["runuser", "-u", "postgres", "--"]
            self._folder.chmod(0o755)
            shutil.chown(self._folder, "postgres")
        self._run("initdb", "-D", self._data, "-U", "heard", "--auth=trust", "-E", "UTF8")
        self._start()
        with self._engine("postgres").connect() as connection:
            if connection.scalar(text("SHOW fsync")) != "on":
                raise RuntimeError("a cluster without fsync proves nothing")
            connection.execute(text("CREATE DATABASE heard"))
        return self

    def __exit__(self, *_: object) -> None:
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(self._folder)

    @property
    def url(self) -> str:
        """The address of the database."""
        return self.url_of("heard")

    def url_of(self, database: str) -> str:
        """The address of one of the cluster's databases."""
        return f"postgresql+psycopg://heard@/{database}?host={self._folder}"

    def kill_backend(self) -> None:
        """kill -9 one process that serves the database: PostgreSQL ends all others and recovers."""
        with self._engine("postgres").connect() as connection:
            ask = "SELECT pid FROM pg_stat_activity WHERE datname = 'heard' ORDER BY backend_start LIMIT 1"
            process = connection.scalar(text(ask))
        if process is not None:
            os.kill(process, signal.SIGKILL)
            time.sleep(0.05)

    def stop_at_once(self) -> None:
        """Stop without writing anything down, and start again."""
        self._run("pg_ctl", "-D", self._data, "-w", "-m", "immediate", "stop")
        self._start()

    def await_answer(self) -> None:
        """Wait until the database can be used; RuntimeError where that takes longer than is allowed."""
        began = time.monotonic()
        while time.monotonic() - began < RECOVERY_SECONDS:
            try:
                with self._engine("heard").connect() as connection:
                    connection.execute(text("SELECT 1"))
            except OperationalError:
                time.sleep(0.05)
            else:
                self.slowest = max(self.slowest, time.monotonic() - began)
                return
        raise RuntimeError(f"PostgreSQL did not answer within {RECOVERY_SECONDS} seconds")

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _engine(self, database: str) -> Engine:
        return create_engine(self.url_of(database), isolation_level="AUTOCOMMIT", poolclass=NullPool)

    def _start(self) -> None:
        options = f"-k {self._folder} -c listen_addresses=''"
        self._run("pg_ctl", "-D", self._data, "-w", "-l", str(self._folder / "log"), "-o", options, "start")

    def _run(self, program: str, *options: str) -> None:
        command = [*self._as_owner, str(self._programs / program), *options]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder)
