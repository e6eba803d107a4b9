"""API keys, and who acts with them."""

import asyncio
import re
import zlib
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from structlog.testing import capture_logs

from service.api.context import Context
from service.auth.keys import new_key, parsed
from service.auth.refusals import TooOften
from service.queue import QueueName
from service.roles import Caller, Permission, Role
from service.store.columns import metadata
from tests.builders import RECEIVED, a_row
from tests.desk import clear, put
from tests.house import PASSWORD, House, browser, sign_in, system


@pytest.fixture
def client(house: House, officer: str) -> Iterator[TestClient]:
    with browser(house.app()) as client:
        yield client


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


def test_of_many_who_ask_at_once_each_is_let_in_as_who_they_are(used_context: Context) -> None:
    clear(used_context.database)
    house = House(used_context, requests_per_minute=3)
    keys = [house.people.keys.create(f"system {n}", frozenset({Permission.READ}), None) for n in range(8)]
    shown = [*keys, new_key().text, "nonsense", None, *[keys[0]] * 3]
    session = house.session(Role.OFFICER, "S. Patel")[house.context.door.cookie]

    async def asked() -> list[Caller | BaseException | None]:
        door = house.context.door
        each = [door.caller("203.0.113.9", key, session if key is None else None) for key in shown]
        return await asyncio.gather(*each, return_exceptions=True)

    answers = asyncio.run(asked())
    assert [one.name for one in answers[:8] if isinstance(one, Caller)] == [f"system {n}" for n in range(8)]
    assert answers[8:10] == [None, None]
    assert isinstance(answers[10], Caller)
    assert answers[10].name == "S. Patel"
    assert [type(one) for one in answers[11:]] == [Caller, Caller, TooOften]


def test_the_id_of_a_key_with_another_secret_opens_nothing(house: House) -> None:
    house.key()
    body = new_key().text.split("_")[2][:32]
    forged = f"heard_{house.people.keys.all()[0].id}_{body}"
    forged += f"{zlib.crc32(forged.encode()):08x}"
    assert parsed(forged)
    with system(house.app()) as client:
        assert client.get("/v1/queue/review", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


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
