import functools
import json
import random
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from pipeline.classify import MessageClassifier
from pipeline.domain import Label
from pipeline.errors import InputError, SettingsError
from service.api.context import Context
from service.app import create_app
from service.audit import record, verify
from service.audit_chain import BEFORE_FIRST, AuditEvent, Head, faults, linked, started
from service.audit_head import HeadPublisher, append_head, heads_in
from service.audit_key import AuditKey
from service.auth.people import People
from service.auth.refusals import NotLetIn
from service.queue import QueueName
from service.roles import Role
from service.settings import Settings, settings_from
from service.store import audit as store
from service.store.audit_tables import audit
from service.store.database import Database
from service.store.review_tables import case_file
from service.turns import Asking
from tests import tampering
from tests.builders import a_message
from tests.conftest import heard
from tests.desk import START, Desk, a_desk
from tests.faults import harness

ROWS, MUTATIONS, SEED = 40, 60, 20_261_127
KEY = b"a key of this module's tests and nothing else"


def keyed(url: str, key: bytes = KEY) -> Database:
    database = Database(url, AuditKey(lambda: Settings(database=url, audit_key=key.decode())))
    database.migrate()
    return database


def an_event(about: str = "item:1", **given: object) -> AuditEvent:
    return AuditEvent(**{"at": START, "kind": "item.viewed", "actor": "A. Khan", "about": about, **given})


def record_one(database: Database, **given: object) -> None:
    with database.writing() as connection:
        record(connection, an_event(**given))


@pytest.fixture(scope="module")
def filled(used_database_url: str) -> Iterator[Database]:
    """A record that tests falsify and that is as before when they end."""
    database = keyed(used_database_url)
    tampering.fill(database, ROWS)
    yield database
    database.close()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = keyed(database_url)
    yield opened
    opened.close()


def head_of(database: Database) -> Head:
    with database.reading() as connection:
        head = store.head(connection)
    assert head is not None
    return head


@pytest.mark.parametrize("number", range(MUTATIONS))
def test_every_falsification_is_found(filled: Database, number: int) -> None:
    ways = tampering.ways(KEY)
    way = ways[list(ways)[number % len(ways)]]
    chance = random.Random(SEED + number)
    assert tampering.found(filled, lambda connection: way(connection, chance), KEY, [head_of(filled)])


@pytest.mark.parametrize("name", sorted(tampering.ways(KEY)))
def test_only_truncation_and_a_chain_computed_with_the_true_key_need_the_published_head(
    filled: Database, name: str
) -> None:
    way = tampering.ways(KEY)[name]
    found = tampering.found(filled, lambda connection: way(connection, random.Random(1)), KEY, [])
    assert bool(found) == (name not in tampering.NEED_HEAD)


def test_a_record_nobody_touched_is_in_order(filled: Database) -> None:
    verdict = verify(filled, [head_of(filled), Head(seq=1, hash=first_hash(filled))])
    assert verdict.holds
    assert (verdict.rows, verdict.heads) == (ROWS + 1, 2)


def first_hash(database: Database) -> str:
    with database.reading() as connection:
        return next(store.rows(connection)).hash


def test_with_another_key_nothing_fits(filled: Database) -> None:
    with filled.reading() as connection:
        assert len(list(faults(b"another", store.rows(connection)))) == ROWS + 1


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'S. Patel'", "DELETE FROM audit", "TRUNCATE audit"])
def test_the_database_refuses_to_change_or_remove_a_row(filled: Database, statement: str) -> None:
    with filled.reading() as connection:
        if connection.dialect.name == "sqlite" and statement.startswith("TRUNCATE"):
            pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(DBAPIError, match="only added to"), filled.writing() as connection:
        connection.execute(text(statement))


def test_a_role_that_may_only_read_and_add_can_do_nothing_else(filled: Database) -> None:
    with filled._engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            pytest.skip("SQLite has no roles")
        connection.execute(text("CREATE ROLE heard_app; GRANT SELECT, INSERT ON audit TO heard_app"))
        connection.execute(text("SET LOCAL ROLE heard_app"))
        connection.execute(insert(audit).values(vars(linked(KEY, an_event(), head_of(filled)))))
        for statement in ("UPDATE audit SET actor = ''", "DROP TABLE audit", "ALTER TABLE audit DISABLE TRIGGER ALL"):
            with pytest.raises(DBAPIError, match=r"permission denied|must be owner"), connection.begin_nested():
                connection.execute(text(statement))


def open_a_case(database: Database, error: Exception | None = None) -> None:
    """Something that happens, with its record."""
    with database.writing() as connection:
        connection.execute(insert(case_file).values(opened_at=START, opened_by="A. Khan"))
        record(connection, an_event())
        if error:
            raise error


def cases(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM case_file")).scalar_one())


def test_what_is_recorded_and_its_record_are_both_there_or_neither(database: Database) -> None:
    open_a_case(database)
    with pytest.raises(RuntimeError):
        open_a_case(database, RuntimeError())
    assert (cases(database), verify(database).rows) == (1, 2)


def test_what_cannot_be_recorded_does_not_happen(database: Database, tmp_path: Path) -> None:
    record_one(database)
    url = database._engine.url.render_as_string(hide_password=False)
    settings = Settings(audit_key_file=tmp_path / "lost").model_copy(update={"audit_key": None})
    keyless = Database(url, AuditKey(lambda: settings))
    with pytest.raises(SettingsError, match="cannot be read"):
        open_a_case(keyless)
    keyless.close()
    assert (cases(database), verify(database).rows) == (0, 2)


def test_a_record_begun_with_another_key_is_not_gone_on_with(database: Database) -> None:
    record_one(database)
    url = database._engine.url.render_as_string(hide_password=False)
    other = keyed(url, b"another key that is long enough for this")
    with pytest.raises(SettingsError, match="not the one this database's record was begun with"):
        record_one(other)
    other.close()
    assert verify(database).holds


def test_many_who_record_at_once_make_one_chain(database: Database) -> None:
    def work() -> None:
        for number in range(10):
            record_one(database, about=f"item:{number}")

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = verify(database)
    assert verdict.holds
    assert verdict.rows == 81


def test_who_reads_does_not_wait_for_who_records(database: Database) -> None:
    record_one(database)
    with database.writing() as connection:
        store.wait_for_place(connection)
        store.append(connection, KEY, [an_event()])
        assert verify(database).rows == 2, "the row that is not committed is not there, and nobody waited for it"


@given(
    st.lists(
        st.tuples(
            st.text(max_size=70),
            st.text(max_size=120),
            st.text(max_size=230),
            st.dictionaries(st.text(max_size=8), st.one_of(st.none(), st.booleans(), st.integers(), st.text())),
            st.datetimes(timezones=st.just(UTC), min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),  # noqa: DTZ001  # Hypothesis's contract
        ),
        max_size=5,
    )
)
def test_any_chain_fits_whatever_is_in_it(events: list[tuple]) -> None:
    row = started(KEY, START)
    rows = [row]
    for kind, actor, about, detail, at in events:
        event = AuditEvent(at=at, kind=kind, actor=actor, about=about, detail=detail)
        rows.append(linked(KEY, event, Head(seq=rows[-1].seq, hash=rows[-1].hash)))
    assert rows[0].previous == BEFORE_FIRST
    assert list(faults(KEY, rows)) == []


def test_what_a_database_gives_back_is_what_was_hashed(database: Database) -> None:
    for number, word in enumerate(["Zoë \u202e\x00 Ağaoğlu", "\ud800", "O'Neill", "\U0001f525" * 120, ""]):
        record_one(database, actor=word, detail={"word": word}, at=START + timedelta(microseconds=number))
    assert verify(database).holds


def kinds(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.reading() as connection:
        return [(row.kind, row.actor) for row in store.rows(connection)][1:]


def test_each_step_of_an_item_is_recorded_with_who_took_it(tmp_path: Path) -> None:
    with a_desk(f"sqlite:///{tmp_path / 'heard.db'}") as desk:
        item = desk.put(QueueName.REVIEW)
        desk.review(item.id, Label.COMPLAINT)
        desk.reviewing.undo(item.id, Asking(by="A. Khan"))
        desk.claiming.claim_next(QueueName.REVIEW, "S. Patel")
        assert kinds(desk) == [
            ("item.claimed", "A. Khan"),
            ("item.confirmed", "A. Khan"),
            ("item.undone", "A. Khan"),
            ("item.claimed", "S. Patel"),
        ]
        with desk.database.reading() as connection:
            recorded = [row.kind.removeprefix("item.") for row in store.rows(connection, f"item:{item.id}")]
        assert recorded == desk.history(item.id)
        assert verify(desk.database).holds


def test_each_decision_is_recorded_once_and_nothing_a_resident_wrote(
    database: Database, classifier: MessageClassifier
) -> None:
    intake = harness.an_intake(database, classifier)
    for number in (1, 2, 1):
        intake.receive(a_message(id=f"m-{number}", sender="jo@example.org", text=f"The lift {number}"), source="in")
    with database.reading() as connection:
        rows = list(store.rows(connection))
    assert [(row.kind, row.about) for row in rows[1:]] == [
        ("message.decided", "message:m-1"),
        ("message.decided", "message:m-2"),
    ]
    assert "lift" not in str(rows)
    assert "jo@example" not in str(rows)


def test_who_looked_at_a_case_is_recorded_before_it_is_shown(context: Context) -> None:
    context.intake.receive(a_message(id="m-1"), source="in")
    with TestClient(create_app(context)) as client:
        number = client.get("/v1/messages/m-1").json()["item"]["id"]
        assert client.get(f"/v1/items/{number}").status_code == 200
        assert client.get("/v1/messages/none").status_code == 404
        assert client.get(f"/items/{number}", headers={"Cookie": "heard-name=A.%20Khan"}).status_code == 200
    with context.database.reading() as connection:
        seen = [(row.about, row.actor) for row in store.rows(connection) if row.kind == "case.viewed"]
    assert seen == [
        ("message:m-1", "nobody signed in"),
        (f"item:{number}", "nobody signed in"),
        (f"item:{number}", "A. Khan"),
    ]


def test_the_key_is_made_once_beside_a_sqlite_file_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HEARD_AUDIT_KEY")
    url = f"sqlite:///{tmp_path / 'heard.db'}"
    path = tmp_path / "heard.db.audit-key"
    for _ in range(2):
        database = Database(url)
        database.migrate()
        record_one(database)
        assert verify(database).holds
        database.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() not in str((tmp_path / "heard.db").read_bytes())
    path.unlink()
    database = Database(url)
    with pytest.raises(SettingsError, match="put the file back"):
        record_one(database)
    database.close()
    assert not path.exists(), "a lost key is not replaced"


def test_many_who_make_the_key_at_once_have_the_same(tmp_path: Path) -> None:
    settings = Settings(audit_key_file=tmp_path / "key")
    settings = settings.model_copy(update={"audit_key": None})
    read: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: read.append(AuditKey(lambda: settings).read(make=True))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read) == 8
    assert len(set(read)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize(
    ("key", "why"), [("", "placeholder"), ("short1", "under 32 characters"), ("x" * 64, "repeats a few letters")]
)
def test_a_key_that_could_be_guessed_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, key: str, why: str
) -> None:
    monkeypatch.delenv("HEARD_AUDIT_KEY")
    file = tmp_path / "key"
    file.write_text(key)
    for setting in ({"audit_key": key}, {"audit_key_file": file}):
        with pytest.raises(SettingsError, match=why):
            AuditKey(functools.partial(settings_from, **setting)).read(make=True)


def test_the_head_is_published_to_a_file_once_a_day(database: Database, tmp_path: Path) -> None:
    record_one(database)
    now, file = [START], tmp_path / "heads"
    publisher = HeadPublisher(database, file, now=lambda _connection: now[0])
    for hours in (0, 1, 23, 24, 25):
        now[0] = START + timedelta(hours=hours)
        publisher.once()
    assert heads_in(file) == [head_of(database)] * 2
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["at"][:10] for line in lines] == ["2026-11-04", "2026-11-05"]


def test_a_file_of_heads_that_cannot_be_used_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        append_head(tmp_path / "none" / "heads", Head(seq=1, hash="0"), START)
    with pytest.raises(InputError, match="cannot be read"):
        heads_in(tmp_path / "none")
    (tmp_path / "heads").write_text("row 12 of 13\n")
    with pytest.raises(InputError, match="a head is a line as"):
        heads_in(tmp_path / "heads")


def test_the_commands_publish_verify_and_find_a_truncation(tmp_path: Path) -> None:
    url, heads = f"sqlite:///{tmp_path / 'heard.db'}", str(tmp_path / "heads")
    database = Database(url)
    database.migrate()
    tampering.fill(database, 9)
    assert "row 10" in heard("audit", "head", "--to", heads, HEARD_DATABASE=url).stdout
    fine = heard("audit", "verify", "--heads", heads, HEARD_DATABASE=url)
    assert fine.returncode == 0, fine.stderr
    assert "10 rows, all in order." in fine.stdout
    with database._engine.begin() as connection:
        connection.execute(text("DROP TRIGGER audit_delete"))
        connection.execute(text("DELETE FROM audit WHERE seq > 7"))
    blind = heard("audit", "verify", HEARD_DATABASE=url)
    assert blind.returncode == 0
    assert "would not show" in blind.stdout
    found = heard("audit", "verify", "--heads", heads, HEARD_DATABASE=url)
    assert found.returncode == 1
    assert "row 10 is missing" in found.stdout
    database.close()


def test_who_may_sign_in_and_who_did_is_recorded(database: Database) -> None:
    people = People(database)
    made = people.officers.create("A. Khan", Role.ADMINISTRATOR, "six green bottles 01632")
    with pytest.raises(NotLetIn):
        people.officers.check_password("A. Khan", "five green bottles 01632")
    with pytest.raises(NotLetIn):
        people.officers.check_password("six green bottles 01632", "")
    people.sessions.begin(made)
    with database.reading() as connection:
        rows = list(store.rows(connection))
    told = [(row.kind, row.about) for row in rows[1:]]
    about = f"officer:{made.id}"
    assert told == [("officer.created", about), ("officer.refused", about), ("officer.signed_in", about)]
    assert "bottles" not in str(rows), "what was typed as a name may be a password"
