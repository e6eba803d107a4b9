"""One trained model and one throw-away database cluster for the whole run."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from pipeline.classify import MessageClassifier
from service.api.context import Context
from service.app import build_context
from service.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[1]
AUTHORS = ("a01", "a02", "a03", "a06", "c01", "d01", "d02", "d03", "d04", "d06", "d07", "e01", "e02", "f01")
"""Enough voices of both parts for a model that behaves, few enough to train it in half a minute."""


def heard(
    *arguments: str, cwd: Path | None = None, stdin: bytes = b"", **environment: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command as a user would."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "heard"), *arguments],
        input=stdin.decode("latin-1"),
        encoding="latin-1" if stdin else "utf-8",
        capture_output=True,
        cwd=cwd,
        env={**os.environ, **environment},
        check=False,
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
    """The folder of the corpus and the model."""
    place = tmp_path_factory.mktemp("workplace")
    train_in(place)
    return place


@pytest.fixture(scope="session")
def model(workplace: Path) -> Path:
    """The folder of the trained model."""
    return next(path for path in (workplace / "models" / "local").iterdir() if path.is_dir())


@pytest.fixture(scope="session")
def classifier(model: Path) -> MessageClassifier:
    return MessageClassifier.open(model, "hos-2024")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a throw-away PostgreSQL cluster; skipped, saying so, where PostgreSQL is not installed."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not on this machine (Debian: apt-get install postgresql)")
    folder = tmp_path_factory.mktemp("postgres")
    as_owner = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        as_owner = ["runuser", "-u", "postgres", "--"]
        for parent in (folder, *folder.parents[:2]):
            parent.chmod(0o755)
        shutil.chown(folder, "postgres")
    data = folder / "data"

    def run(program: str, *options: str) -> None:
        subprocess.run([*as_owner, str(programs / program), *options], check=True, capture_output=True, cwd=folder)

    run("initdb", "-D", str(data), "-U", "heard", "--auth=trust", "-E", "UTF8")
    run(
        "pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", f"-k {folder} -c listen_addresses=''", "start"
    )
    yield f"postgresql+psycopg://heard@/postgres?host={folder}"
    run("pg_ctl", "-D", str(data), "-w", "-m", "immediate", "stop")


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


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def used_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """One database of each kind in turn for all tests of a module: making the tables takes longer than most tests."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('database') / 'heard.db'}"
    return new_database(request.getfixturevalue("cluster"))


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'heard.db'}"
        return
    yield new_database(request.getfixturevalue("cluster"))


def new_database(cluster: str) -> str:
    """The address of an empty database in the cluster."""
    name = f"heard_{os.urandom(4).hex()}"
    engine = create_engine(cluster, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return cluster.replace("/postgres?", f"/{name}?")


@pytest.fixture
def context(database_url: str, model: Path) -> Iterator[Context]:
    """The parts of a service on an empty database."""
    parts = build_context(Settings(database=database_url, model=model))
    yield parts
    parts.database.close()
