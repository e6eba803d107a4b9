"""Keys, passwords and sessions, as a system or a browser on another machine meets them."""

import re
import zlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from structlog.testing import capture_logs

from pipeline.errors import SettingsError
from service.api.context import Context
from service.auth.keys import new_key, parsed
from service.auth.passwords import hash_password, verify
from service.auth.refusals import AccountRefused, UnfitPassword
from service.pages.sign_in import safe_path
from service.queue import QueueName
from service.roles import Permission, Role
from service.settings import settings_from
from service.store.columns import metadata
from tests.builders import RECEIVED, a_row
from tests.conftest import heard
from tests.desk import clear, put
from tests.house import ELSEWHERE, PASSWORD, House, browser, sign_in, system


@pytest.fixture
def house(used_context: Context) -> House:
    clear(used_context.database)
    return House(used_context)


@pytest.fixture
def officer(house: House) -> str:
    return house.officer(Role.ADMINISTRATOR)


@pytest.fixture
def client(house: House, officer: str) -> Iterator[TestClient]:
    with browser(house.app()) as client:
        yield client


def let_in(client: TestClient) -> bool:
    """Whether the browser's session still opens something."""
    status = client.get("/v1/queue/review").status_code
    assert status in {200, 401}
    return status == 200


# keys


def test_a_key_opens_what_its_scopes_name_until_it_ends(house: House) -> None:
    key = house.key(Permission.SCORE, lasts=timedelta(days=90))
    with system(house.app()) as client:
        assert client.post("/v1/score", json=a_row(), headers=key).status_code == 200
        assert client.get("/v1/queue/review", headers=key).status_code == 403
        house.now += timedelta(days=90)
        assert client.post("/v1/score", json=a_row(), headers=key).status_code == 401


def test_a_revoked_key_is_refused_by_the_next_request_in_every_process(house: House) -> None:
    key = house.key()
    with system(house.app()) as one, system(house.another()) as other:
        assert [client.get("/v1/queue/review", headers=key).status_code for client in (one, other)] == [200, 200]
        house.people.keys.revoke(house.people.keys.all()[0].id)
        assert [client.get("/v1/queue/review", headers=key).status_code for client in (one, other)] == [401, 401]


def test_a_database_that_is_stolen_opens_nothing(house: House, client: TestClient) -> None:
    key = house.key()["Authorization"].removeprefix("Bearer ")
    sign_in(client)
    cookie = client.cookies[house.context.door.cookie]
    stored = dump(house)
    assert key.split("_")[1] in stored
    for secret in (key, key.split("_")[2][:32], cookie, PASSWORD):
        assert secret not in stored
    found = re.findall(r"[A-Za-z0-9_-]{30,}", stored)
    assert len(found) >= 2  # the hashes of the key and of the session
    with system(house.another()) as thief:
        for text in found:
            for sent in ({"Authorization": f"Bearer {text}"}, {"Cookie": f"{house.context.door.cookie}={text}"}):
                assert thief.get("/v1/queue/review", headers=sent).status_code == 401


def dump(house: House) -> str:
    with house.context.database.reading() as connection:
        return str([connection.execute(select(table)).all() for table in metadata.sorted_tables])


def test_a_key_in_the_address_is_not_a_key(house: House) -> None:
    text = house.key()["Authorization"].removeprefix("Bearer ")
    with system(house.app()) as client:
        for name in ("key", "api_key", "access_token", "Authorization"):
            assert client.get("/v1/queue/review", params={name: text}).status_code in {401, 422}


def test_neither_key_password_nor_cookie_is_logged(house: House, client: TestClient) -> None:
    key = house.key()
    with capture_logs() as lines:
        client.get("/v1/queue/review", headers=key)
        sign_in(client, password="wrong horse battery staple")
        sign_in(client)
    written = str(lines)
    assert "signed in" in written
    assert "not let in" in written
    for secret in (key["Authorization"], PASSWORD, "wrong horse", client.cookies[house.context.door.cookie], "A. Khan"):
        assert secret not in written


def test_when_a_key_was_last_used_is_known_to_the_minute(house: House) -> None:
    key = house.key()
    with system(house.app()) as client:
        client.get("/v1/queue/review", headers=key)
        assert house.people.keys.all()[0].used_at == house.now
        house.now += timedelta(minutes=1)
        client.get("/v1/queue/review", headers=key)
    assert house.people.keys.all()[0].used_at == house.now


def test_any_mistyped_character_of_a_key_is_told_without_asking_the_database() -> None:
    made = new_key()
    assert parsed(made.text) == (made.id, made.secret_sha256)
    for place, character in enumerate(made.text):
        wrong = "z" if character != "z" else "q"
        assert parsed(made.text[:place] + wrong + made.text[place + 1 :]) is None
    assert parsed(made.text + "\n") is None


def test_keys_have_160_bits_that_differ() -> None:
    secrets = {new_key().text.split("_")[2][:32] for _ in range(1_000)}
    assert len(secrets) == 1_000
    assert all(len(set(column)) == 32 for column in zip(*secrets, strict=True))  # each character of base 32, everywhere


def test_one_key_that_asks_too_much_waits_and_others_do_not(used_context: Context) -> None:
    clear(used_context.database)
    house = House(used_context, requests_per_minute=3)
    key, other = house.key(), house.key()
    with system(house.app()) as client:
        answers = [client.get("/v1/queue/review", headers=key) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
        assert client.get("/v1/queue/review", headers=other).status_code == 200


def test_an_address_that_guesses_keys_waits_but_its_good_keys_work(house: House) -> None:
    key = house.key()
    with system(house.app()) as client:
        statuses = [
            client.get("/v1/queue/review", headers={"Authorization": f"Bearer {new_key().text}"}).status_code
            for _ in range(31)
        ]
        assert client.get("/v1/queue/review", headers=key).status_code == 200
    assert statuses == [401] * 30 + [429]


def test_the_id_of_a_key_with_another_secret_opens_nothing(house: House) -> None:
    house.key()
    body = new_key().text.split("_")[2][:32]
    forged = f"heard_{house.people.keys.all()[0].id}_{body}"
    forged += f"{zlib.crc32(forged.encode()):08x}"
    assert parsed(forged)
    with system(house.app()) as client:
        assert client.get("/v1/queue/review", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


# who acts


def test_what_is_done_stands_under_who_is_signed_in_whatever_the_header_says(house: House, client: TestClient) -> None:
    with house.context.database.writing() as connection:
        item = put(connection, house.context.calendar, "m-1", QueueName.REVIEW, RECEIVED)
    sign_in(client)
    answer = client.post(f"/v1/items/{item.id}/claim", headers={"X-Heard-Officer": "S. Patel"})
    assert answer.json()["claim"]["by"] == "A. Khan"
    key = house.key(Permission.DECIDE)
    with system(house.app()) as other:
        refused = other.post(f"/v1/items/{item.id}/claim", headers={**key, "X-Heard-Officer": "A. Khan"})
    assert refused.status_code == 409


# before there is anybody


def test_strangers_are_not_served_until_somebody_can_sign_in(used_context: Context) -> None:
    clear(used_context.database)
    for settings in ({"host": "0.0.0.0", "public_url": ""}, {"host": "192.0.2.1", "public_url": ""}, {}):
        house = House(used_context, **settings)
        with pytest.raises(SettingsError, match=r"heard officer create NAME --role administrator"):
            house.app()
    house.key()
    house.app()


def test_this_machine_needs_no_key_until_there_is_one_and_then_for_ever(used_context: Context) -> None:
    clear(used_context.database)
    house = House(used_context, public_url="")
    with system(house.app(), base_url="http://localhost:8000", client=("127.0.0.1", 1)) as client:
        assert client.get("/v1/queue/review").status_code == 200
        house.key()
        assert client.get("/v1/queue/review").status_code == 401
        house.people.keys.revoke(house.people.keys.all()[0].id)
        assert client.get("/v1/queue/review").status_code == 401


def test_there_is_no_account_that_nobody_made(used_context: Context) -> None:
    clear(used_context.database)
    house = House(used_context, public_url="")
    with system(house.app(), base_url="http://localhost:8000", client=("127.0.0.1", 1)) as client:
        for name, password in (("admin", "admin"), ("heard", "heard"), ("", ""), ("administrator", "changeme")):
            assert sign_in(client, name, password).status_code in {403, 422, 429}


@pytest.mark.parametrize("secret", ["changeme", "", "Secret", "TODO"])
def test_a_placeholder_is_not_a_secret(monkeypatch: pytest.MonkeyPatch, secret: str) -> None:
    monkeypatch.setenv("HEARD_OIDC_ISSUER", "https://login.example")
    monkeypatch.setenv("HEARD_OIDC_CLIENT_ID", "heard")
    monkeypatch.setenv("HEARD_OIDC_ROLES", '{"officers": "officer"}')
    monkeypatch.setenv("HEARD_OIDC_CLIENT_SECRET", secret)
    with pytest.raises(SettingsError, match="HEARD_OIDC_CLIENT_SECRET holds no secret"):
        settings_from()


def test_a_secret_is_not_in_what_is_printed_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARD_OIDC_ISSUER", "https://login.example")
    monkeypatch.setenv("HEARD_OIDC_CLIENT_ID", "heard")
    monkeypatch.setenv("HEARD_OIDC_CLIENT_SECRET", "canary-7f3a")
    with pytest.raises(SettingsError) as refused:  # the roles are missing
        settings_from()
    assert "canary" not in str(refused.value)
    monkeypatch.setenv("HEARD_OIDC_ROLES", '{"officers": "officer"}')
    assert "canary" not in repr(settings_from())


@pytest.mark.parametrize("url", ["http://heard.example", "heard.example", "https://heard.example/path", "https://"])
def test_an_address_without_tls_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="HEARD_PUBLIC_URL"):
        settings_from(public_url=url)


# officers and passwords


def test_the_first_officer_is_an_administrator_and_the_last_administrator_stays(house: House) -> None:
    with pytest.raises(AccountRefused, match="--role administrator"):
        house.people.officers.create("A. Khan", Role.OFFICER, PASSWORD)
    house.people.officers.create("A. Khan", Role.ADMINISTRATOR, PASSWORD)
    with pytest.raises(AccountRefused, match="last administrator"):
        house.people.officers.disable("A. Khan")
    house.people.officers.create("S. Patel", Role.ADMINISTRATOR, PASSWORD)
    house.people.officers.disable("A. Khan")


def test_two_names_that_look_alike_are_one(house: House) -> None:
    house.people.officers.create("A. Khan", Role.ADMINISTRATOR, PASSWORD)
    for name in ("a. khan", " A.  Khan ", "\N{FULLWIDTH LATIN CAPITAL LETTER A}. Khan"):
        with pytest.raises(AccountRefused, match="already"):
            house.people.officers.create(name, Role.OFFICER, PASSWORD)


@pytest.mark.parametrize(
    "password",
    [
        "short but good",
        "x" * 201,
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "Password123456!",
        "heardheardheard1",
        "qwertyuiopasdfghjkl",
        "A. Khan A. Khan",
        "khan2026khan2026",
        "Changeme2026!!!!",
        "correct correct correct ",
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    with pytest.raises(UnfitPassword):
        hash_password(password, "A. Khan")


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "ṡīxteen \N{ALARM CLOCK} ünüsüal",
        "'; DROP TABLE officer; --",
        "z8#Kq!2vLw0@pTy",
        "雨が降っている静かな朝に歩く人々",
    ],
)
def test_any_characters_make_a_password_and_it_is_kept_as_argon2id(password: str) -> None:
    kept = hash_password(password, "A. Khan")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert verify(kept, password)
    assert not verify(kept, password + " ")
    assert not verify(None, password)


def test_the_same_password_typed_with_composed_or_plain_accents_opens() -> None:
    assert verify(
        hash_password("les é\N{COMBINING ACUTE ACCENT}tés passés ici", "x"),
        "les é\N{COMBINING ACUTE ACCENT}tés passés ici",
    )


# signing in and out


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


# the commands


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
