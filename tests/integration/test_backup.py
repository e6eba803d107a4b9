"""A backup taken while messages come in is whole, and what came after it comes in again once."""

import shutil
import sqlite3
import subprocess
import threading
from pathlib import Path

import pytest

from pipeline.classify import MessageClassifier
from service.audit import verify
from service.deadlines import Calendar
from service.intake import Intake
from service.settings import Nation
from service.store import checks, queues
from service.store.database import Database
from tests.conftest import new_database
from tests.faults.harness import canaries, faults

SENT = 40


def backed_up(url: str, target: Path) -> None:
    """As docs/how-to/back-up-and-restore.md says."""
    if url.startswith("sqlite"):
        source, copy = sqlite3.connect(url.removeprefix("sqlite:///")), sqlite3.connect(target)
        source.backup(copy)
        source.close()
        copy.close()
    else:
        subprocess.run(["pg_dump", "--format=custom", f"--file={target}", plain(url)], check=True)


def restored(url: str, backup: Path, folder: Path, request: pytest.FixtureRequest) -> str:
    if url.startswith("sqlite"):
        (folder / "restored").mkdir()
        shutil.copy(backup, folder / "restored" / "heard.db")
        return f"sqlite:///{folder / 'restored' / 'heard.db'}"
    other = new_database(request.getfixturevalue("cluster"))
    subprocess.run(["pg_restore", "--exit-on-error", f"--dbname={plain(other)}", backup], check=True)
    return other


def plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def receive(database: Database, classifier: MessageClassifier, half: threading.Event | None = None) -> None:
    intake = Intake(database, classifier, Calendar(Nation.ENGLAND))
    for number, message in enumerate(canaries(SENT)):
        intake.receive(message, source="canaries")
        if half and number == SENT // 3:
            half.set()


def test_a_backup_during_load_is_whole_and_everything_sent_again_is_there_once(
    database_url: str, classifier: MessageClassifier, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if not database_url.startswith("sqlite") and shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not on this machine (Debian: apt-get install postgresql-client)")
    database = Database(database_url)
    database.migrate()
    half = threading.Event()
    load = threading.Thread(target=receive, args=(database, classifier, half))
    load.start()
    half.wait(60)
    backed_up(database_url, tmp_path / "backup")
    load.join()
    again = restored(database_url, tmp_path / "backup", tmp_path, request)
    key = database.audit_key
    database.close()
    copy = Database(again, key)
    with copy.reading() as connection:
        there = sum(balance.received for balance in queues.balances(connection))
        assert 0 < there <= SENT
        assert checks.broken(connection) == []
    assert verify(copy).holds
    receive(copy, classifier)
    with copy.reading() as connection:
        assert all(balance.holds for balance in queues.balances(connection))
    assert faults(again, canaries(SENT)) == []
    assert verify(copy).holds
    copy.close()
