"""What several modules start from: one database of each kind in turn, made once a module and emptied for each test."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from service.api.context import Context
from service.app import build_context, create_app
from service.batching import Batcher
from service.roles import Role
from service.settings import Settings
from tests.desk import Desk, a_desk, clear
from tests.dovecot import PASSWORD, Dovecot
from tests.failing_model import PATIENCE, Broken
from tests.house import House
from tests.receiver import Receiver, a_receiver
from tests.site import Site, a_site_without_a_port
from tests.token_endpoint import TokenEndpoint, a_token_endpoint


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


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with a_receiver(tmp_path) as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(running.certificate))
        yield running


@pytest.fixture
def house(used_context: Context) -> House:
    clear(used_context.database)
    return House(used_context)


@pytest.fixture
def officer(house: House) -> str:
    return house.officer(Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Context]:
    url = f"sqlite:///{tmp_path_factory.mktemp('operations') / 'heard.db'}"
    parts = build_context(Settings(database=url, model=model, longest_line=4, model_seconds=60))
    yield parts
    parts.database.close()


@pytest.fixture
def spoil(served: Context) -> Iterator[Callable[[Broken], None]]:
    """Put something else in the place of the model of `served`."""
    serving = served.classifier
    whole = serving._loaded
    assert whole is not None

    def put(work: Broken) -> None:
        serving._loaded = replace(whole, batcher=Batcher(work, patience=PATIENCE))

    yield put
    serving._loaded, serving._said = whole, ""


@pytest.fixture(scope="module")
def used_site(used_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEARD_AUDIT_KEY", "the audit key of tests and nothing else")
        with a_site_without_a_port(used_database_url, tmp_path_factory.mktemp("site")) as made:
            yield made


@pytest.fixture
def site(used_site: Site) -> Site:
    clear(used_site.parts.database)
    return used_site


@pytest.fixture
def client(site: Site) -> TestClient:
    """A. Khan's browser."""
    client = TestClient(create_app(site.parts), headers={"Accept": "text/html"}, follow_redirects=False)
    client.cookies.set("heard-name", "A.%20Khan")
    return client


@pytest.fixture(scope="session")
def endpoint() -> Iterator[TokenEndpoint]:
    with a_token_endpoint() as running:
        yield running


@pytest.fixture(scope="session")
def dovecot(endpoint: TokenEndpoint) -> Iterator[Dovecot]:
    with Dovecot(tokeninfo=endpoint.address) as server:
        yield server


@pytest.fixture
def user(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mailbox of this test's own."""
    monkeypatch.setenv("INBOX_PASSWORD", PASSWORD)
    return f"u{abs(hash(request.node.nodeid)):x}"
