"""Signing in and out, and where it leads."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.api.context import Context
from service.auth.keys import parsed
from service.pages.sign_in import safe_path
from service.roles import Permission, Role
from tests.conftest import heard
from tests.desk import clear
from tests.house import ELSEWHERE, PASSWORD, House, browser, sign_in, system


@pytest.fixture
def client(house: House, officer: str) -> Iterator[TestClient]:
    with browser(house.app()) as client:
        yield client


def let_in(client: TestClient) -> bool:
    """Whether the browser's session still opens something."""
    status = client.get("/v1/queue/review").status_code
    assert status in {200, 401}
    return status == 200


def test_the_cookie_of_a_session_stays_with_this_host_tls_and_http(client: TestClient) -> None:
    answer = sign_in(client, go_to="/?queue=review")
    assert (answer.status_code, answer.headers["location"]) == (303, "/?queue=review")
    cookie = answer.headers["set-cookie"]
    assert re.fullmatch(r"__Host-heard=[\w-]{43}; HttpOnly; Path=/; SameSite=lax; Secure", cookie)
    page = client.get("/?queue=review")
    assert page.status_code == 200
    assert "A. Khan" in page.text


def test_each_sign_in_makes_a_new_session_and_ends_the_one_before(house: House, client: TestClient) -> None:
    name = house.context.door.cookie
    client.cookies.set(name, "chosen-by-somebody-else")
    sign_in(client)
    first = client.cookies.get(name, domain="heard.council.example") or ""
    assert len(first) == 43
    client.cookies.clear()
    client.cookies.set(name, first)
    second = sign_in(client).cookies[name]
    assert second != first
    client.cookies.clear()
    assert [client.get("/", headers={"Cookie": f"{name}={one}"}).status_code for one in (first, second)] == [303, 200]


def test_a_session_ends_after_thirty_idle_minutes(house: House, client: TestClient) -> None:
    sign_in(client)
    for _ in range(3):
        house.now += timedelta(minutes=29)
        assert let_in(client)
    house.now += timedelta(minutes=30)
    assert not let_in(client)


def test_a_session_ends_after_twelve_hours_however_busy(house: House, client: TestClient) -> None:
    sign_in(client)
    for _ in range(24):
        house.now += timedelta(minutes=29, seconds=59)
        assert let_in(client)
    house.now += timedelta(seconds=24)
    assert not let_in(client)


def test_signing_out_ends_the_session_in_every_process_and_clears_the_browser(house: House, client: TestClient) -> None:
    sign_in(client)
    cookie = {"Cookie": f"{house.context.door.cookie}={client.cookies[house.context.door.cookie]}"}
    answer = client.post("/sign-out")
    assert answer.headers["clear-site-data"] == '"cache", "cookies", "storage"'
    with browser(house.another()) as other:
        assert other.get("/", headers=cookie).status_code == 303


@pytest.mark.parametrize("how", ["disable", "password"])
def test_disabling_an_officer_or_a_new_password_ends_their_sessions(house: House, client: TestClient, how: str) -> None:
    sign_in(client)
    assert let_in(client)
    if how == "disable":
        house.officer(Role.ADMINISTRATOR, "S. Patel")
        house.people.officers.disable("A. Khan")
        assert sign_in(client).status_code == 403
    else:
        house.people.officers.change_password("A. Khan", "four other quiet words")
    assert not let_in(client)


def test_a_wrong_name_and_a_wrong_password_are_told_in_the_same_words(client: TestClient) -> None:
    answers = [sign_in(client, name, password) for name, password in (("Nobody", PASSWORD), ("A. Khan", "no"))]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert answers[0].text == answers[1].text
    assert "Nobody" not in answers[0].text


def test_the_sixth_bad_login_in_a_minute_waits_whatever_account(client: TestClient) -> None:
    statuses = [sign_in(client, f"guess {number}", "wrong").status_code for number in range(6)]
    assert statuses == [403] * 5 + [429]
    answer = sign_in(client)
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 60


def test_the_sixth_bad_login_in_a_minute_waits_from_whatever_address(house: House, officer: str) -> None:
    app = house.app()
    statuses = []
    for number in range(6):
        spoofed = {"X-Forwarded-For": f"198.51.100.{number}"}
        with browser(app, client=(f"198.51.100.{number}", 1)) as client:
            answer = client.post("/sign-in", data={"name": " a. KHAN", "password": "wrong"}, headers=spoofed)
            statuses.append(answer.status_code)
    assert statuses == [403] * 5 + [429]


def test_a_name_that_another_mistypes_is_let_in_after_four_tries(client: TestClient) -> None:
    assert [sign_in(client, password="wrong").status_code for _ in range(4)] == [403] * 4
    assert sign_in(client).status_code == 303


def test_a_header_does_not_change_where_a_request_comes_from(client: TestClient) -> None:
    statuses = [
        client.post(
            "/sign-in",
            data={"name": f"guess {number}", "password": "wrong"},
            headers={"X-Forwarded-For": f"198.51.100.{number}", "X-Real-IP": f"198.51.100.{number}"},
        ).status_code
        for number in range(6)
    ]
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    "go_to",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "https://evil.example",
        "@evil.example",
        "javascript:alert(1)",
        "%2f%2fevil.example",
        "/\t/evil.example",
        "\t//evil.example",
        "/x\r\nLocation: https://evil.example",
        "/..//evil.example\\",
        "",
        " /",
        "///evil.example",
    ],
)
def test_signing_in_never_leads_to_another_site(go_to: str) -> None:
    assert safe_path(go_to) == "/"


@pytest.mark.parametrize("go_to", ["/", "/?queue=review&cursor=abc%3D", "/items/7"])
def test_signing_in_leads_back_to_where_one_was(go_to: str) -> None:
    assert safe_path(go_to) == go_to


def test_nobody_signs_in_over_a_line_that_others_can_read(used_context: Context) -> None:
    clear(used_context.database)
    house = House(used_context, host="0.0.0.0", public_url="")
    house.officer(Role.ADMINISTRATOR)
    with system(house.app(), base_url="http://192.0.2.1:8000", client=ELSEWHERE) as client:
        answer = sign_in(client)
    assert answer.status_code == 403
    assert "HEARD_PUBLIC_URL" in answer.text
    assert "set-cookie" not in answer.headers


def test_on_this_machine_plain_http_is_enough(used_context: Context) -> None:
    clear(used_context.database)
    house = House(used_context, public_url="")
    house.officer(Role.ADMINISTRATOR)
    with system(house.app(), base_url="http://localhost:8000", client=("127.0.0.1", 1)) as client:
        client.headers["Origin"] = "http://localhost:8000"
        answer = sign_in(client)
        assert answer.headers["set-cookie"].startswith("heard=")
        assert client.get("/").status_code == 200


def test_the_commands_make_the_first_administrator_and_a_key_that_is_shown_once(tmp_path: Path) -> None:
    def run(*arguments: str, stdin: str = "") -> Any:
        return heard(*arguments, cwd=tmp_path, stdin=stdin.encode())

    made = run("officer", "create", "A. Khan", "--role", "administrator", stdin=PASSWORD + "\n")
    assert made.stdout == "A. Khan may sign in as administrator.\n"
    created = run("key", "create", "--name", "intake", "--scopes", "receive,score", "--expires", "30d")
    key = created.stdout.strip()
    assert parsed(key)
    listed = run("key", "list").stdout
    assert "intake" in listed
    assert key.split("_")[1] in listed
    assert key.split("_")[2] not in listed
    refused = run("key", "create", "--name", "x", "--scopes", "all")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert ", ".join(Permission) in refused.stderr
