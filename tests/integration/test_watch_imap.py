"""`heard watch` against a real Dovecot: what is received, what is done to the mailbox, and by whom."""

import shutil
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from service.api.context import Context
from service.inbox import Inbox
from service.mailbox import Mailbox
from service.sources import MoveTo, SetKeyword
from service.store import tables
from service.store.locks import sole
from tests.builders import a_mail
from tests.dovecot import Dovecot
from tests.mailboxes import WHEN, a_source, a_watcher, arrivals, found, look, mails, state, until


def test_waiting_mails_are_received_once_and_later_only_new_ones(context: Context, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, *mails(1, 2), when=WHEN)
    source = a_source(dovecot, user)
    assert look(context, source)
    dovecot.deliver(user, *mails(3))
    assert look(context, source)
    assert look(context, source)
    assert found(context) == {1: 1, 2: 1, 3: 1}
    assert arrivals(context) == {"accepted": 3}
    with context.database.reading() as connection:
        times = set(
            connection.scalars(select(tables.message.c.received_at).where(tables.message.c.text.contains("000001")))
        )
    assert times == {WHEN}
    assert state(context).state(datetime.now(UTC)) == "ok"


def test_nothing_in_the_mailbox_is_changed_unless_told_so(context: Context, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, *mails(1, 2))
    assert look(context, a_source(dovecot, user))
    with dovecot.login(user) as client:
        client.select_folder("INBOX", readonly=True)
        assert client.search(["UNSEEN"]) == [1, 2]
        assert client.search(["RECENT"]) == [1, 2]


def test_a_mail_that_comes_while_we_wait_wakes_the_watcher(context: Context, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, *mails(1))
    stop = threading.Event()
    watcher = a_watcher(context, a_source(dovecot, user, poll_seconds=1_000))
    thread = threading.Thread(target=watcher.run, args=(stop,))
    thread.start()
    try:
        until(lambda: 1 in found(context))
        number = 2
        while len(found(context)) == 1:  # the first of these may come before it waits; the next wakes it
            assert number < 30, "it did not wake"
            dovecot.deliver(user, *mails(number))
            number += 1
            time.sleep(1)
    finally:
        stop.set()
        thread.join()


def test_received_mails_get_a_keyword_where_that_is_asked_for(context: Context, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, *mails(1, 2))
    assert look(context, a_source(dovecot, user, after=SetKeyword(keyword="Heard")))
    dovecot.deliver(user, *mails(3))
    with dovecot.login(user) as client:
        client.select_folder("INBOX")
        assert client.search(["KEYWORD", "Heard"]) == [1, 2]
        assert client.search(["UNSEEN"]) == [1, 2, 3]


def test_received_mails_are_moved_where_that_is_asked_for(context: Context, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, *mails(1, 2))
    source = a_source(dovecot, user, after=MoveTo(move="Heard"))
    assert not look(context, source)
    assert "TRYCREATE" in state(context).failure
    assert found(context) == {1: 1, 2: 1}
    assert dovecot.count(user) == 2
    with dovecot.login(user) as client:
        client.create_folder("Heard")
    assert look(context, source)
    assert (dovecot.count(user), dovecot.count(user, "Heard")) == (0, 2)
    assert arrivals(context) == {"accepted": 2}


def test_a_folder_made_anew_is_read_again_and_a_mail_that_came_meanwhile_is_not_missed(
    context: Context, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, *mails(1, 2, 3), folder="Cases", when=WHEN)
    source = a_source(dovecot, user, folders=("Cases",))
    assert look(context, source)
    with dovecot.login(user) as client:
        client.delete_folder("Cases")
        client.create_folder("Cases")
    dovecot.deliver(user, *mails(4, 1, 2, 3), folder="Cases", when=WHEN)
    assert look(context, source)
    assert found(context) == {1: 1, 2: 1, 3: 1, 4: 1}
    assert arrivals(context) == {"accepted": 4, "duplicate": 3}


def test_a_mailbox_restored_from_a_backup_that_gives_numbers_again_loses_nothing(
    context: Context, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, *mails(1, 2), folder="Cases", when=WHEN)
    source = a_source(dovecot, user, folders=("Cases",))
    assert look(context, source)
    folder = dovecot.folder / "mail" / user / ".Cases"
    backup = dovecot.folder / f"backup-{user}"
    _copy(folder, backup)
    dovecot.deliver(user, *mails(3), folder="Cases", when=WHEN + timedelta(hours=1))
    assert look(context, source)
    folder.rename(backup.with_name(f"lost-{user}"))
    _copy(backup, folder)
    dovecot.deliver(user, *mails(4), folder="Cases", when=WHEN + timedelta(hours=2))
    assert look(context, source)
    assert found(context) == {1: 1, 2: 1, 3: 1, 4: 1}


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    for path in (target, *target.rglob("*")):
        twin = (source / path.relative_to(target)).stat()
        shutil.chown(path, twin.st_uid, twin.st_gid)


def test_a_mail_in_two_folders_is_one_message_and_a_recorded_duplicate(
    context: Context, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, *mails(1))
    dovecot.deliver(user, *mails(1, 2), folder="Cases")
    assert look(context, a_source(dovecot, user, folders=("INBOX", "Cases")))
    assert found(context) == {1: 1, 2: 1}
    assert arrivals(context) == {"accepted": 2, "duplicate": 1}


def test_a_mail_that_cannot_be_read_is_set_aside_with_its_bytes_and_its_neighbours_are_received(
    context: Context, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.mailbox._BATCH_BYTES", 10_000)
    monkeypatch.setattr("service.mailbox.MAIL_LIMIT", 20_000)
    monkeypatch.setattr("service.inbox.MAIL_LIMIT", 20_000)
    monkeypatch.setattr("pipeline.read.mail.MAIL_LIMIT", 20_000)
    first, last = mails(1, 2)
    dovecot.deliver(user, first, a_mail("x" * 30_000), last)
    with dovecot.login(user) as client:
        client.create_folder("Heard")
    assert look(context, a_source(dovecot, user, after=MoveTo(move="Heard")))
    assert found(context) == {1: 1, 2: 1}
    assert arrivals(context) == {"accepted": 2, "quarantined": 1}
    with context.database.reading() as connection:
        kept = connection.execute(select(tables.quarantine)).mappings().one()
    assert len(kept["raw"]) == 20_001
    assert "all of it is in the mailbox" in kept["reason"]
    assert (dovecot.count(user), dovecot.count(user, "Heard")) == (1, 2)


def test_only_one_of_two_watchers_works_at_a_time_and_either_may_be_ended(
    context: Context, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, *mails(1))
    source = a_source(dovecot, user)
    with sole(context.settings.database, "watch repairs") as mine:
        assert mine
        assert not look(context, source)
        assert not found(context)
    assert look(context, source)
    assert found(context) == {1: 1}


def test_two_watchers_that_do_work_at_once_still_receive_each_mail_once(
    context: Context, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, *mails(*range(1, 9)))
    source = a_source(dovecot, user)
    assert look(context, a_source(dovecot, f"{user}empty"))
    watchers = [Inbox(source, context.database, context.intake) for _ in range(2)]
    threads = [
        threading.Thread(target=inbox.session, args=(lambda: None, threading.Event()), kwargs={"once": True})
        for inbox in watchers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found(context) == dict.fromkeys(range(1, 9), 1)
    assert arrivals(context)["accepted"] == 8


def test_message_numbers_are_asked_for_in_windows_that_widen_over_gaps() -> None:
    asked: list[tuple[int, int]] = []

    class Sparse(Mailbox):
        def __init__(self) -> None:
            """Without a connection."""

        def uids(self, first: int, last: int, *_also: str) -> list[int]:
            asked.append((first, last))
            return [uid for uid in (5, 900_000) if first <= uid <= last]

    assert [uid for window in Sparse().windows(1, 1_000_000) for uid in window] == [5, 900_000]
    assert len(asked) < 30
    assert max(last - first for first, last in asked) < 65_536
    assert [first for first, _ in asked[1:]] == [last + 1 for _, last in asked[:-1]]
