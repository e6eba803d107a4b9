"""Who may do what, tried on every route there is."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from service.access import Access, as_markdown, table
from service.api.context import Context
from service.app import build_context, with_routes
from service.roles import HOLDS, Permission, Role
from service.settings import Settings
from tests.conftest import CHECKOUT
from tests.house import House, browser, system

ROUTES = table(with_routes())
GUARDED = [route for route in ROUTES if route.needs]
_EXAMPLES = {"item_id": "1", "queue": "review", "message_id:path": "m-1"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[House]:
    url = f"sqlite:///{tmp_path_factory.mktemp('roles') / 'heard.db'}"
    context: Context = build_context(Settings(database=url, model=model))
    yield House(context)
    context.database.close()


@pytest.fixture(scope="module")
def client(house: House) -> Iterator[TestClient]:
    house.officer(Role.ADMINISTRATOR)
    with system(house.app()) as client:
        yield client


@pytest.fixture(scope="module")
def sessions(house: House, client: TestClient) -> dict[Role, dict[str, str]]:
    return {role: house.session(role) for role in Role}


def path_of(route: Access) -> str:
    return re.sub(r"\{([^}]+)\}", lambda found: _EXAMPLES.get(found[1], "1"), route.path)


def ask(client: TestClient, route: Access, **headers: Any) -> int:
    """The status, asked without a body: who may is at most told that one is missing. 401 for the sign-in page too."""
    answer = client.request(route.method, path_of(route), headers=headers)
    return 401 if answer.headers.get("location", "").startswith("/sign-in") else answer.status_code


def from_own_page(cookies: dict[str, str]) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()), "Sec-Fetch-Site": "same-origin"}


def named(route: Access) -> str:
    return f"{route.method} {route.path}"


def test_every_route_says_what_it_needs_or_that_it_is_for_anyone() -> None:
    assert [named(route) for route in ROUTES if not route.declared] == []


def test_a_route_that_says_nothing_would_be_found() -> None:
    app, router = FastAPI(openapi_url=None), APIRouter()
    router.get("/forgotten")(lambda: None)
    app.include_router(router, prefix="/v1")
    assert [(route.path, route.declared) for route in table(app)] == [("/v1/forgotten", False)]


def test_only_what_shows_nothing_of_residents_is_for_anyone() -> None:
    assert {route.path for route in ROUTES if not route.needs and not route.path.startswith("/static")} == {
        "/health/live",
        "/health/ready",
        "/docs",
        "/openapi.json",
        "/sign-in",
        "/sign-in/provider",
        "/sign-in/back",
        "/sign-out",
    }


@pytest.mark.parametrize("role", Role)
def test_each_role_may_do_what_its_permissions_say_and_nothing_else(
    client: TestClient, sessions: dict[Role, dict[str, str]], role: Role
) -> None:
    for route in GUARDED:
        status = ask(client, route, **from_own_page(sessions[role]))
        assert (status == 403) == (not route.needs <= HOLDS[role]), (named(route), status)
        assert status not in {401, 500}, (named(route), status)


@pytest.mark.parametrize("scope", Permission)
def test_each_key_may_do_what_its_scope_says_and_nothing_else(
    client: TestClient, house: House, scope: Permission
) -> None:
    key = house.key(scope)
    for route in GUARDED:
        status = ask(client, route, **key)
        assert (status == 403) == (not route.needs <= {scope}), (named(route), status)
        assert status not in {401, 500}, (named(route), status)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer heard_aaaaaaaa_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa00000000"},
        {"Authorization": "Basic QS4gS2hhbjpwYXNzd29yZA=="},
        {"Authorization": ""},
        {"X-Heard-Officer": "A. Khan"},
        {"Cookie": "__Host-heard=guess", "Sec-Fetch-Site": "same-origin"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
    ],
    ids=["nothing", "no such key", "basic", "empty", "a name", "a guessed cookie", "forwarded"],
)
def test_who_does_not_say_who_they_are_gets_nowhere(client: TestClient, headers: dict[str, str]) -> None:
    for route in GUARDED:
        assert ask(client, route, **headers) in {401, 429}, named(route)  # 429 for so many keys that are none


@pytest.mark.parametrize(
    "sent",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://heard.council.example.evil.example", "Sec-Fetch-Site": "same-origin"},
        {},
    ],
    ids=["another origin", "no origin", "cross-site", "a sister site", "a longer name", "neither header"],
)
def test_another_site_cannot_make_a_browser_change_anything(
    client: TestClient, sessions: dict[Role, dict[str, str]], sent: dict[str, str]
) -> None:
    changing = [route for route in ROUTES if route.method not in {"GET", "HEAD"}]
    assert len(changing) > 15
    cookie = from_own_page(sessions[Role.ADMINISTRATOR])["Cookie"]
    for route in changing:
        assert ask(client, route, Cookie=cookie, **sent) == 403, named(route)
    assert client.get("/", headers={"Cookie": cookie}).status_code == 200  # the session was not ended by /sign-out


def test_every_answer_carries_the_headers_that_keep_a_browser_safe(
    client: TestClient, sessions: dict[Role, dict[str, str]]
) -> None:
    browsing = from_own_page(sessions[Role.ADMINISTRATOR])
    paths = [path_of(route) for route in ROUTES]
    paths += ["/nowhere", "/static/heard.css", "/static/nothing", "/v1/items/x", "/%00", "/..%2f..%2fetc/passwd"]
    for path in paths:
        for method in ("GET", "POST", "DELETE"):
            if (method, path) == ("POST", "/sign-out"):
                continue
            answer = client.request(method, path, headers=browsing)
            must_be_safe(answer, f"{method} {path}")
    must_be_safe(client.get("/", headers={"Host": "rebound.example"}), "another host")
    assert client.get("/", headers={"Host": "rebound.example"}).status_code == 400


def test_an_error_of_ours_carries_them_too(house: House) -> None:
    broken = House(Context(**{**vars(house.context), "claiming": None}))
    with system(broken.app()) as client:
        answer = client.post("/v1/items/1/claim", headers=broken.key())
    assert answer.status_code == 500
    must_be_safe(answer, "500")


def must_be_safe(answer: Any, what: str) -> None:
    assert answer.status_code != 500 or what == "500", what
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy, what
    for part in ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert part in policy, what
    assert answer.headers["x-content-type-options"] == "nosniff", what
    assert answer.headers["referrer-policy"] == "same-origin", what
    assert answer.headers["cache-control"] == "no-store", what
    assert answer.headers["strict-transport-security"] == "max-age=31536000", what


def test_the_page_of_roles_is_what_the_routes_say() -> None:
    written = (CHECKOUT / "docs" / "reference" / "roles.md").read_text(encoding="utf-8")
    assert written == as_markdown(), "print it again: heard officer roles > docs/reference/roles.md"


def test_pages_send_a_stranger_to_the_sign_in_page_and_back(house: House) -> None:
    with browser(house.app()) as stranger:
        answer = stranger.get("/?queue=review")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2F%3Fqueue%3Dreview")
