from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import RowMapping, column, insert, select, table

from pipeline.classify import MessageClassifier
from pipeline.domain import Channel, Decision, Message, MessageKind, Route
from pipeline.read.mail import read_mail
from service.contacts import History
from service.deadlines import Calendar
from service.intake import Intake
from service.settings import Nation, Settings, settings_from
from service.store import checks, messages, queues, tables
from service.store.database import Database
from tests.builders import RECEIVED, a_mail, a_message

DAY = timedelta(days=1)
CROSS = "Your service is appalling and unacceptable. We pay for cleaning and get nothing, it is a joke."
"""A complaint in which nothing says that there was an earlier contact: a first report for the lgsco-2024 profile."""
ANNA, BEN = "anna@example.org", "ben@example.org"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def council(model: Path) -> MessageClassifier:
    return MessageClassifier.open(model, "lgsco-2024")


def an_intake(database: Database, classifier: MessageClassifier, **history: Any) -> Intake:
    return Intake(database, classifier, Calendar(Nation.ENGLAND), history=History(**history))


@pytest.fixture
def intake(database: Database, council: MessageClassifier) -> Intake:
    return an_intake(database, council)


def kept(database: Database, message_id: str) -> RowMapping:
    with database.reading() as connection:
        row = messages.message_row(connection, message_id)
    assert row is not None
    return row


def route_of(database: Database, message_id: str) -> Route:
    with database.reading() as connection:
        row = messages.decision_row(connection, message_id)
    assert row is not None
    return Route(row["route"])


def all_ids(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(connection.scalars(select(tables.message.c.id)))


def holds(database: Database) -> bool:
    with database.reading() as connection:
        return checks.broken(connection) == [] and all(row.holds for row in queues.balances(connection))


def test_the_second_message_of_a_resident_is_no_first_report(database: Database, intake: Intake) -> None:
    intake.receive(a_message(id="first", text=CROSS, sender=ANNA), source="inbox")
    intake.receive(a_message(id="second", text=CROSS + "!", sender=ANNA, received_at=RECEIVED + DAY), source="inbox")
    assert (route_of(database, "first"), route_of(database, "second")) == (Route.REVIEW, Route.STAGE_1)
    assert kept(database, "first")["prior_contacts"] == 0
    assert (kept(database, "second")["prior_contacts"], kept(database, "second")["prior_ids"]) == (1, ["first"])


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"sender": ANNA}, {"sender": "Anna Tarn <Anna@Example.ORG>"}),
        ({"case_reference": "HD/2026/0041"}, {"case_reference": " hd/2026/0041", "sender": BEN}),
        ({"property_reference": "UPRN 0041"}, {"property_reference": "UPRN  0041", "sender": BEN}),
        ({"sender": "T-118", "channel": Channel.NOTE}, {"sender": "T-118"}),
    ],
)
def test_the_same_sender_case_or_home_is_found_again(
    database: Database, intake: Intake, earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    intake.receive(a_message(id="earlier", **earlier), source="inbox")
    intake.receive(a_message(id="later", received_at=RECEIVED + DAY, **later), source="inbox")
    assert kept(database, "later")["prior_ids"] == ["earlier"]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ({"sender": ANNA}, {"sender": BEN}),
        ({"sender": "anna+lift@example.org"}, {"sender": ANNA}),
        ({"sender": ""}, {"sender": ""}),
        ({"case_reference": "41"}, {"property_reference": "41"}),
        ({"sender": "noreply@forms.example"}, {"sender": "noreply@forms.example"}),
        ({"sender": ANNA, "kind": MessageKind.MACHINE}, {"sender": ANNA}),
        ({"sender": ANNA, "received_at": RECEIVED - 100 * DAY}, {"sender": ANNA}),
        ({"sender": ANNA, "received_at": RECEIVED + 2 * DAY}, {"sender": ANNA}),
    ],
    ids=["others", "plus-tag", "nobody", "other kind", "no-reply", "machine", "long ago", "later"],
)
def test_who_only_looks_alike_is_nobody_who_wrote_before(
    database: Database, intake: Intake, earlier: dict[str, Any], later: dict[str, Any]
) -> None:
    intake.receive(a_message(id="earlier", **earlier), source="inbox")
    intake.receive(a_message(id="later", **{"received_at": RECEIVED + DAY, **later}), source="inbox")
    assert kept(database, "later")["prior_ids"] == []


def test_officers_who_forward_for_many_residents_are_not_a_resident(
    database: Database, council: MessageClassifier
) -> None:
    own = frozenset({"repairs@landlord.example", "@brindlevale.example"})
    intake = an_intake(database, council, own=own)
    for sender in ("repairs@landlord.example", "r.moss@brindlevale.example"):
        for day in range(2):
            name = f"{sender}-{day}"
            intake.receive(a_message(id=name, sender=sender, received_at=RECEIVED + day * DAY), source="inbox")
            assert kept(database, name)["prior_ids"] == []


def test_own_addresses_are_set_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEARD_OWN_ADDRESSES", "Repairs@Landlord.example, @brindlevale.example")
    assert settings_from().own_addresses == {"repairs@landlord.example", "@brindlevale.example"}
    assert Settings().prior_contact_days == 90


def test_what_the_caller_knows_of_prior_contacts_is_believed(database: Database, intake: Intake) -> None:
    intake.receive(a_message(id="earlier", text=CROSS, sender=ANNA), source="inbox")
    message = a_message(id="later", text=CROSS, sender=ANNA, prior_contacts=0, received_at=RECEIVED + DAY)
    intake.receive(message, source="inbox")
    assert (kept(database, "later")["prior_contacts"], route_of(database, "later")) == (0, Route.REVIEW)
    assert kept(database, "later")["prior_ids"] == ["earlier"]


def test_two_of_the_same_instant_do_not_count_each_other_in_either_order(database: Database, intake: Intake) -> None:
    for name in ("b", "a"):
        intake.receive(a_message(id=name, text=f"{CROSS} {name}", sender=ANNA), source="inbox")
    assert [kept(database, name)["prior_ids"] for name in "ab"] == [[], []]


def test_history_that_grew_between_decision_and_transaction_is_decided_again(
    database: Database, council: MessageClassifier
) -> None:
    other = an_intake(database, council)

    class Racing:
        profile = council.profile
        raced = False

        def classify(self, messages: Sequence[Message], *, explain: bool = False) -> list[Decision]:
            made = council.classify(messages, explain=explain)
            if not self.raced:
                self.raced = True
                earlier = a_message(id="other", text=CROSS, sender=ANNA, received_at=RECEIVED - DAY)
                other.receive(earlier, source="inbox")
            return made

    racing = Intake(database, Racing(), Calendar(Nation.ENGLAND))
    racing.receive(a_message(id="m", text=CROSS, sender=ANNA), source="inbox")
    assert (kept(database, "m")["prior_ids"], route_of(database, "m")) == (["other"], Route.STAGE_1)


def test_a_resident_with_very_many_messages_counts_as_at_least_fifty(database: Database, intake: Intake) -> None:
    for number in range(60):
        at = RECEIVED + timedelta(minutes=number)
        intake.receive(a_message(id=f"m-{number}", text=f"{number}", sender=ANNA, received_at=at), source="inbox")
    row = kept(database, "m-59")
    assert (row["prior_contacts"], row["prior_ids"][0], len(row["prior_ids"])) == (50, "m-58", 50)


def test_the_same_words_of_a_resident_a_week_later_are_two_messages_that_know_of_each_other(
    database: Database, intake: Intake
) -> None:
    first, second = (
        read_mail(a_mail(headers=f"X-Id: {n}\n").replace(b"<1@", f"<{n}@".encode()), source="x") for n in (1, 2)
    )
    assert isinstance(first, Message)
    assert isinstance(second, Message)
    intake.receive(first, source="inbox")
    received = intake.receive(replace(second, received_at=RECEIVED + 7 * DAY), source="inbox")
    assert received.new
    assert kept(database, second.id)["repeat_of"] == first.id
    assert kept(database, first.id)["repeat_of"] is None


def test_the_same_words_of_two_residents_are_two_messages_that_are_not_linked(
    database: Database, intake: Intake
) -> None:
    for number, sender in enumerate((ANNA, BEN, "", "")):
        intake.receive(a_message(id=f"m-{number}", text="no heating", sender=sender), source="survey")
    assert [kept(database, f"m-{number}")["repeat_of"] for number in range(4)] == [None] * 4


def a_read_mail(raw: bytes, place: str = "inbox#1") -> Message:
    read = read_mail(raw, source=place)
    assert isinstance(read, Message)
    return read


def without(raw: bytes, *headers: bytes) -> bytes:
    return b"".join(line for line in raw.splitlines(keepends=True) if line.partition(b":")[0] not in headers)


def test_a_mail_that_comes_again_by_another_way_is_one(database: Database, intake: Intake) -> None:
    intake.receive(a_read_mail(a_mail()), source="inbox")
    again = a_read_mail(a_mail(headers="Received: by mx2.example; Tue, 03 Nov 2026 10:00:00 +0000\n"), "inbox#2")
    assert not intake.receive(again, source="inbox").new
    assert len(all_ids(database)) == 1
    assert holds(database)


def test_a_reused_message_id_over_other_words_is_another_message(database: Database, intake: Intake) -> None:
    for words in ("The lift is out.", "The lift is out again, and nobody came."):
        assert intake.receive(a_read_mail(a_mail(words)), source="inbox").new
    assert len(all_ids(database)) == 2
    assert holds(database)


def test_without_a_message_id_the_rest_tells_two_mails_apart(database: Database, intake: Intake) -> None:
    plain = without(a_mail(), b"Message-ID")
    other = without(a_mail("Other words."), b"Message-ID")
    assert [intake.receive(a_read_mail(raw), source="inbox").new for raw in (plain, other, plain)] == [
        True,
        True,
        False,
    ]


UNDATED = without(a_mail(), b"Message-ID", b"Date")
TRACED = b"Received: from a.example by mx.example; Mon, 02 Nov 2026 09:30:00 +0000\n" + UNDATED
TRACED_LATER = b"Received: from a.example by mx.example; Mon, 09 Nov 2026 09:30:00 +0000\n" + UNDATED


@pytest.mark.parametrize(
    ("first", "second", "new"),
    [
        ((TRACED, "inbox", "inbox#1"), (TRACED, "inbox", "inbox#9"), False),  # renumbered, fetched again
        ((TRACED, "inbox", "inbox#1"), (TRACED, "other", "other#1"), False),  # copied to another folder
        ((TRACED, "inbox", "inbox#1"), (TRACED_LATER, "inbox", "inbox#2"), True),  # sent again
        ((UNDATED, "drop", "a.eml"), (UNDATED, "drop", "a.eml"), False),  # the same file again
        ((UNDATED, "drop", "a.eml"), (UNDATED, "drop", "b.eml"), True),  # cannot be told
        ((UNDATED, "drop", "a.eml"), (UNDATED, "other", "a.eml"), True),  # cannot be told
    ],
)
def test_mails_that_nothing_in_them_tells_apart_are_kept_and_linked_unless_they_are_the_same_copy(
    database: Database, intake: Intake, first: tuple[bytes, str, str], second: tuple[bytes, str, str], new: bool
) -> None:
    received = [intake.receive(a_read_mail(raw, place), source=source) for raw, source, place in (first, second)]
    assert [one.new for one in received] == [True, new]
    assert len(all_ids(database)) == 1 + new
    if new:
        assert kept(database, received[1].message_id)["repeat_of"] == received[0].message_id
    for raw, source, place in (first, second):
        assert not intake.receive(a_read_mail(raw, place), source=source).new, "a redelivery is not a third message"
    assert holds(database)


def test_messages_kept_before_there_were_keys_are_found_by_their_sender(
    bare_database_url: str, council: MessageClassifier
) -> None:
    from alembic import command  # noqa: PLC0415  # only here
    from alembic.config import Config  # noqa: PLC0415  # only here

    database = Database(bare_database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for name, flags in (("person", []), ("machine", ["machine"])):
            connection.execute(insert(_of_0003("message")).values(_an_old_message(name)))
            connection.execute(insert(_of_0003("decision")).values(_an_old_decision(name, flags)))
    database.migrate()
    later = a_message(id="later", sender=ANNA, received_at=RECEIVED + DAY)
    an_intake(database, council).receive(later, source="inbox")
    assert kept(database, "later")["prior_ids"] == ["person"]
    database.close()


def _of_0003(name: str) -> Any:
    gone = {"place", "case_reference", "property_reference", "prior_ids", "repeat_of"}
    present = tables.metadata.tables[name].columns
    return table(name, *(column(one.name, one.type) for one in present if one.name not in gone))


def _an_old_message(name: str) -> dict[str, Any]:
    return {
        **dict.fromkeys(("subject", "text", "source"), ""),
        "id": name,
        "content_sha256": "0",
        "channel": "email",
        "sender": "Anna@example.org",
        "received_at": RECEIVED,
    }


def _an_old_decision(name: str, flags: list[str]) -> dict[str, Any]:
    texts = ("topic", "category_hos", "category_lgsco", "profile", "profile_version", "model_version")
    return {
        **dict.fromkeys(texts, ""),
        **dict.fromkeys(("complaint", "service_request", "other"), 0.3),
        **{field: [] for field in ("reasons", "cues", "words", "thresholds")},
        "message_id": name,
        "decided_at": RECEIVED,
        "label": "other",
        "route": "no_action",
        "jurisdiction": "hos",
        "flags": flags,
    }


def test_both_databases_find_the_same_history(council: MessageClassifier, tmp_path: Path, cluster: str) -> None:
    found = []
    for url in (f"sqlite:///{tmp_path / 'a.db'}", cluster):
        database = Database(url)
        database.migrate()
        intake = an_intake(database, council)
        for number in range(40):
            at: datetime = RECEIVED + timedelta(hours=(number * 17) % 40)
            message = a_message(
                id=f"c-{number}",
                text=f"{CROSS} {number % 7}",
                sender=(ANNA, BEN, "")[number % 3],
                property_reference=str(number % 5),
                received_at=at,
            )
            intake.receive(message, source="inbox")
        with database.reading() as connection:
            names = ("id", "prior_contacts", "prior_ids", "repeat_of")
            query = select(*(tables.message.c[name] for name in names), tables.decision.c.route).join(tables.decision)
            query = query.where(tables.message.c.id.like("c-%")).order_by(tables.message.c.id)
            found.append([tuple(row) for row in connection.execute(query)])
        database.close()
    assert found[0] == found[1]
    assert {row[4] for row in found[0]} == {"review", "stage_1"}
