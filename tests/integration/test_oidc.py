"""Signing in at an identity provider that runs here: the honest way, and every way to cheat that we know."""

import hashlib
import hmac
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc.jwk import RSAKey
from sqlalchemy import func, select

from service.api.context import Context
from service.app import build_context
from service.oidc_settings import Oidc
from service.roles import Role
from service.settings import Settings
from service.store.people_tables import sign_in as under_way
from tests.desk import clear
from tests.house import House, browser
from tests.provider import Provider, a_provider, b64

pytestmark = [  # of the mock's making
    pytest.mark.filterwarnings("ignore::authlib.deprecate.AuthlibDeprecationWarning"),
    pytest.mark.filterwarnings("ignore:get_jwt_config:DeprecationWarning"),
]
ROLES = {"heard-officers": "officer", "heard-admins": "administrator"}
KHAN = {"name": "A. Khan", "email": "office@council.example", "roles": ["staff", "heard-officers"]}


@pytest.fixture(scope="module")
def used_context(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Iterator[Context]:
    url = f"sqlite:///{tmp_path_factory.mktemp('oidc') / 'heard.db'}"
    parts = build_context(Settings(database=url, model=model))
    yield parts
    parts.database.close()


@pytest.fixture(scope="module")
def used_provider() -> Iterator[Provider]:
    with a_provider() as provider:
        yield provider


@pytest.fixture
def provider(used_provider: Provider) -> Provider:
    used_provider.make, used_provider.published, used_provider.up = used_provider.signed, [used_provider.key], True
    used_provider.person("khan", **KHAN)
    return used_provider


def at(provider: Provider, context: Context, **given: Any) -> House:
    values = {"issuer": provider.issuer, "client_id": "heard", "client_secret": "of-the-test", "roles": ROLES, **given}
    return House(context, oidc=Oidc(**values))


@pytest.fixture
def house(provider: Provider, used_context: Context) -> House:
    clear(used_context.database)
    return at(provider, used_context)


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:
    with browser(house.app()) as client:
        yield client


def begun(client: TestClient, go_to: str = "/") -> str:
    """Where the browser is sent."""
    answer = client.get("/sign-in/provider", params={"next": go_to})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def signed_in(client: TestClient, provider: Provider, subject: str = "khan", go_to: str = "/") -> Any:
    return client.get(provider.log_in(begun(client, go_to), subject))


def test_an_officer_signs_in_at_the_provider_and_comes_back_to_where_they_were(
    client: TestClient, provider: Provider, house: House
) -> None:
    address = begun(client, "/?queue=review")
    asked = parse_qs(urlsplit(address).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["https://heard.council.example/sign-in/back"]
    assert len(asked["state"][0]) == len(asked["nonce"][0]) == 43
    answer = client.get(provider.log_in(address, "khan"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/?queue=review")
    assert "A. Khan" in client.get("/?queue=review").text
    (khan,) = house.people.officers.all()
    assert (khan.issuer, khan.subject, khan.role) == (provider.issuer, "khan", Role.OFFICER)


def test_the_cookie_of_a_sign_in_under_way_is_kept_as_well_as_that_of_a_session(client: TestClient) -> None:
    cookie = client.get("/sign-in/provider").headers["set-cookie"]
    assert cookie.startswith("__Host-heard-sign-in=")
    assert cookie.endswith("; HttpOnly; Path=/; SameSite=lax; Secure")


def test_the_role_follows_the_provider_at_each_sign_in(client: TestClient, provider: Provider, house: House) -> None:
    signed_in(client, provider)
    provider.person("khan", **{**KHAN, "roles": ["heard-officers", "heard-admins"]})
    signed_in(client, provider)
    assert [one.role for one in house.people.officers.all()] == [Role.ADMINISTRATOR]
    provider.person("khan", **{**KHAN, "roles": ["staff"]})
    assert signed_in(client, provider).status_code == 403


def test_the_same_address_or_name_under_another_subject_is_another_person(
    client: TestClient, provider: Provider, house: House
) -> None:
    signed_in(client, provider)
    provider.person("somebody-else", **KHAN)
    signed_in(client, provider, "somebody-else")
    assert [(one.name, one.subject) for one in house.people.officers.all()] == [
        ("A. Khan", "khan"),
        ("A. Khan (2)", "somebody-else"),
    ]


def test_the_same_subject_at_another_provider_is_another_person(
    client: TestClient, provider: Provider, house: House, used_context: Context
) -> None:
    signed_in(client, provider)
    with a_provider() as other:
        other.person("khan", **KHAN)
        there = at(other, used_context)
        with browser(there.app()) as elsewhere:
            signed_in(elsewhere, other)
    assert [one.issuer for one in house.people.officers.all()] == [provider.issuer, other.issuer]


def test_a_disabled_officer_stays_out_with_a_good_token(client: TestClient, provider: Provider, house: House) -> None:
    signed_in(client, provider)
    house.people.officers.disable("A. Khan")
    assert client.get("/").status_code == 303
    assert signed_in(client, provider).status_code == 403


def test_who_is_refused_reads_why_and_what_to_do_and_still_goes_where_they_were_going(
    client: TestClient, provider: Provider
) -> None:
    state = parse_qs(urlsplit(begun(client, "/items/7")).query)["state"][0]
    denied = client.get("/sign-in/back", params={"state": state, "error": "access_denied"})
    provider.with_claims(sub=None)
    spoilt = signed_in(client, provider, go_to="/items/7")
    for answer, why in ((denied, "The provider did not let you in."), (spoilt, "token is not valid")):
        assert (answer.status_code, answer.text.count(why)) == (403, 1)
        assert "Start again; if it happens again" in answer.text
        assert 'href="/sign-in/provider?next=/items/7"' in answer.text


def test_a_second_factor_can_be_insisted_on(provider: Provider, used_context: Context) -> None:
    clear(used_context.database)
    house = at(provider, used_context, require={"amr": ("mfa", "hwk"), "acr": ("high",)})
    with browser(house.app()) as client:
        for given, status in (
            ({}, 403),
            ({"amr": ["pwd"], "acr": "high"}, 403),
            ({"amr": ["pwd", "mfa"]}, 403),
            ({"amr": ["pwd", "mfa"], "acr": "high"}, 303),
        ):
            provider.with_claims(**given)
            address = begun(client)
            assert parse_qs(urlsplit(address).query)["acr_values"] == ["high"]
            assert client.get(provider.log_in(address, "khan")).status_code == status, given


# cheating with the token


def unsigned(_provider: Provider, claims: dict[str, Any]) -> str:
    return f"{b64({'alg': 'none'})}.{b64(claims)}."


def signed_with_the_public_key(provider: Provider, claims: dict[str, Any]) -> str:
    """As if what everybody may read were a shared secret (CVE-2016-10555 and its kin)."""
    head = f"{b64({'alg': 'HS256', 'kid': provider.key.kid})}.{b64(claims)}"
    secret = provider.key.as_pem(private=False)
    return f"{head}.{b64(hmac.new(secret, head.encode(), hashlib.sha256).digest())}"


def of_another_algorithm(provider: Provider, claims: dict[str, Any]) -> str:
    key = RSAKey.import_key(provider.key.as_dict(private=True) | {"alg": "RS512"})
    return provider.signed({**claims, "at_hash": "x"}, key=key, alg="RS512")


def of_an_unknown_algorithm(provider: Provider, claims: dict[str, Any]) -> str:
    head, body, signature = provider.signed({**claims, "at_hash": "x"}).split(".")
    return f"{b64({'alg': 'XX999', 'kid': 'one'})}.{body}.{signature or head}"


def of_a_stranger(_provider: Provider, claims: dict[str, Any], **header: Any) -> str:
    return Provider().signed(claims, **header)


def changed_after_signing(provider: Provider, claims: dict[str, Any]) -> str:
    head, _, signature = provider.signed(claims).split(".")
    return f"{head}.{b64({**claims, 'roles': ['heard-admins']})}.{signature}"


def with_a_key_inside(provider: Provider, claims: dict[str, Any]) -> str:
    stranger = Provider()
    public = stranger.key.as_dict(private=False)
    return stranger.signed(claims, jwk=public, jku=f"{provider.issuer}/evil", x5u=f"{provider.issuer}/evil")


def of_a_key_named_by_a_path(_provider: Provider, claims: dict[str, Any]) -> str:
    return Provider().signed(claims, kid="../../../../dev/null")


CHEATS: dict[str, Callable[[Provider, dict[str, Any]], str]] = {
    "alg none": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "RS512": of_another_algorithm,
    "unknown algorithm with at_hash": of_an_unknown_algorithm,
    "a stranger's key": of_a_stranger,
    "changed after signing": changed_after_signing,
    "jwk, jku and x5u inside": with_a_key_inside,
    "kid is a path": of_a_key_named_by_a_path,
    "no token": lambda _provider, _claims: "",
    "no JSON": lambda _provider, _claims: "a.b.c",
    "a list": lambda _provider, _claims: f"{b64({'alg': 'RS256'})}.{b64(b'[1]')}.{b64(b'x')}",
    "deep": lambda _provider, _claims: b64(b"[" * 5_000) + "." + b64({}) + ".",
}


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(
    client: TestClient, provider: Provider, house: House, cheat: str
) -> None:
    provider.make = lambda claims: CHEATS[cheat](provider, claims)
    answer = signed_in(client, provider)
    assert answer.status_code == 403, answer.text
    assert "set-cookie" not in answer.headers
    assert house.people.officers.all() == []


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://login.example"},
        {"iss": None},
        {"aud": "another-service"},
        {"aud": ["another-service"]},
        {"aud": None},
        {"aud": ["heard", "another"], "azp": "another"},
        pytest.param({"exp": int(time.time()) - 3_600}, id="expired"),
        {"exp": None},
        {"exp": "soon"},
        pytest.param({"nbf": int(time.time()) + 3_600}, id="not valid yet"),
        {"iat": None},
        pytest.param({"iat": int(time.time()) + 3_600}, id="made later"),
        {"nonce": "of-another-sign-in"},
        {"nonce": None},
        {"nonce": ["x"]},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "x" * 256},
        {"roles": None},
        {"roles": {"heard-admins": True}},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_now_and_for_this_sign_in_lets_nobody_in(
    client: TestClient, provider: Provider, house: House, claims: dict[str, Any]
) -> None:
    provider.with_claims(**claims)
    answer = signed_in(client, provider)
    assert answer.status_code == 403, answer.text
    assert "set-cookie" not in answer.headers
    assert house.people.officers.all() == []


# cheating with the way


def test_a_sign_in_cannot_be_finished_twice_nor_by_another_browser(
    client: TestClient, provider: Provider, house: House
) -> None:
    back = provider.log_in(begun(client), "khan")
    cookies = {"Cookie": f"{house.context.door.browser_cookie}={client.cookies[house.context.door.browser_cookie]}"}
    with browser(house.another()) as stranger:
        assert stranger.get(back).status_code == 403  # login CSRF: the victim's browser did not begin it
        begun(stranger)
        assert stranger.get(back).status_code == 403  # nor does another sign-in of its own help
    assert client.get(back).status_code == 303
    with house.context.database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(under_way)) == 0  # spent here, not only there
    assert client.get(back, headers=cookies).status_code == 403


@pytest.mark.parametrize(
    "query", ["", "state=x", "code=x", "state=x&code=x", "error=access_denied&state=x", "code=%00"]
)
def test_whatever_comes_back_with_a_foreign_state_is_refused(client: TestClient, query: str) -> None:
    begun(client)
    assert client.get(f"/sign-in/back?{query}").status_code == 403


def test_a_code_of_another_sign_in_or_an_answer_of_another_provider_is_refused(
    client: TestClient, provider: Provider
) -> None:
    state = parse_qs(urlsplit(begun(client)).query)["state"][0]
    assert client.get("/sign-in/back", params={"state": state, "code": "guessed"}).status_code == 403
    back = provider.log_in(begun(client), "khan")
    assert client.get(f"{back}&iss=https://login.example").status_code == 403


def test_a_sign_in_begun_in_one_process_is_finished_in_another_within_ten_minutes(
    client: TestClient, provider: Provider, house: House
) -> None:
    name = house.context.door.browser_cookie
    for late, status in ((timedelta(minutes=9), 303), (timedelta(minutes=10), 403)):
        back = provider.log_in(begun(client), "khan")
        house.now += late
        with browser(house.another()) as other:
            answer = other.get(back, headers={"Cookie": f"{name}={client.cookies[name]}"})
        assert answer.status_code == status


def test_a_new_key_of_the_provider_is_fetched_once_it_is_used(
    client: TestClient, provider: Provider, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in(client, provider)
    new = RSAKey.generate_key(2048, {"kid": "two", "use": "sig", "alg": "RS256"})
    provider.published = [provider.key, new]
    provider.make = lambda claims: provider.signed(claims, key=new)
    assert signed_in(client, provider).status_code == 403  # asked a moment ago: a stranger cannot make us ask again
    later = time.monotonic() + 61
    monkeypatch.setattr(house.context.door.sign_ins._provider, "_clock", lambda: later)
    assert signed_in(client, provider).status_code == 303


def test_without_the_provider_there_is_a_sentence_and_no_error(client: TestClient, provider: Provider) -> None:
    provider.up = False
    answer = client.get("/sign-in/provider")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    provider.up = True
    back = provider.log_in(begun(client), "khan")
    provider.up = False
    assert client.get(back).status_code == 503


def test_a_provider_that_calls_itself_another_is_not_used(provider: Provider, used_context: Context) -> None:
    clear(used_context.database)
    house = at(provider, used_context, issuer=provider.issuer.replace("localhost", "127.0.0.1") + "/")
    with browser(house.app()) as client:
        assert client.get("/sign-in/provider").status_code == 503


def test_with_a_provider_nobody_is_let_in_for_being_on_this_machine(provider: Provider, used_context: Context) -> None:
    clear(used_context.database)
    oidc = Oidc(issuer=provider.issuer, client_id="heard", client_secret="of-the-test", roles=ROLES)
    house = House(used_context, oidc=oidc, public_url="")
    with browser(house.app(), base_url="http://localhost:8000", client=("127.0.0.1", 1)) as client:
        assert client.get("/v1/queue/review").status_code == 401
