"""Numbered messages go in through processes that are killed; then every one of them must be there, once.

A sender is a mailbox or a file: it hands a message over again until it has been told that it was taken, and some once
more after that. What it was told is written down outside the database, so that a lost message shows.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from sqlalchemy import select

from pipeline.classify import MessageClassifier
from pipeline.domain import Message
from service.contacts import History
from service.deadlines import Calendar
from service.intake import Intake
from service.serving import Decides
from service.settings import Nation
from service.store import checks, queues, tables
from service.store.database import Database
from tests.builders import COMPLAINT, REQUEST, THANKS, a_message

SOURCE = "canaries"
_AGAIN = 3
"""How many messages that it was told about a sender hands over again when it starts anew."""

Take = Callable[[Intake, Message, Callable[[], None]], None]
"""Takes one message and calls back to say so to the sender."""


def canaries(count: int) -> list[Message]:
    """Messages that can be told apart by a number in their words, from 100 residents."""
    texts = (COMPLAINT, REQUEST, THANKS)
    return [
        a_message(
            id=f"canary-{number:06}",
            text=f"{texts[number % 3]} canary-{number:06}",
            sender=f"resident{number % 100}@example.org",
        )
        for number in range(count)
    ]


def an_intake(database: Database, classifier: Decides) -> Intake:
    return Intake(database, classifier, Calendar(Nation.ENGLAND), history=History())


def honest(intake: Intake, message: Message, tell: Callable[[], None]) -> None:
    """What every reader of a source must do: tell it only when the intake has answered."""
    intake.receive(message, source=SOURCE)
    tell()


def in_child(work: Callable[[], None]) -> int:
    """Do `work` in a process of its own; its id. It ends without any clean-up, as a killed one does."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    finally:
        os._exit(status)


def exit_status(child: int) -> int:
    """Wait for a process; its exit status, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def told(ledger: Path) -> list[str]:
    """The ids of the messages a sender was told are taken; half a line was not said."""
    if not ledger.exists():
        return []
    return [line for line in ledger.read_text().splitlines(keepends=False) if line.endswith(".")]


def hand_over(
    url: str, classifier: MessageClassifier, messages: Sequence[Message], ledger: Path, take: Take = honest
) -> None:
    """One run of a sender: a few again, then what it was not told about, to the end.

    The last that it was told about does not come again: were that said too early, nothing else would show it.
    """
    database = Database(url)
    intake = an_intake(database, classifier)
    known = set(told(ledger))
    done = [message for message in messages if f"{message.id}." in known]
    due = [message for message in messages if f"{message.id}." not in known]
    with ledger.open("a", buffering=1) as book:
        for message in done[-1 - _AGAIN : -1] + due:
            take(intake, message, lambda name=message.id: book.write(f"{name}.\n"))
    database.close()


def killed_runs(
    url: str,
    classifier: MessageClassifier,
    messages: Sequence[Message],
    ledger: Path,
    *,
    kills: int,
    seed: int,
    rhythm: float,
    take: Take = honest,
    strike: Callable[[int, int], None] = lambda _number, child: os.kill(child, signal.SIGKILL),
) -> Iterator[int]:
    """Kill a sender's process at random until it was killed `kills` times, then let it finish; yields each kill.

    `rhythm` is the mean time in seconds between start and kill; one that finished before is not counted. `strike` does
    it, given the number of the kill and the process, or kills what the process cannot go on without.
    """
    chance = random.Random(seed)
    done = 0
    while done < kills:
        child = in_child(lambda: hand_over(url, classifier, messages, ledger, take))
        time.sleep(chance.uniform(0, 2 * rhythm))
        strike(done + 1, child)
        if exit_status(child) == 0:
            return
        done += 1
        yield done
    if (status := exit_status(in_child(lambda: hand_over(url, classifier, messages, ledger, take)))) != 0:
        raise RuntimeError(f"the last run ended with {status}")


def faults(url: str, messages: Sequence[Message], ledger: Path | None = None) -> list[str]:
    """Everything that is wrong afterwards: canaries missing or there twice, relations broken, files damaged."""
    database = Database(url)
    with database.reading() as connection:
        texts = list(connection.scalars(select(tables.message.c.text)))
        found = [f"reconcile: {broken.relation}" for broken in checks.broken(connection)]
        found += [f"balance of {row.source}" for row in queues.balances(connection) if not row.holds]
        decided = Counter(connection.scalars(select(tables.decision.c.message_id)))
        if connection.dialect.name == "sqlite":
            answer = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
            found += [] if answer == "ok" else [f"integrity_check: {answer}"]
    database.close()
    there, sent = Counter(texts), Counter(message.text for message in messages)
    found += [f"{count} lost: {text[-20:]}" for text, count in (sent - there).items()]
    found += [f"{count} too many: {text[-20:]}" for text, count in (there - sent).items()]
    if ledger is not None:
        kept = {text.rpartition(" ")[2] for text in texts}
        found += [f"told but lost: {name[:-1]}" for name in set(told(ledger)) if name[:-1] not in kept]
    return found + [f"decided twice: {name}" for name, count in decided.items() if count > 1]
