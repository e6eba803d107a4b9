"""Messages that come in together leave the same rows as one by one, and rest on their own feet."""

import random
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import TextClause, select, text

from pipeline.classify import MessageClassifier
from pipeline.domain import Channel, Message
from pipeline.errors import RefusedRow
from service.bulk import Apart, Became
from service.contacts import History
from service.deadlines import Calendar
from service.imported import Outcome
from service.intake import Intake
from service.received import IdInUse
from service.sampling import Sampling
from service.settings import Nation
from service.store import checks, tables
from service.store import messages as store
from service.store.contacts import Earlier
from service.store.database import Database
from tests.builders import COMPLAINT, RECEIVED, REQUEST, THANKS, a_message
from tests.conftest import new_database

_OWN = {"id", "arrival_id"}
_TABLES = (tables.message, tables.decision, tables.queue_item, tables.event, tables.arrival, tables.contact)
_ALL = (*_TABLES, tables.quarantine)


def an_intake(url: str, classifier: MessageClassifier) -> tuple[Database, Intake]:
    database = Database(url)
    database.migrate()
    sampling = Sampling(share=0.5)
    return database, Intake(database, classifier, Calendar(Nation.ENGLAND), lambda: RECEIVED, sampling=sampling)


def found() -> list[Message | RefusedRow]:
    texts = (COMPLAINT, REQUEST, THANKS)
    new = [
        a_message(id=f"m-{n}", text=f"{texts[n % 3]} {n}", sender=f"r{n}@example.org", channel=Channel.SURVEY)
        for n in range(9)
    ]
    again = a_message(id="before", text="No heat")
    other = a_message(id="before-2", text="Other words")
    return [*new, RefusedRow("the text is empty.", source="in.csv#3", line=4, raw=b"x"), again, other]


def rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    with database.reading() as connection:
        assert checks.broken(connection) == []
        return {
            table.name: sorted(
                ({name: value for name, value in row.items() if name not in _OWN or table is tables.message}
                 for row in connection.execute(select(table)).mappings()),
                key=repr,
            )
            for table in _ALL
        }  # fmt: skip


@pytest.fixture
def two(database_url: str, classifier: MessageClassifier, tmp_path: Path) -> Iterator[list[tuple[Database, Intake]]]:
    """Two systems that had received the same two messages."""
    made = [an_intake(database_url, classifier), an_intake(f"sqlite:///{tmp_path}/other.db", classifier)]
    for _, intake in made:
        for name in ("before", "before-2"):
            intake.receive(a_message(id=name, text="No heat"), source="in")
    yield made
    for database, _ in made:
        database.close()


def test_what_comes_in_together_leaves_the_rows_that_it_leaves_one_by_one(two: list[tuple[Database, Intake]]) -> None:
    (database, intake), (other, one_by_one) = two
    noted = list[Sequence[Became]]()
    became = intake.receive_all(found(), source="in", within=lambda _connection, met: noted.append(met))
    for one in found():
        if isinstance(one, RefusedRow):
            one_by_one.set_aside(one, source="in")
        elif one.id == "before-2":
            with pytest.raises(IdInUse):
                one_by_one.receive(one, source="in")
        else:
            one_by_one.receive(one, source="in")
    assert [met.outcome for met in became] == [
        *[Outcome.ACCEPTED] * 9, Outcome.REFUSED, Outcome.DUPLICATE, Outcome.REFUSED
    ]  # fmt: skip
    assert noted == [became]
    assert all((met.decision is not None) == (met.outcome is Outcome.ACCEPTED) for met in became)
    assert rows(database) == rows(other)


def test_nothing_of_what_comes_in_together_is_there_where_its_note_cannot_be_written(
    two: list[tuple[Database, Intake]],
) -> None:
    (database, intake), _ = two
    before = rows(database)

    def fail(_connection: object, _became: object) -> None:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        intake.receive_all(found(), source="in", within=fail)
    assert rows(database) == before


def test_two_who_receive_the_same_messages_never_wait_for_each_other_in_a_circle(
    cluster: str, classifier: MessageClassifier
) -> None:
    database, intake = an_intake(new_database(cluster), classifier)
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    both = [a_message(id=name, sender=f"{name}@example.org") for name in ("b", "a")]
    became: list[Became] = []
    thread = threading.Thread(
        target=lambda: became.extend(intake.receive_all(both, source="in", within=lambda *_: None))
    )
    with database.writing() as connection:
        store.insert_all(connection, tables.message, [store.message_values(both[1], "in", RECEIVED, Earlier())])
        thread.start()
        while thread.is_alive() and not _seen(database, waits):
            thread.join(0.05)
        store.insert_all(connection, tables.message, [store.message_values(both[0], "in", RECEIVED, Earlier())])
    thread.join()
    database.close()
    assert [met.outcome for met in became] == [Outcome.DUPLICATE] * 2


def test_many_who_receive_some_of_the_same_messages_all_come_to_an_end(
    cluster: str, classifier: MessageClassifier
) -> None:
    database, intake = an_intake(new_database(cluster), classifier)
    chance = random.Random(5)  # a test's
    all_of_them = [a_message(id=f"m{number:02}", sender=f"{number}@example.org") for number in range(24)]
    batches = [chance.sample(all_of_them, 12) for _ in range(8)]
    start = threading.Barrier(len(batches))

    def receive(batch: list[Message]) -> list[Became]:
        start.wait()
        return intake.receive_all(batch, source="in", within=lambda *_: None)

    with ThreadPoolExecutor(len(batches)) as pool:
        became = [met for each in pool.map(receive, batches) for met in each]
    database.close()
    new = sorted(met.message_id for met in became if met.outcome is Outcome.ACCEPTED)
    assert new == sorted({one.id for batch in batches for one in batch})
    assert len(became) == 8 * 12


def _seen(database: Database, query: TextClause) -> bool:
    """In a transaction of its own: PostgreSQL shows one transaction the same activity again and again."""
    with database.reading() as connection:
        return bool(connection.scalar(query))


def test_messages_of_one_resident_or_one_id_do_not_come_together() -> None:
    apart = Apart(History().keys_of)
    anna, ben = a_message(id="1", sender="anna@example.org"), a_message(id="2", sender="ben@example.org")
    assert [apart.takes(one) for one in (anna, ben, RefusedRow("empty", source="in"))] == [True, True, True]
    assert not apart.takes(a_message(id="3", sender="Anna <ANNA@example.org>"))
    assert not apart.takes(a_message(id="2", sender="cleo@example.org"))
    apart.begin(a_message(id="3", sender="anna@example.org"))
    assert apart.takes(ben)
