"""P1, P31, F12, F13: the last sync comes before the answer; a full or read-only disk is said so and loses nothing."""

import os
import re
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from pipeline.classify import MessageClassifier
from pipeline.errors import SettingsError
from service.store.database import Database
from tests.faults import harness

NOBODY = 65_534


def traced(tmp_path: Path, work: Callable[[], None]) -> str:
    """The system calls of `work` in a process of its own that matter here, in their order."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not on this machine (Debian: apt-get install strace)")
    begin, log = tmp_path / "begin", tmp_path / "trace"

    def waiting() -> None:
        while not begin.exists():
            time.sleep(0.01)
        work()

    child = harness.in_child(waiting)
    options = ["-f", "-q", "-e", "trace=fsync,fdatasync,write", "-s", "40", "-o", str(log), "-p", str(child)]
    tracer = subprocess.Popen([strace, *options], stderr=subprocess.PIPE, text=True)
    time.sleep(1)
    begin.touch()
    status = harness.exit_status(child)
    _, error = tracer.communicate()
    if "Operation not permitted" in error:
        pytest.skip("strace may not attach to a process here")
    assert status == 0
    return log.read_text()


def answers_before_sync(trace: str) -> list[str]:
    """Answers with no sync between them and the answer before."""
    found, synced = [], False
    for line in trace.splitlines():
        if re.search(r"f(data)?sync\(", line):
            synced = True
        elif told := re.search(r'write\(\d+, "(canary-\d+)', line):
            found += [] if synced else [told[1]]
            synced = False
    return found


@pytest.mark.parametrize("synchronous", ["FULL", "NORMAL"])
def test_every_message_is_synced_before_its_sender_is_told(
    classifier: MessageClassifier, tmp_path: Path, synchronous: str
) -> None:
    url, sent = f"sqlite:///{tmp_path / 'heard.db'}", harness.canaries(5)
    database = Database(url)
    database.migrate()
    database.close()

    def work() -> None:
        opened = Database(url)
        event.listen(opened._engine, "connect", lambda raw, _: raw.execute(f"PRAGMA synchronous={synchronous}"))
        intake = harness.an_intake(opened, classifier)
        with (tmp_path / "told").open("a", buffering=1) as book:
            for message in sent:
                harness.honest(intake, message, lambda name=message.id: book.write(f"{name}.\n"))

    trace = traced(tmp_path, work)
    assert trace.count('"canary-') == 5
    assert bool(answers_before_sync(trace)) == (synchronous == "NORMAL")


def test_a_full_disk_refuses_what_does_not_fit_and_the_service_goes_on_when_there_is_room(
    classifier: MessageClassifier, tmp_path: Path
) -> None:
    url, sent, ledger = f"sqlite:///{tmp_path / 'heard.db'}", harness.canaries(40), tmp_path / "told"
    database = Database(url)
    database.migrate()
    database.close()

    def work() -> None:
        opened = Database(url)
        intake = harness.an_intake(opened, classifier)
        intake.receive(sent[0], source=harness.SOURCE)
        full = (tmp_path / "heard.db-wal").stat().st_size + 60_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        refused = []
        with ledger.open("a", buffering=1) as book:
            for message in sent:
                try:
                    harness.honest(intake, message, lambda name=message.id: book.write(f"{name}.\n"))
                except OperationalError:
                    refused.append(message)
            assert refused
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            for message in refused:
                harness.honest(intake, message, lambda name=message.id: book.write(f"{name}.\n"))
        opened.close()

    assert harness.exit_status(harness.in_child(work)) == 0
    assert harness.faults(url, sent, ledger) == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user of this machine can reach."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_written_is_said_so_and_nothing_is_lost(
    classifier: MessageClassifier, open_folder: Path, tmp_path: Path
) -> None:
    url, said = f"sqlite:///{open_folder / 'heard.db'}", open_folder / "said"
    said.touch()
    said.chmod(0o666)

    def work() -> None:
        if os.geteuid() == 0:  # root may write anywhere
            os.setuid(NOBODY)
        try:
            Database(url).migrate()
        except SettingsError as error:
            said.write_text(str(error))

    open_folder.chmod(0o555)
    harness.exit_status(harness.in_child(work))
    assert "cannot be opened" in said.read_text()
    assert "may it be written" in said.read_text()
    open_folder.chmod(0o755)
    database = Database(url)
    database.migrate()
    database.close()
    harness.hand_over(url, classifier, harness.canaries(3), tmp_path / "told")
    assert harness.faults(url, harness.canaries(3), tmp_path / "told") == []
