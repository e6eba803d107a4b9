"""One trained model and one throw-away database cluster for the whole run."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from sqlalchemy import create_engine, make_url, text

from pipeline.classify import MessageClassifier
from service.api.context import Context
from service.app import build_context
from service.settings import Settings
from service.store.database import Database
from tests import forked
from tests.postgres import Cluster, postgres_programs

CHECKOUT = Path(__file__).resolve().parents[1]
AUTHORS = ("a01", "a02", "a03", "a06", "c01", "d01", "d02", "d03", "d04", "d06", "d07", "e01", "e02", "f01")
"""Enough voices of both parts for a model that behaves, few enough to train it in half a minute."""


def heard(
    *arguments: str, cwd: Path | None = None, stdin: bytes = b"", **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command as a user would."""
    return forked.run(
        arguments,
        cwd=cwd,
        stdin=stdin,
        encoding="latin-1" if stdin else "utf-8",
        environment={**os.environ, **environment},
    )


@pytest.fixture(autouse=True)
def _no_outside_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("HEARD_", "MLFLOW_TRACKING"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HEARD_AUDIT_KEY", "the audit key of tests and nothing else")
    monkeypatch.setenv("HEARD_WEBHOOK_KEY", "the webhook key of tests and nothing else")


def train_in(place: Path) -> Path:
    """A third of the corpus in a folder, and the folder of a model trained on it by the command a user would give."""
    shutil.copy(CHECKOUT / "params.yaml", place)
    (place / "data" / "raw").mkdir(parents=True)
    for author in AUTHORS:
        shutil.copy(CHECKOUT / "data" / "raw" / f"{author}.jsonl", place / "data" / "raw")
    done = heard("train", "--in", str(place))
    assert done.returncode == 0, done.stderr
    return next(path for path in (place / "models" / "local").iterdir() if path.is_dir())


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the corpus and the model, trained once for all processes of a run."""
    base = tmp_path_factory.getbasetemp()
    place = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "workplace"
    with FileLock(f"{place}.lock"):
        if not (place / "trained").exists():
            place.mkdir()
            train_in(place)
            (place / "trained").touch()
    return place


@pytest.fixture(scope="session")
def model(workplace: Path) -> Path:
    """The folder of the trained model."""
    return next(path for path in (workplace / "models" / "local").iterdir() if path.is_dir())


@pytest.fixture(scope="session")
def classifier(model: Path) -> MessageClassifier:
    return MessageClassifier.open(model, "hos-2024")


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """The address of a throw-away PostgreSQL cluster; skipped, saying so, where PostgreSQL is not installed."""
    if postgres_programs() is None:
        pytest.skip("PostgreSQL's initdb is not on this machine (Debian: apt-get install postgresql)")
    with Cluster() as cluster:
        yield cluster.url_of("postgres")


@pytest.fixture(scope="session")
def blank_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with our tables and nothing in them: making them takes longer than most tests."""
    path = tmp_path_factory.mktemp("blank") / "heard.db"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def blank_database(cluster: str) -> str:
    """The name of such a PostgreSQL database."""
    url = new_database(cluster)
    _make_tables(url)
    return str(make_url(url).database)


def _make_tables(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


def _blank_copy(request: pytest.FixtureRequest, path: Path) -> str:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("blank_file"), path)
        return f"sqlite:///{path}"
    return new_database(request.getfixturevalue("cluster"), template=request.getfixturevalue("blank_database"))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def used_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database of each kind in turn for all tests of a module, at first with our tables and nothing in them."""
    return _blank_copy(request, tmp_path_factory.mktemp("database") / "heard.db")


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind in turn, with our tables and nothing in them."""
    return _blank_copy(request, tmp_path / "heard.db")


@pytest.fixture(params=["sqlite", "postgres"])
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind in turn, without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'heard.db'}"
    return new_database(request.getfixturevalue("cluster"))


def new_database(cluster: str, *, template: str = "template1") -> str:
    """The address of a new database in the cluster."""
    name = f"heard_{os.urandom(4).hex()}"
    engine = create_engine(cluster, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return cluster.replace("/postgres?", f"/{name}?")


@pytest.fixture
def context(database_url: str, model: Path) -> Iterator[Context]:
    """The parts of a service on an empty database."""
    parts = build_context(Settings(database=database_url, model=model))
    yield parts
    parts.database.close()
