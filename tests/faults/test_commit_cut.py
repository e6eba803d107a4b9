"""F7: the connection is cut at the COMMIT, so nobody knows its outcome; the message comes again and is there once."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from pipeline.classify import MessageClassifier
from service.store import messages as store
from service.store.database import Database
from tests.faults import harness
from tests.faults.proxy import Cut, Proxy

_OF_THE_WRITE = 2
"""An intake commits twice: the look whether the message is known, then the write."""


@pytest.fixture
def proxy(cluster: str) -> Iterator[Proxy]:
    folder = parse_qs(urlsplit(cluster).query)["host"][0]
    opened = Proxy(Path(folder) / ".s.PGSQL.5432")
    yield opened
    opened.close()


@pytest.fixture
def database(cluster: str, proxy: Proxy) -> Iterator[Database]:
    name = f"heard_{os.urandom(4).hex()}"
    engine = create_engine(cluster, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    options = "sslmode=disable&gssencmode=disable"
    opened = Database(f"postgresql+psycopg://heard@127.0.0.1:{proxy.port}/{name}?{options}")
    opened.migrate()
    yield opened
    opened.close()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_commit_whose_outcome_is_unknown_leaves_exactly_one_message(
    database: Database, proxy: Proxy, classifier: MessageClassifier, when: Cut
) -> None:
    intake, sent = harness.an_intake(database, classifier), harness.canaries(10)
    for message in sent:
        proxy.cut(when, _OF_THE_WRITE)
        with pytest.raises(OperationalError):
            intake.receive(message, source="inbox")
        with database.reading() as connection:
            there = store.known_content(connection, message.id) is not None
        assert there == (when == "after")
        assert intake.receive(message, source="inbox").new == (when == "before")
    assert proxy.cuts == 10
    assert harness.faults(database._engine.url.render_as_string(hide_password=False), sent) == []
