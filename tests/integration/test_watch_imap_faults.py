"""`heard watch` against a real Dovecot and a scripted one: cuts, silence, lies, and mails that end a process."""

import random
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from pipeline.domain import Message
from service.api.context import Context
from service.deadlines import Calendar
from service.intake import Intake
from service.received import Received
from service.settings import Nation
from service.store import inboxes, tables
from tests.dovecot import Dovecot, Proxy
from tests.imap_script import Script
from tests.mailboxes import a_source, a_watcher, arrivals, found, look, mails, plain, state


class Poisoned(Intake):
    """Ends as a bug or the kernel would when it is handed one certain mail."""

    def receive(self, message: Message, *, source: str, key: str | None = None, body_sha256: str = "") -> Received:
        if "000002" in message.text:
            raise MemoryError
        return super().receive(message, source=source, key=key, body_sha256=body_sha256)


def test_a_mail_that_ends_process_after_process_is_set_aside_in_the_end(
    context: Context, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, *mails(1, 2, 3))
    source = a_source(dovecot, user)
    poisoned = Poisoned(context.database, context.classifier, Calendar(Nation.ENGLAND))
    for _ in range(6):
        with pytest.raises(MemoryError):
            a_watcher(context, source, poisoned).once(threading.Event())
    assert a_watcher(context, source, poisoned).once(threading.Event())
    assert found(context) == {1: 1, 3: 1}
    assert arrivals(context) == {"accepted": 2, "quarantined": 1}


class Meddled(Intake):
    """While the first message is received, somebody else works in the mailbox."""

    def meddle(self, deed: Callable[[], None]) -> None:
        self._deed: Callable[[], None] | None = deed

    def receive(self, message: Message, *, source: str, key: str | None = None, body_sha256: str = "") -> Received:
        deed, self._deed = self._deed, None
        if deed:
            deed()
        return super().receive(message, source=source, key=key, body_sha256=body_sha256)


def test_mails_that_others_remove_or_mark_while_we_read_are_counted_and_none_is_skipped(
    context: Context, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.mailbox._BATCH_MAILS", 2)
    dovecot.deliver(user, *mails(*range(1, 9)))
    intake = Meddled(context.database, context.classifier, Calendar(Nation.ENGLAND))

    def others() -> None:
        with dovecot.login(user) as client:
            client.create_folder("Elsewhere")
            client.select_folder("INBOX")
            client.add_flags([5, 6, 8], ["\\Seen"])
            client.delete_messages([3])
            client.uid_expunge([3])
            client.move([4], "Elsewhere")

    intake.meddle(others)
    assert a_watcher(context, a_source(dovecot, user), intake).once(threading.Event())
    assert found(context).keys() >= {1, 2, 5, 6, 7, 8}
    with context.database.reading() as connection:
        cursor = inboxes.cursor(connection, "repairs", "INBOX")
    assert cursor is not None
    assert cursor.last_uid == 8
    assert cursor.vanished == 8 - len(found(context))


def test_a_connection_cut_at_any_byte_loses_and_doubles_nothing_and_keeps_no_half_mail(
    context: Context, dovecot: Dovecot, user: str
) -> None:
    chance = random.Random(20261127)
    sent = mails(*range(1, 13))
    dovecot.deliver(user, *sent)
    with Proxy(target=dovecot.port) as proxy:
        assert look(context, plain(a_source(dovecot, user, name="probe"), proxy.port))
        length = proxy.passed
        ends = []
        for _ in range(10):
            proxy.cut_after = chance.randrange(length // 2)
            ends.append(look(context, plain(a_source(dovecot, user), proxy.port)))
    assert ends.count(False) >= 5
    assert look(context, a_source(dovecot, user))
    assert found(context) == dict.fromkeys(range(1, 13), 1)
    with context.database.reading() as connection:
        kept = {bytes(raw) for raw in connection.scalars(select(tables.message.c.raw))}
    assert kept == {mail.replace(b"\n", b"\r\n") for mail in sent}
    assert arrivals(context)["accepted"] == 12


def test_a_server_that_falls_silent_is_left_and_the_reason_is_kept(
    context: Context, dovecot: Dovecot, user: str
) -> None:
    with Proxy(target=dovecot.port, swallow=True) as proxy:
        assert not look(context, plain(a_source(dovecot, user), proxy.port, timeout_seconds=0.5))
    assert "no answer in time" in state(context).failure
    assert state(context).state(datetime.now(UTC)) == "failing"
    assert look(context, a_source(dovecot, user))
    assert state(context).state(datetime.now(UTC)) == "ok"


def test_a_mail_that_comes_shortened_is_not_kept_as_if_it_were_whole(context: Context, user: str) -> None:
    mail = mails(1)[0].replace(b"\n", b"\r\n")
    with Script([mail], shortened=1) as server:
        source = server.source(user)
        assert not look(context, source)
        assert not found(context)
        assert look(context, source)
    with context.database.reading() as connection:
        assert bytes(connection.scalar(select(tables.message.c.raw)) or b"") == mail


def test_a_size_the_server_only_estimates_does_not_keep_a_whole_mail_out(context: Context, user: str) -> None:
    mail = mails(1)[0].replace(b"\n", b"\r\n")
    with Script([mail], size_off_by=7) as server:
        assert look(context, server.source(user))
    assert found(context) == {1: 1}


def test_a_mail_the_server_never_gives_is_left_to_a_person_and_the_next_is_received(
    context: Context, user: str
) -> None:
    sent = [mail.replace(b"\n", b"\r\n") for mail in mails(1, 2, 3)]
    with Script(sent, withheld={2}) as server:
        watcher = a_watcher(context, server.source(user))
        assert [watcher.once(threading.Event()) for _ in range(3)] == [False, False, True]
    assert found(context) == {1: 1, 3: 1}
    assert arrivals(context) == {"accepted": 2, "quarantined": 1}


@pytest.mark.parametrize("answer", ["NO", "BAD", "BYE", "nonsense"])
def test_a_server_that_refuses_or_talks_nonsense_is_a_trouble_and_no_end(
    context: Context, user: str, answer: str
) -> None:
    with Script(mails(1), refuses=answer) as server:
        assert not look(context, server.source(user))
        assert state(context).failure
        server.refuses = ""
        assert look(context, server.source(user))
    assert found(context) == {1: 1}
