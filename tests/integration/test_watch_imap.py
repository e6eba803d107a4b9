"""`heard watch` against a real Dovecot. Every mail carries a number, so that lost and doubled ones show."""

import json
import random
import shutil
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select

from pipeline.domain import Message
from service.api.context import Context
from service.app import build_context
from service.deadlines import Calendar
from service.inbox import Inbox
from service.intake import Intake, Received
from service.mailbox import Mailbox
from service.settings import Nation, Settings
from service.sources import MailboxSource, MoveTo, OAuth, Secret, SetKeyword, Source, Tls
from service.store import inboxes, queues, tables
from service.store.inboxes import SourceState
from service.store.locks import sole
from service.watch import Watcher, watch
from tests.builders import COMPLAINT, a_mail
from tests.conftest import heard
from tests.dovecot import PASSWORD, Dovecot, Proxy, a_certificate, free_port
from tests.imap_script import Script

WHEN = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


class Provider(ThreadingHTTPServer):
    """A token endpoint that also tells Dovecot whose a token is. `valid` are the tokens that still are."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.valid: dict[str, str] = {}
        self.user, self.given, self.asked = "", 0, list[dict[str, str]]()
        self.expires_in = 3600.0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append({name: values[0] for name, values in form.items()})
        if form["client_secret"] != ["tell-no-one-7"]:
            self._say(401, {"error": "invalid_client", "error_description": form["client_secret"][0]})
            return
        self.server.given += 1
        token = f"token-{self.server.given}"
        self.server.valid[token] = self.server.user
        self._say(200, {"access_token": token, "expires_in": self.server.expires_in, "token_type": "Bearer"})

    def do_GET(self) -> None:
        token = parse_qs(urlsplit(self.path).query)["access_token"][0]
        user = self.server.valid.get(token)
        self._say(200 if user else 401, {"email": user} if user else {"error": "invalid_token"})

    def _say(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing on standard error."""


@pytest.fixture(scope="session")
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield server
        server.shutdown()


@pytest.fixture(scope="session")
def dovecot(provider: Provider) -> Iterator[Dovecot]:
    with Dovecot(tokeninfo=provider.address) as server:
        yield server


@pytest.fixture
def user(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A mailbox of this test's own."""
    monkeypatch.setenv("INBOX_PASSWORD", PASSWORD)
    return f"u{abs(hash(request.node.nodeid)):x}"


def a_source(dovecot: Dovecot, user: str, **given: Any) -> MailboxSource:
    values = {
        "name": "repairs",
        "host": "localhost",
        "port": dovecot.tls_port,
        "user": user,
        "password": Secret(env="INBOX_PASSWORD"),
        "ca_file": dovecot.certificate,
        "timeout_seconds": 10,
        **given,
    }
    return MailboxSource(**values)


def plain(source: MailboxSource, port: int, **given: Any) -> MailboxSource:
    """The same without TLS, by way of a proxy."""
    values = {name: getattr(source, name) for name in ("name", "user", "password", "folders", "after")}
    return MailboxSource(
        **{**values, "host": "127.0.0.1", "port": port, "tls": Tls.OFF, "timeout_seconds": 10, **given}
    )


def mails(*numbers: int) -> list[bytes]:
    return [a_mail(f"{COMPLAINT} canary-{number:06}", subject=f"Boiler {number}") for number in numbers]


def a_watcher(context: Context, source: MailboxSource, intake: Intake | None = None) -> Watcher:
    inbox = Inbox(source, context.database, intake or context.intake)
    return Watcher(inbox, context.database, context.settings.database)


def look(context: Context, source: MailboxSource) -> bool:
    return a_watcher(context, source).once(threading.Event())


def found(context: Context) -> Counter[int]:
    """How often each number is there as a message."""
    with context.database.reading() as connection:
        texts = connection.scalars(select(tables.message.c.text))
        return Counter(int(text.rpartition("canary-")[2]) for text in texts if "canary-" in text)


def arrivals(context: Context) -> dict[str, int]:
    with context.database.reading() as connection:
        assert all(balance.holds for balance in queues.balances(connection))
        query = select(tables.arrival.c.outcome, func.count()).group_by(tables.arrival.c.outcome)
        return {str(row[0]): int(row[1]) for row in connection.execute(query)}


def state(context: Context) -> SourceState:
    with context.database.reading() as connection:
        return inboxes.source(connection, "repairs")


def until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


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


def test_after_a_refused_login_nobody_tries_again_within_a_minute(
    context: Context, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INBOX_PASSWORD", "not-the-password-01632")
    with Proxy(target=dovecot.port) as proxy:
        source = plain(a_source(dovecot, user), proxy.port)
        assert not look(context, source)
        tried = proxy.connections
        assert not look(context, source)
        assert proxy.connections == tried == 1
        monkeypatch.setenv("INBOX_PASSWORD", PASSWORD)
        later = a_watcher(context, source)
        later._now = lambda: datetime.now(UTC) + timedelta(seconds=61)
        assert later.once(threading.Event())
    said = capfd.readouterr()
    assert "refused the login" in said.out
    assert "not-the-password" not in said.out + said.err


def an_oauth(provider: Provider, monkeypatch: pytest.MonkeyPatch, secret: str = "tell-no-one-7") -> OAuth:
    monkeypatch.setenv("CLIENT_SECRET", secret)
    return OAuth(
        token_url=f"{provider.address}/token",
        client_id="6f1c",
        client_secret=Secret(env="CLIENT_SECRET"),
    )


def test_a_token_is_fetched_used_again_and_renewed_when_it_ends_or_is_refused(
    context: Context, dovecot: Dovecot, user: str, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.user, before = user, provider.given
    dovecot.deliver(user, *mails(1))
    source = a_source(dovecot, user, password=None, oauth=an_oauth(provider, monkeypatch))
    watcher = a_watcher(context, source)
    assert watcher.once(threading.Event())
    assert watcher.once(threading.Event())
    assert provider.given == before + 1
    assert provider.asked[-1]["scope"] == "https://outlook.office365.com/.default"
    provider.valid.clear()
    assert not watcher.once(threading.Event())
    assert "refused the login" in state(context).failure
    watcher._now = lambda: datetime.now(UTC) + timedelta(seconds=61)
    dovecot.deliver(user, *mails(2))
    assert watcher.once(threading.Event())
    assert provider.given == before + 2
    assert found(context) == {1: 1, 2: 1}


def test_a_client_the_token_endpoint_refuses_is_said_by_its_code_and_never_with_its_secret(
    context: Context, dovecot: Dovecot, user: str, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    oauth = an_oauth(provider, monkeypatch, secret="wrong-secret-01632")
    assert not look(context, a_source(dovecot, user, password=None, oauth=oauth))
    assert "invalid_client" in state(context).failure
    assert "wrong-secret" not in state(context).failure


def test_a_token_command_is_asked_before_each_login(
    context: Context, dovecot: Dovecot, user: str, provider: Provider
) -> None:
    provider.valid["by-hand"] = user
    source = a_source(dovecot, user, password=None, oauth=OAuth(token_command=("echo", "by-hand")))
    assert look(context, source)
    broken = a_source(dovecot, user, password=None, oauth=OAuth(token_command=("false",)))
    assert not look(context, broken)
    assert "token command failed with status 1" in state(context).failure


WRONG = {"unknown": "not trusted", "other name": "not valid for 'localhost'", "ended": "expired"}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_certificate_that_is_not_right_is_refused_before_any_word_is_said(
    context: Context, user: str, tmp_path: Path, wrong: str
) -> None:
    host, ends = (
        "other.example" if wrong == "other name" else "localhost",
        timedelta(days=-1 if wrong == "ended" else 1),
    )
    certificate, key = a_certificate(tmp_path, host=host, ends=ends)
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    served.load_cert_chain(certificate, key)
    (tmp_path / "more").mkdir()
    trusted = a_certificate(tmp_path / "more")[0] if wrong == "unknown" else certificate
    with Script([], tls=served) as server:
        assert not look(context, server.source(user, host="localhost", tls=Tls.ON, ca_file=trusted))
        assert not server.heard
    assert "certificate is not trusted" in state(context).failure
    assert WRONG[wrong] in state(context).failure


def test_where_starttls_is_stripped_no_password_is_sent(context: Context, user: str) -> None:
    with Script([]) as server:
        assert not look(context, server.source(user, tls=Tls.STARTTLS))
        assert not any("AUTHENTICATE" in line or "LOGIN" in line for line in server.heard)


def test_starttls_is_used_where_it_is_asked_for(context: Context, dovecot: Dovecot, user: str) -> None:
    dovecot.deliver(user, *mails(1))
    assert look(context, a_source(dovecot, user, tls=Tls.STARTTLS, port=dovecot.port))
    assert found(context) == {1: 1}


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


def test_a_source_from_which_nothing_comes_for_too_long_is_said_to_be_silent(
    context: Context, dovecot: Dovecot, user: str, capfd: pytest.CaptureFixture[str]
) -> None:
    dovecot.deliver(user, *mails(1))
    watcher = a_watcher(context, a_source(dovecot, user, silent_after_hours=1, stopped_after_minutes=150))
    assert watcher.once(threading.Event())
    watcher._now = lambda: datetime.now(UTC) + timedelta(hours=2)
    assert watcher.once(threading.Event())
    assert "watch_silent" in capfd.readouterr().out
    assert state(context).state(datetime.now(UTC) + timedelta(hours=2)) == "silent"
    assert state(context).state(datetime.now(UTC) + timedelta(hours=5)) == "stopped"


def test_the_watcher_gets_over_a_server_that_is_away_for_a_while(
    context: Context, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.watch._BACK_OFF", lambda _state: 0.05)
    dovecot.deliver(user, *mails(1))
    port, stop = free_port(), threading.Event()
    sources: list[Source] = [plain(a_source(dovecot, user), port)]
    thread = threading.Thread(
        target=watch, args=(sources, context.database, context.settings.database, context.intake, stop)
    )
    thread.start()
    try:
        until(lambda: _failures(context) >= 3)
        with Proxy(target=dovecot.port, at=port):
            until(lambda: found(context) == {1: 1})
    finally:
        stop.set()
        thread.join()


def _failures(context: Context) -> int:
    with context.database.reading() as connection:
        return max((source.failures for source in inboxes.sources(connection)), default=0)


def a_config(dovecot: Dovecot, user: str, folder: Path) -> Path:
    config = folder / "inboxes.toml"
    config.write_text(f"""
[[mailbox]]
name = "repairs"
host = "localhost"
port = {dovecot.tls_port}
user = "{user}"
password = {{ env = "INBOX_PASSWORD" }}
ca_file = "{dovecot.certificate}"
after = {{ move = "Heard" }}
""")
    return config


POINTS = ["watch_after_fetch", "watch_after_commit", "watch_after_cursor:2", "watch_after_tidy"]


@pytest.mark.parametrize("point", POINTS)
def test_a_watcher_killed_at_any_point_goes_on_where_it_was(
    tmp_path: Path, model: Path, dovecot: Dovecot, user: str, point: str
) -> None:
    dovecot.deliver(user, *mails(1, 2, 3))
    with dovecot.login(user) as client:
        client.create_folder("Heard")
    url = f"sqlite:///{tmp_path / 'heard.db'}"
    where = {"HEARD_DATABASE": url, "HEARD_MODEL": str(model), "INBOX_PASSWORD": PASSWORD}
    config = str(a_config(dovecot, user, tmp_path))
    killed = heard("watch", "--once", "--config", config, cwd=tmp_path, HEARD_CRASHPOINT=point, **where)
    assert killed.returncode == 137, killed.stderr
    parts = build_context(Settings(database=url, model=model))
    assert look(parts, a_source(dovecot, user, after=MoveTo(move="Heard")))
    assert found(parts) == {1: 1, 2: 1, 3: 1}
    assert arrivals(parts)["accepted"] == 3
    assert (dovecot.count(user), dovecot.count(user, "Heard")) == (0, 3)
    parts.database.close()


def test_the_command_receives_what_waits_says_how_sources_fare_and_logs_no_words(
    tmp_path: Path, model: Path, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, *mails(1, 2))
    with dovecot.login(user) as client:
        client.create_folder("Heard")
    url = f"sqlite:///{tmp_path / 'heard.db'}"
    where = {"HEARD_DATABASE": url, "HEARD_MODEL": str(model), "INBOX_PASSWORD": PASSWORD}
    done = heard("watch", "--once", "--config", str(a_config(dovecot, user, tmp_path)), cwd=tmp_path, **where)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["event"] for line in done.stderr.splitlines()] == ["inbox_received"] * 2
    assert not {"canary", PASSWORD, "jo@example.org"} & set(done.stderr.replace('"', " ").split())
    assert "canary" not in done.stderr + done.stdout
    status = heard("watch", "status", cwd=tmp_path, **where)
    assert (status.returncode, "repairs" in status.stdout) == (0, True)
    refused = heard("watch", "--once", "--config", "missing.toml", cwd=tmp_path, **where)
    assert (refused.returncode, "missing.toml cannot be read" in refused.stderr) == (2, True)


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
