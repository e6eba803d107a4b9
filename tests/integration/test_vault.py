"""The secrets of webhooks lie sealed in the database, and the key that seals them can be exchanged."""

import threading

import pytest
from sqlalchemy import select, update

from pipeline.errors import SettingsError
from service import webhook_targets
from service.outbox import Outbox
from service.queue import QueueName
from service.sender import Sender
from service.store import webhooks
from service.store.outbox_tables import outbox, webhook
from service.vault import Vault
from service.webhooks import Target, new_secret
from tests.builders import RECEIVED, a_decision
from tests.conftest import heard
from tests.desk import Desk, put

OLD = Vault(["the old key of these tests of 32 characters and more"])
NEW = "the new key of these tests of 32 characters and more"


def add(desk: Desk, vault: Vault | None = None) -> Target:
    return webhook_targets.add(
        desk.database, "https://cases.invalid/", "all", resolver=lambda _host, _port: [], vault=vault
    )


def kept(desk: Desk) -> Target:
    with desk.database.reading() as connection:
        return webhooks.targets(connection, desk.now)[0]


def test_what_is_kept_is_no_secret_and_opens_with_the_key_alone(desk: Desk) -> None:
    secret = add(desk, OLD).secrets[0]
    assert secret.removeprefix("whsec_") not in kept(desk).secrets[0]
    assert OLD.opened(kept(desk)).secrets == (secret,)
    with pytest.raises(SettingsError, match="not the key that the secrets of webhooks were sealed with"):
        Vault([NEW]).opened(kept(desk))
    with pytest.raises(SettingsError, match="need HEARD_WEBHOOK_KEY"):
        Vault([]).opened(kept(desk))


def test_without_a_key_no_target_can_be_added_and_nothing_is_claimed_to_be_sent(desk: Desk) -> None:
    with pytest.raises(SettingsError, match="need HEARD_WEBHOOK_KEY"):
        add(desk, Vault([]))
    add(desk, OLD)
    sender = Sender(desk.database, object(), vault=Vault([]))  # type: ignore[arg-type]  # never posts
    with desk.database.writing() as connection:
        put(connection, desk.calendar, "m-1", QueueName.REVIEW, RECEIVED)
        Outbox().decided(connection, a_decision(), RECEIVED)
    sender.drain(kept(desk).id, threading.Event())
    with desk.database.reading() as connection:
        assert connection.execute(select(outbox.c.tries, outbox.c.status)).all() == [(0, "waiting")]
    with pytest.raises(SettingsError, match="need HEARD_WEBHOOK_KEY"):
        Vault([]).seal_again(desk.database)


def test_secrets_in_clear_are_sealed_at_the_next_start_and_the_key_can_be_exchanged(desk: Desk) -> None:
    secret = new_secret()
    add(desk, OLD)
    with desk.database.writing() as connection:
        connection.execute(update(webhook).values(secret=secret))
    assert OLD.seal_again(desk.database) == 1
    sealed = kept(desk).secrets[0]
    assert not sealed.startswith("whsec_")
    OLD.seal_again(desk.database)
    assert kept(desk).secrets[0] == sealed
    Vault([NEW, "the old key of these tests of 32 characters and more"]).seal_again(desk.database)
    assert Vault([NEW]).opened(kept(desk)).secrets == (secret,)


def test_deliver_refuses_to_start_where_there_are_targets_and_no_key(desk: Desk) -> None:
    url = desk.database._engine.url.render_as_string(hide_password=False)
    add(desk)
    refused = heard("deliver", "--once", HEARD_DATABASE=url, HEARD_WEBHOOK_KEY="only 31 characters, one too few")
    assert (refused.returncode, "webhook_key: has under 32 characters" in refused.stderr) == (2, True)
    other = heard("deliver", "--once", HEARD_DATABASE=url, HEARD_WEBHOOK_KEY=NEW)
    assert (other.returncode, "is not the key" in " ".join(other.stderr.split())) == (2, True)
