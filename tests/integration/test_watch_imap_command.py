"""`heard watch` against a real Dovecot: as a process that waits, is killed, and says how sources fare."""

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.api.context import Context
from service.app import build_context
from service.settings import Settings
from service.sources import MoveTo, Source
from service.store import inboxes
from service.watch import watch
from tests.conftest import heard
from tests.dovecot import PASSWORD, Dovecot, Proxy, free_port
from tests.mailboxes import a_source, a_watcher, arrivals, found, look, mails, plain, state, until


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
