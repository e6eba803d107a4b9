"""P3, P5, P6, F1: processes are killed and messages come again; nothing is lost and nothing is decided twice."""

import os
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, func, select, text

from pipeline.classify import MessageClassifier
from service.store import tables
from service.store.database import Database
from tests.faults import harness

SEED = 20261127


@pytest.fixture
def url(database_url: str) -> str:
    database = Database(database_url)
    database.migrate()
    database.close()
    return database_url


def test_an_intake_killed_25_times_loses_nothing_of_1000_messages_and_decides_none_twice(
    url: str, classifier: MessageClassifier, tmp_path: Path
) -> None:
    messages, ledger = harness.canaries(1_000), tmp_path / "told"
    kills = list(harness.killed_runs(url, classifier, messages, ledger, kills=25, seed=SEED, rhythm=0.1))
    assert len(kills) == 25
    assert harness.faults(url, messages, ledger) == []
    assert len(set(harness.told(ledger))) == 1_000


def test_each_message_redelivered_five_times_by_eight_workers_is_decided_once(
    url: str, classifier: MessageClassifier
) -> None:
    messages = harness.canaries(200)
    database = Database(url)
    intake = harness.an_intake(database, classifier)
    failed = list[BaseException]()

    def work(worker: int) -> None:
        order = messages[worker * 25 :] + messages[: worker * 25]
        for message in order if worker < 5 else order[::8]:
            try:
                intake.receive(message, source=f"worker-{worker}")
            except BaseException as error:
                failed.append(error)
                raise

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as connection:
        arrivals = connection.scalar(select(func.count()).select_from(tables.arrival))
    database.close()
    assert failed == []
    assert arrivals == 5 * 200 + 3 * 25
    assert harness.faults(url, messages) == []


def test_a_killed_backend_of_postgresql_costs_nothing_that_was_told(
    cluster: str, classifier: MessageClassifier, tmp_path: Path
) -> None:
    name = f"heard_{os.urandom(4).hex()}"
    server = create_engine(cluster, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = cluster.replace("/postgres?", f"/{name}?")
    database = Database(url)
    database.migrate()
    database.close()
    messages, ledger = harness.canaries(300), tmp_path / "told"
    for _ in range(4):
        child = harness.in_child(lambda: harness.hand_over(url, classifier, messages, ledger))
        time.sleep(0.25)
        with server.connect() as connection:
            ask = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
            connection.execute(ask, {"name": name})
        harness.exit_status(child)
    server.dispose()
    assert harness.exit_status(harness.in_child(lambda: harness.hand_over(url, classifier, messages, ledger))) == 0
    assert harness.faults(url, messages, ledger) == []
