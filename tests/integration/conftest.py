"""What several modules start from: one database of each kind in turn, made once a module and emptied for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from service.api.context import Context
from service.app import build_context
from service.settings import Settings
from tests.desk import Desk, a_desk


@pytest.fixture(scope="module")
def used_desk(used_database_url: str) -> Iterator[Desk]:
    with a_desk(used_database_url) as desk:
        yield desk


@pytest.fixture
def desk(used_desk: Desk) -> Desk:
    used_desk.clear()
    return used_desk


@pytest.fixture(scope="module")
def used_context(used_database_url: str, model: Path) -> Iterator[Context]:
    parts = build_context(Settings(database=used_database_url, model=model))
    yield parts
    parts.database.close()
