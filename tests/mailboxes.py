"""What tests of `heard watch` on mailboxes start from. Mails carry numbers, so that lost and doubled ones show."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select

from service.api.context import Context
from service.inbox import Inbox
from service.intake import Intake
from service.sources import MailboxSource, Secret, Tls
from service.store import inboxes, queues, tables
from service.store.inboxes import SourceState
from service.watch import Watcher
from tests.builders import COMPLAINT, a_mail
from tests.dovecot import Dovecot

WHEN = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)


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
