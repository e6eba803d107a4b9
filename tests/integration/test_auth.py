"""Before there is anybody, and the accounts and passwords of officers."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from pipeline.errors import SettingsError
from service.api.context import Context
from service.auth.passwords import hash_password, verify
from service.auth.refusals import AccountRefused, UnfitPassword
from service.roles import Role
from service.settings import settings_from
from tests.desk import clear
from tests.house import PASSWORD, House, browser, sign_in, system


@pytest.fixture
def client(house: House, officer: str) -> Iterator[TestClient]:
    with browser(house.app()) as client:
        yield client


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
