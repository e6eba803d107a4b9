"""Each event arrives at least once and in order, whatever sends it and whatever is killed."""

import json
import os
import threading
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest
from sqlalchemy import func, select

from pipeline.classify import MessageClassifier
from service.crashpoints import KILLED, VARIABLE
from service.sender import LEASE, Sender
from service.store import outbox as store
from service.store.database import Database
from service.store.outbox_tables import outbox
from service.store.tables import decision
from service.webhook_post import Answer, Poster
from tests.builders import a_message
from tests.desk import START, Desk
from tests.faults import harness
from tests.outgoing import (
    SOON,
    Scripted,
    a_sender,
    add,
    failing,
    rows,
    send,
    statuses,
    target_of,
    tell,
    to_the_end,
)
from tests.receiver import Receiver, faulty


def test_each_case_is_told_in_order_though_its_first_event_fails(desk: Desk) -> None:
    add(desk, "https://localhost/hook")
    for message_id in ("m-1", "m-2", "m-1", "m-1"):
        tell(desk, message_id)
    first, other, second, third = (row.event_id for row in rows(desk))
    script = Scripted(desk, *failing(1))
    to_the_end(desk, script)
    assert script.ids == [first, other, first, second, third]


def test_through_faults_of_three_in_ten_every_event_arrives_verified_and_in_order(
    desk: Desk, receiver: Receiver
) -> None:
    target = add(desk, receiver.url)
    for number in range(100):
        tell(desk, f"m-{number % 20}")
    receiver.act = faulty(20_261_127)
    to_the_end(desk)
    assert set(statuses(desk)) == {"sent"}
    assert len(receiver.verified(target.secrets[0])) == len(receiver.got) > 120
    arrived = defaultdict(list)
    for one in receiver.taken():
        arrived[json.loads(one.body)["data"]["message_id"]].append(one.headers["webhook-id"])
    written = defaultdict(list)
    for row in rows(desk):
        written[row.message_id].append(row.event_id)
    assert arrived == written


class Blocked:
    """One target does not answer until the test lets it."""

    def __init__(self, stuck: str) -> None:
        self.stuck = stuck
        self.reached, self.free = threading.Event(), threading.Event()
        self.posted: list[str] = []

    def post(self, url: str, headers: Mapping[str, str], _body: bytes, **_given: object) -> Answer:
        if url == self.stuck:
            self.reached.set()
            assert self.free.wait(30)
        else:
            self.posted.append(headers["webhook-id"])
        return Answer(status=200)


def test_a_target_that_does_not_answer_holds_up_no_other(desk: Desk) -> None:
    stuck, well = add(desk, "https://localhost/stuck"), add(desk, "https://localhost/well")
    post, stop = Blocked(stuck.url), threading.Event()
    tell(desk, "m-0")
    running = threading.Thread(target=a_sender(desk, post).run, args=(stop,))
    running.start()
    try:
        assert post.reached.wait(20)
        for number in range(1, 10):
            tell(desk, f"m-{number}")
        for _ in range(400):
            if len(post.posted) == 10:
                break
            threading.Event().wait(0.05)
    finally:
        post.free.set()
        stop.set()
        running.join(30)
    assert len(post.posted) == 10
    assert target_of(desk, well).failures == 0


def test_several_senders_at_once_never_send_an_event_twice(desk: Desk, receiver: Receiver) -> None:
    add(desk, receiver.url)
    for number in range(60):
        tell(desk, f"m-{number}")
    senders = [threading.Thread(target=send, args=(desk,)) for _ in range(4)]
    for thread in senders:
        thread.start()
    for thread in senders:
        thread.join()
    assert len(receiver.ids()) == len(set(receiver.ids())) == 60
    assert [row.tries for row in rows(desk)] == [1] * 60


def test_an_event_is_not_claimed_again_before_its_lease_ends_and_a_late_sender_writes_nothing(desk: Desk) -> None:
    target = add(desk, "https://localhost/hook")
    tell(desk)
    with desk.database.writing() as connection:
        held = store.claim(connection, target.id, desk.now, desk.now + LEASE)
        assert held is not None
        assert store.claim(connection, target.id, desk.now + LEASE - SOON, desk.now + 2 * LEASE) is None
        again = store.claim(connection, target.id, desk.now + LEASE, desk.now + 2 * LEASE)
        assert again is not None
        assert again.event_id == held.event_id
        assert not store.sent(connection, held, desk.now)
        assert not store.put_off(connection, held, desk.now, "late")
        assert store.sent(connection, again, desk.now)


@pytest.mark.parametrize(
    ("point", "arrivals"), [("outbox_before_commit:1", 1), ("outbox_after_claim:1", 1), ("outbox_after_send:1", 2)]
)
def test_a_sender_that_is_killed_leaves_the_event_to_be_sent_again_under_the_same_id(
    desk: Desk, receiver: Receiver, point: str, arrivals: int
) -> None:
    add(desk, receiver.url)
    tell(desk)
    url = desk.database._engine.url.render_as_string(hide_password=False)

    def work() -> None:
        os.environ[VARIABLE] = point
        Sender(Database(url), Poster(), now=lambda _connection: START).once(threading.Event())

    assert harness.exit_status(harness.in_child(work)) == KILLED
    desk.now += LEASE
    send(desk)
    assert statuses(desk) == ["sent"]
    assert len(receiver.ids()) == arrivals
    assert len(set(receiver.ids())) == 1


@pytest.mark.parametrize(
    "point",
    [
        "intake_after_decision_row",
        "intake_after_item",
        "intake_after_outbox",
        "intake_before_commit",
        "audit_before_commit",
    ],
)
def test_a_crash_leaves_no_decision_without_its_event_and_no_event_without_its_decision(
    desk: Desk, classifier: MessageClassifier, tmp_path: Path, point: str
) -> None:
    add(desk, "https://localhost/hook")
    url = desk.database._engine.url.render_as_string(hide_password=False)
    sent, ledger = harness.canaries(4), tmp_path / "told"

    def work() -> None:
        os.environ[VARIABLE] = f"{point}:2"
        harness.hand_over(url, classifier, sent, ledger)

    assert harness.exit_status(harness.in_child(work)) == KILLED
    decided, written = counts(desk)
    assert decided == written >= 1
    harness.hand_over(url, classifier, sent, ledger)
    assert counts(desk) == (4, 4)


def counts(desk: Desk) -> tuple[int, int]:
    with desk.database.reading() as connection:
        queries = (select(func.count()).select_from(table) for table in (decision, outbox))
        decided, written = (int(connection.execute(query).scalar_one()) for query in queries)
    return decided, written


def test_a_decision_that_cannot_be_written_leaves_no_event(desk: Desk, classifier: MessageClassifier) -> None:
    add(desk, "https://localhost/hook")
    intake = harness.an_intake(desk.database, classifier)
    intake.receive(a_message(id="m-1"), source="in")
    assert intake.receive(a_message(id="m-1"), source="in").new is False
    assert counts(desk) == (1, 1)
