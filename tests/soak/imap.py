"""A connection cut at random bytes over and over, or a very full mailbox, against a real Dovecot.

`make soak-imap` cuts 1,000 times over 5,000 mails and counts what was lost, kept twice or kept in part: all must be 0.
`--backlog N` puts N mails in a mailbox instead, receives them without deciding, and prints the most memory used.
"""

import argparse
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import structlog
from sqlalchemy import func, select

from pipeline.domain import Message
from service.api.context import Context
from service.app import build_context
from service.deadlines import Calendar
from service.inbox import Inbox
from service.intake import Intake
from service.received import Received
from service.settings import Nation, Settings
from service.sources import MailboxSource, Secret, Tls
from service.store import queues, tables
from service.watch import Watcher
from tests.builders import COMPLAINT, a_mail
from tests.dovecot import PASSWORD, Dovecot, Proxy

CUT_WITHIN = 12_000
"""Bytes from the server, login included, within which each connection is cut."""


def a_source(port: int) -> MailboxSource:
    return MailboxSource(
        name="repairs", host="127.0.0.1", port=port, user="jo", password=Secret(env="INBOX_PASSWORD"), tls=Tls.OFF
    )


def mail(number: int) -> bytes:
    return a_mail(f"{COMPLAINT} canary-{number:06}", subject=f"Boiler {number}")


def cut(parts: Context, cuts: int, mails: int, seed: int) -> bool:
    """Cut `cuts` connections at random, then let one finish; whether every mail is there once and whole."""
    chance = random.Random(seed)
    with Dovecot() as dovecot, Proxy(target=dovecot.port) as proxy:
        every = max(1, cuts // 10)
        for number in range(cuts):
            if number % every == 0:
                share = range(mails * number // cuts, mails * min(number + every, cuts) // cuts)
                dovecot.deliver("jo", *map(mail, share))
            proxy.cut_after = chance.randrange(CUT_WITHIN)
            look(parts, proxy.port)
        proxy.cut_after = None
        finished = look(parts, proxy.port)
    return report(parts, mails) and finished


def look(parts: Context, port: int) -> bool:
    inbox = Inbox(a_source(port), parts.database, parts.intake)
    return Watcher(inbox, parts.database, parts.settings.database).once(threading.Event())


def report(parts: Context, mails: int) -> bool:
    with parts.database.reading() as connection:
        kept = [
            (str(text), bytes(raw))
            for text, raw in connection.execute(select(tables.message.c.text, tables.message.c.raw))
        ]
        outcomes = dict(
            connection.execute(select(tables.arrival.c.outcome, func.count()).group_by(tables.arrival.c.outcome)).all()
        )
        holds = all(balance.holds for balance in queues.balances(connection))
    numbers = Counter(int(text.rpartition("canary-")[2]) for text, _ in kept)
    lost = mails - len(numbers)
    twice = sum(count - 1 for count in numbers.values())
    partial = sum(raw != mail(int(text.rpartition("canary-")[2])).replace(b"\n", b"\r\n") for text, raw in kept)
    print(
        f"lost {lost}, twice {twice}, partial {partial}, arrivals {outcomes}, reconcile {'holds' if holds else 'FAILS'}"
    )
    return not (lost or twice or partial) and holds


class Counted(Intake):
    """Receives without deciding or keeping."""

    count = 0

    def receive(self, message: Message, **_how: object) -> Received:
        self.count += 1
        if self.count % 10_000 == 0:
            print(f"{self.count:,} mails, memory {memory()} MB at most", flush=True)
        return Received(message_id=message.id, new=True)


def backlog(parts: Context, mails: int) -> bool:
    """Read a mailbox with `mails` mails."""
    intake = Counted(parts.database, parts.classifier, Calendar(Nation.ENGLAND))
    with Dovecot() as dovecot:
        for start in range(0, mails, 1_000):
            dovecot.deliver("jo", *map(mail, range(start, min(start + 1_000, mails))))
        before, began = memory(), time.monotonic()
        inbox = Inbox(a_source(dovecot.port), parts.database, intake)
        fine = Watcher(inbox, parts.database, parts.settings.database).once(threading.Event())
        seconds = time.monotonic() - began
    print(f"{intake.count:,} of {mails:,} mails in {seconds:.0f} s; memory {before} MB before, {memory()} MB at most")
    return fine and intake.count == mails


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--cuts", type=int, default=1_000)
    options.add_argument("--mails", type=int, default=5_000)
    options.add_argument("--backlog", type=int, default=0)
    options.add_argument("--seed", type=int, default=20261127)
    options.add_argument("--database", help="sqlite:///FILE or postgresql+psycopg://...; a new SQLite file if left out")
    options.add_argument("--model", type=Path)
    given = options.parse_args()
    print(f"{' '.join(sys.argv)} (seed {given.seed})")
    os.environ["INBOX_PASSWORD"] = PASSWORD
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database=given.database or f"sqlite:///{folder}/heard.db", model=given.model)
        parts = build_context(settings)
        fine = backlog(parts, given.backlog) if given.backlog else cut(parts, given.cuts, given.mails, given.seed)
        parts.database.close()
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
