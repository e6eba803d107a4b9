"""A test that cannot fail proves nothing: broken builds, each of which the harness must catch."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from pipeline.classify import MessageClassifier
from pipeline.domain import Decision, Message
from service.crashpoints import KILLED, VARIABLE
from service.intake import Intake
from service.store import messages as store
from service.store.database import Database
from tests.builders import COMPLAINT, REQUEST, a_message
from tests.faults import harness


@pytest.fixture
def url(tmp_path: Path) -> str:
    database = Database(f"sqlite:///{tmp_path / 'heard.db'}")
    database.migrate()
    database.close()
    return f"sqlite:///{tmp_path / 'heard.db'}"


def told_too_early(intake: Intake, message: Message, tell: Callable[[], None]) -> None:
    tell()
    intake.receive(message, source=harness.SOURCE)


def skipping(intake: Intake, message: Message, tell: Callable[[], None]) -> None:
    with suppress(OperationalError):
        intake.receive(message, source=harness.SOURCE)
    tell()


def run(url: str, classifier: MessageClassifier, sent: list[Message], ledger: Path, take: harness.Take) -> int:
    return harness.exit_status(harness.in_child(lambda: harness.hand_over(url, classifier, sent, ledger, take)))


@pytest.mark.parametrize(("take", "caught"), [(harness.honest, False), (told_too_early, True)])
def test_an_acknowledgement_before_the_commit_is_caught(
    url: str, classifier: MessageClassifier, tmp_path: Path, take: harness.Take, caught: bool
) -> None:
    sent, ledger = harness.canaries(6), tmp_path / "told"

    def work() -> None:
        os.environ[VARIABLE] = "intake_before_commit:3"
        harness.hand_over(url, classifier, sent, ledger, take)

    assert harness.exit_status(harness.in_child(work)) == KILLED
    assert run(url, classifier, sent, ledger, take) == 0
    assert ("told but lost: canary-000002" in harness.faults(url, sent, ledger)) == caught


@pytest.mark.parametrize(("take", "caught"), [(harness.honest, False), (skipping, True)])
def test_skipping_what_fails_is_caught(
    url: str, classifier: MessageClassifier, tmp_path: Path, take: harness.Take, caught: bool
) -> None:
    sent, ledger = harness.canaries(12), tmp_path / "told"

    def work() -> None:
        original = store.decision_values

        def failing(made: Decision, *given: object) -> dict[str, object]:
            if made.message_id == "canary-000002":
                raise OperationalError("injected", None, OSError("no answer"))
            return original(made, *given)

        store.decision_values = failing
        harness.hand_over(url, classifier, sent, ledger, take)

    harness.exit_status(harness.in_child(work))
    assert run(url, classifier, sent, ledger, take) == 0
    assert ("told but lost: canary-000002" in harness.faults(url, sent, ledger)) == caught


def with_one_id(message: Message) -> Message:
    return replace(message, id="<1@example.org>")


def with_id_of_words(message: Message) -> Message:
    return replace(message, id=str(hash(message.text)))


@pytest.mark.parametrize(
    ("identity", "caught"),
    [(None, False), (with_one_id, True), (with_id_of_words, True)],
    ids=["as it is", "Message-ID as key", "words as key"],
)
def test_an_identity_that_two_messages_share_is_caught(
    url: str,
    classifier: MessageClassifier,
    monkeypatch: pytest.MonkeyPatch,
    identity: Callable[[Message], Message] | None,
    caught: bool,
) -> None:
    sent = [
        a_message(id=f"m-{n}", text=text, sender=f"r{n}@example.org")
        for n, text in enumerate([COMPLAINT] * 2 + [REQUEST])
    ]
    database = Database(url)
    intake = harness.an_intake(database, classifier)
    if identity:  # such a build looks at nothing but its key
        monkeypatch.setattr(store, "content_sha256", lambda _message: "0" * 64)
    for message in sent:
        intake.receive(identity(message) if identity else message, source=harness.SOURCE)
    database.close()
    assert bool(harness.faults(url, sent)) == caught


@pytest.mark.parametrize("weaker", ["synchronous=NORMAL", "synchronous=OFF", "journal_mode=MEMORY"])
def test_a_database_that_may_lose_what_it_said_is_stored_is_refused(url: str, weaker: str) -> None:
    database = Database(url)
    database.check_durable()
    database.close()
    event.listen(database._engine, "connect", lambda raw, _record: raw.execute(f"PRAGMA {weaker}"))
    with pytest.raises(Exception, match="may lose what it has said is stored"):
        database.check_durable()
    database.close()
