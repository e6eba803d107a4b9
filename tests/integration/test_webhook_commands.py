"""Targets are added, exchanged and removed, and the commands say how they fare."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from pipeline.errors import InputError
from service import webhook_targets
from service.api.context import Context
from service.app import create_app
from service.audit_chain import Head
from service.outbox import Outbox, publish_head
from service.store import webhooks
from service.store.database import Database
from service.store.outbox_tables import webhook
from service.vault import Vault
from tests.builders import COMPLAINT, a_decision
from tests.conftest import heard
from tests.desk import START, Desk
from tests.outgoing import add, rows, send, target_of, tell
from tests.receiver import Handler, Receiver


def test_after_a_rotation_both_secrets_verify_for_a_day(desk: Desk, receiver: Receiver) -> None:
    target = add(desk, receiver.url)
    new = webhook_targets.rotate(desk.database, target.id)
    with desk.database.writing() as connection:
        connection.execute(update(webhook).values(old_secret_until=desk.now + timedelta(hours=24)))
    tell(desk)
    send(desk)
    assert receiver.verified(target.secrets[0]) == receiver.verified(new)
    desk.now += timedelta(hours=24)
    assert Vault.as_set().opened(target_of(desk, target)).secrets == (new,)


def test_the_service_itself_sends_what_it_decides(context: Context, receiver: Receiver) -> None:
    target = webhook_targets.add(context.database, receiver.url, "message.decided", allow_private=True)
    arrived = threading.Event()

    def act(handler: Handler) -> None:
        handler.answer(200)
        arrived.set()

    receiver.act = act
    with TestClient(create_app(context)) as client:
        client.post("/v1/messages", json={"id": "web-1", "text": COMPLAINT, "channel": "web_form"})
        assert arrived.wait(30)
    [event] = receiver.verified(target.secrets[0])
    assert event["data"]["message_id"] == "web-1"
    assert event["data"]["item"]["queue"] == event["data"]["decision"]["route"]


def test_the_head_of_the_record_goes_out_once_a_day(desk: Desk, receiver: Receiver) -> None:
    target = add(desk, receiver.url, "audit.head")
    for _ in range(2):
        with desk.database.writing() as connection:
            publish_head(connection, Head(seq=3, hash="f" * 64), desk.now)
    send(desk)
    [event] = receiver.verified(target.secrets[0])
    assert event["data"] == {"seq": 3, "hash": "f" * 64}


def test_a_removed_target_takes_its_events_along(desk: Desk) -> None:
    target = add(desk, "https://localhost/hook")
    tell(desk)
    webhook_targets.remove(desk.database, target.id)
    assert rows(desk) == []
    with pytest.raises(InputError, match="There is no webhook"):
        webhook_targets.remove(desk.database, target.id)


def test_a_url_is_a_target_once(desk: Desk) -> None:
    add(desk, "https://localhost/hook")
    with pytest.raises(InputError, match="There is a webhook with this URL"):
        add(desk, "https://localhost/hook")


def test_the_commands_add_test_deliver_and_tell_how_it_fares(tmp_path: Path, receiver: Receiver) -> None:
    url = f"sqlite:///{tmp_path / 'heard.db'}"
    database = Database(url)
    database.migrate()
    place = {"HEARD_DATABASE": url}
    added = heard("webhook", "add", receiver.url, "--allow-private", "--events", "message.decided", **place)
    assert added.returncode == 0, added.stderr
    secret = added.stdout.split()[-1]
    tested = heard("webhook", "test", "1", **place)
    assert "The target answered 204." in tested.stdout
    assert receiver.verified(secret)[0]["type"] == "webhook.test"
    with database.writing() as connection:
        Outbox().decided(connection, a_decision(), START)
    database.close()
    delivered = heard("deliver", "--once", **place)
    assert (delivered.returncode, delivered.stderr) == (0, "")
    assert receiver.verified(secret)[1]["data"]["message_id"] == "m-1"
    listed = heard("webhook", "list", **place)
    assert listed.returncode == 0
    assert "ok" in listed.stdout
    assert secret not in listed.stdout
    assert "Nothing was given up." in heard("webhook", "dead", **place).stdout
    shown = heard("audit", "show", "webhook:1", **place)
    assert "webhook.added" in shown.stdout


def test_a_refused_url_or_secret_ends_the_command_with_the_reason_and_nothing_is_added(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'heard.db'}"
    database = Database(url)
    database.migrate()
    done = heard("webhook", "add", "http://cases.example/", HEARD_DATABASE=url)
    assert done.returncode == 2
    assert "it must start with https://" in done.stderr
    assert "Traceback" not in done.stderr
    short = tmp_path / "short"
    short.write_text("whsec_c2hvcnQ=\n")
    for file, why in ((short, "5 bytes"), (tmp_path / "none", "cannot be read")):
        with pytest.raises(InputError, match=why):
            webhook_targets.add(database, "https://cases.invalid/", "all", secret_file=file)
    with database.reading() as connection:
        assert webhooks.targets(connection, START) == []
    database.close()
