import json
import os
import socket
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from pipeline.classify import MessageClassifier
from pipeline.domain import Label
from pipeline.errors import InputError
from service import webhook_targets
from service.api.context import Context
from service.app import create_app
from service.audit_chain import Head
from service.crashpoints import KILLED, VARIABLE
from service.outbox import Outbox, publish_head
from service.queue import QueueName
from service.sender import LEASE, Sender
from service.store import outbox as store
from service.store import webhooks
from service.store.database import Database
from service.store.outbox_tables import outbox, webhook
from service.store.tables import decision
from service.turns import Asking
from service.webhook_addresses import resolve
from service.webhook_post import Answer, Poster
from service.webhooks import RETRY_AFTER, Target
from tests.builders import COMPLAINT, a_decision, a_message
from tests.conftest import heard
from tests.desk import START, Desk, a_review
from tests.faults import harness
from tests.receiver import Handler, Receiver, a_receiver, crawl, endless, faulty, reset

KHAN = Asking(by="A. Khan")
SOON = timedelta(milliseconds=1)


@pytest.fixture
def receiver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with a_receiver(tmp_path) as running:
        monkeypatch.setenv("SSL_CERT_FILE", str(running.certificate))
        yield running


def add(desk: Desk, url: str, events: str = "all", **given: Any) -> Target:
    return webhook_targets.add(desk.database, url, events, allow_private=True, **given)


def a_sender(desk: Desk, post: Any = None) -> Sender:
    return Sender(desk.database, post or Poster(seconds=3), now=lambda _connection: desk.now, chance=lambda: 0.5)


def send(desk: Desk, post: Any = None) -> None:
    """All that is due now."""
    a_sender(desk, post).once(threading.Event())


def tell(desk: Desk, message_id: str = "m-1") -> None:
    """A message was decided."""
    with desk.database.writing() as connection:
        Outbox().decided(connection, a_decision(message_id=message_id), desk.now)


def rows(desk: Desk, *columns: Any) -> list[Any]:
    with desk.database.reading() as connection:
        return list(connection.execute(select(*columns or outbox.c).order_by(outbox.c.id)))


def statuses(desk: Desk) -> list[str]:
    return [row.status for row in rows(desk)]


def target_of(desk: Desk, target: Target) -> Target:
    with desk.database.reading() as connection:
        found = webhooks.target(connection, target.id, desk.now)
    assert found is not None
    return found


def next_moment(desk: Desk) -> bool:
    """Turn the clock to when something may be sent again; False where nothing waits."""
    query = select(outbox.c.due_at, outbox.c.leased_until, webhook.c.paused_until).join(webhook)
    with desk.database.reading() as connection:
        waiting = connection.execute(query.where(outbox.c.status == "waiting")).all()
    moments = [max(moment for moment in row if moment is not None) for row in waiting]
    desk.now = min((moment for moment in moments if moment > desk.now), default=desk.now + timedelta(seconds=1))
    return bool(waiting)


def to_the_end(desk: Desk, post: Any = None, most: int = 400) -> None:
    for _ in range(most):
        send(desk, post)
        if not next_moment(desk):
            return
    raise AssertionError("it never ends")


class Scripted:
    """A target that answers as listed, then takes all; `times` are when it was asked."""

    def __init__(self, desk: Desk, *answers: Answer) -> None:
        self.desk = desk
        self.answers = list(answers)
        self.times: list[Any] = []
        self.ids: list[str] = []

    def post(self, _url: str, headers: Mapping[str, str], _body: bytes, **_given: object) -> Answer:
        self.times.append(self.desk.now)
        self.ids.append(headers["webhook-id"])
        return self.answers.pop(0) if self.answers else Answer(status=204)


def failing(count: int, status: int = 500, **given: Any) -> list[Answer]:
    return [Answer(status=status, failure=f"answered {status}", **given)] * count


def test_a_decision_goes_out_signed_with_ids_and_the_decision_and_without_words(desk: Desk, receiver: Receiver) -> None:
    target = add(desk, receiver.url)
    item = desk.put(QueueName.STAGE_1, message_id="m-7")
    tell(desk, "m-7")
    send(desk)
    [event] = receiver.verified(target.secrets[0])
    assert event["type"] == "message.decided"
    assert event["timestamp"] == desk.now.isoformat()
    assert event["data"]["message_id"] == "m-7"
    assert event["data"]["decision"]["route"] == "stage_1"
    assert event["data"]["item"]["id"] == item.id
    assert COMPLAINT not in receiver.got[0].body.decode()
    assert set(event["data"]) == {"message_id", "decision", "item"}
    assert statuses(desk) == ["sent"]


def test_the_words_go_out_where_they_were_asked_for(desk: Desk, receiver: Receiver) -> None:
    target = add(desk, receiver.url, with_text=True)
    desk.put(QueueName.STAGE_1, message_id="m-7", subject="The boiler")
    tell(desk, "m-7")
    tell(desk, "erased")
    send(desk)
    with_words, without = sorted((one["data"] for one in receiver.verified(target.secrets[0])), key=len, reverse=True)
    assert (with_words["text"], with_words["subject"]) == (COMPLAINT, "The boiler")
    assert "text" not in without, "words that are no longer kept are not sent"


def test_only_what_was_asked_for_goes_out_and_nothing_is_written_where_nobody_asks(
    desk: Desk, receiver: Receiver
) -> None:
    tell(desk)
    add(desk, receiver.url, "item.acknowledged")
    tell(desk)
    assert rows(desk) == []


def review(desk: Desk) -> int:
    item = desk.put()
    desk.review(item.id, Label.COMPLAINT)
    return item.id


def test_a_review_waits_until_it_can_no_longer_be_taken_back(desk: Desk, receiver: Receiver) -> None:
    target = add(desk, receiver.url)
    review(desk)
    desk.now = START + timedelta(minutes=10) - SOON
    send(desk)
    assert receiver.got == []
    desk.now += SOON
    send(desk)
    [event] = receiver.verified(target.secrets[0])
    assert event["type"] == "item.confirmed"
    assert event["data"]["item"]["status"] == "complaint"


def test_a_review_that_was_taken_back_never_goes_out(desk: Desk, receiver: Receiver) -> None:
    add(desk, receiver.url)
    number = review(desk)
    desk.now += timedelta(minutes=9)
    desk.reviewing.undo(number, KHAN)
    to_the_end(desk)
    assert receiver.got == []
    assert statuses(desk) == ["cancelled"]


def test_what_went_out_before_it_was_taken_back_is_followed_by_an_event_that_says_so(
    desk: Desk, receiver: Receiver
) -> None:
    """As where the time to undo was made longer after the event was written."""
    target = add(desk, receiver.url)
    number = review(desk)
    with desk.database.writing() as connection:
        connection.execute(update(outbox).values(due_at=desk.now))
    send(desk)
    desk.reviewing.undo(number, KHAN)
    send(desk)
    first, second = receiver.verified(target.secrets[0])
    assert (first["type"], second["type"]) == ("item.confirmed", "item.undone")
    assert second["data"]["step"]["undoes"] == first["data"]["step"]["id"]


def test_a_refused_action_leaves_no_event(desk: Desk, receiver: Receiver) -> None:
    add(desk, receiver.url)
    item = desk.put()
    with pytest.raises(Exception, match="Claim it"):
        desk.reviewing.review(item.id, KHAN, 1, a_review())
    assert rows(desk) == []


def test_ten_tries_follow_the_plan_under_one_id_and_then_the_event_is_dead_until_it_is_replayed(desk: Desk) -> None:
    target = add(desk, "https://localhost/hook")
    tell(desk)
    script = Scripted(desk, *failing(10))
    with capture_logs() as logs:
        to_the_end(desk, script)
    waits = [later - earlier for earlier, later in zip(script.times, script.times[1:], strict=False)]
    assert len(script.times) == 10
    for wait, planned in zip(waits, RETRY_AFTER, strict=True):
        assert planned * 0.8 <= wait <= planned * 1.2
    assert statuses(desk) == ["dead"]
    assert [log["event"] for log in logs] == ["webhook_event_dead"]
    assert webhook_targets.replay(desk.database, None) == 1
    with desk.database.writing() as connection:
        connection.execute(update(webhook).values(paused_until=None))
        connection.execute(update(outbox).values(due_at=desk.now))
    send(desk, script)
    assert statuses(desk) == ["sent"]
    assert len(set(script.ids)) == 1
    assert target_of(desk, target).failures == 0


def test_retry_after_holds_back_the_whole_target_for_as_long_as_it_asks(desk: Desk) -> None:
    add(desk, "https://localhost/hook")
    tell(desk, "m-1")
    tell(desk, "m-2")
    script = Scripted(desk, *failing(1, 429, retry_after=timedelta(minutes=7)))
    send(desk, script)
    assert len(script.times) == 1, "the second event waits too"
    desk.now += timedelta(minutes=7) - SOON
    send(desk, script)
    assert len(script.times) == 1
    desk.now += SOON
    send(desk, script)
    assert statuses(desk) == ["sent", "sent"]


def test_a_retry_after_of_years_is_cut_to_a_day(desk: Desk) -> None:
    target = add(desk, "https://localhost/hook")
    tell(desk)
    send(desk, Scripted(desk, *failing(1, 503, retry_after=timedelta(days=4_000))))
    assert target_of(desk, target).paused_until == desk.now + timedelta(days=1)


def test_a_target_that_is_gone_is_disabled_with_an_alarm_and_sent_nothing_until_it_is_enabled(
    desk: Desk, receiver: Receiver
) -> None:
    target = add(desk, receiver.url)
    receiver.act = lambda handler: handler.answer(410)
    tell(desk, "m-1")
    tell(desk, "m-2")
    with capture_logs() as logs:
        send(desk)
    assert [log["event"] for log in logs if log["log_level"] == "error"] == ["webhook_disabled"]
    assert len(receiver.got) == 1
    desk.now += timedelta(days=1)
    send(desk)
    tell(desk, "m-3")
    assert len(receiver.got) == 1
    receiver.act = lambda handler: handler.answer(204)
    webhook_targets.enable(desk.database, target.id)
    send(desk)
    assert statuses(desk) == ["sent", "sent"]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(
    desk: Desk, receiver: Receiver, tmp_path: Path, status: int
) -> None:
    with a_receiver(tmp_path / "..", tls=True) as other:
        add(desk, receiver.url)
        receiver.act = lambda handler: handler.answer(status, Location=other.url)
        tell(desk)
        send(desk)
        assert len(receiver.got) == 1
        assert other.got == []
    [row] = rows(desk)
    assert "never followed" in row.failure


def until_the_sender_hangs_up(act: Callable[[Handler], None]) -> Callable[[Handler], None]:
    def acting(handler: Handler) -> None:
        try:
            act(handler)
        except OSError:
            handler.server.receiver.hung_up.set()

    return acting


@pytest.mark.parametrize("act", [reset, crawl], ids=["reset", "headers a byte at a time"])
def test_a_target_that_breaks_or_crawls_is_tried_again(desk: Desk, receiver: Receiver, act: Any) -> None:
    add(desk, receiver.url)
    receiver.act = until_the_sender_hangs_up(act)
    tell(desk)
    send(desk, Poster(seconds=0.5))
    assert statuses(desk) == ["waiting"]
    receiver.act = lambda handler: handler.answer(200)
    next_moment(desk)
    send(desk)
    assert statuses(desk) == ["sent"]


def test_an_answer_of_a_gigabyte_is_read_for_64_kilobytes(desk: Desk, receiver: Receiver) -> None:
    add(desk, receiver.url)
    receiver.act = until_the_sender_hangs_up(endless)
    tell(desk)
    send(desk)
    assert receiver.hung_up.wait(20)
    assert statuses(desk) == ["sent"], "its status was 200"
    assert receiver.written < 10**8, "the rest of it never left the target"


def test_a_certificate_that_is_not_trusted_or_of_another_name_is_refused(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(desk, receiver.url.replace("localhost", "elsewhere.localhost"))
    tell(desk)
    send(desk, Poster(seconds=3, resolver=lambda _host, _port: ["127.0.0.1"]))
    monkeypatch.delenv("SSL_CERT_FILE")
    desk.now += timedelta(hours=1)
    tell(desk, "m-2")
    send(desk, Poster(seconds=3, resolver=lambda _host, _port: ["127.0.0.1"]))
    failures = [row.failure for row in rows(desk)]
    assert all("secure connection failed" in failure for failure in failures)
    assert receiver.got == []


def test_a_target_without_tls_gets_nothing(desk: Desk, tmp_path: Path) -> None:
    with a_receiver(tmp_path, tls=False) as plain:
        add(desk, plain.url)
        tell(desk)
        send(desk)
        assert plain.got == []
    assert statuses(desk) == ["waiting"]


def test_a_name_that_is_public_when_it_is_added_and_private_later_gets_nothing(desk: Desk, receiver: Receiver) -> None:
    """DNS rebinding: the address that is checked is the one that is connected to."""
    webhook_targets.add(desk.database, receiver.url, "all", resolver=lambda _host, _port: ["93.184.216.34"])
    asked: list[str] = []

    def rebound(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) > 1 else resolve(host, port)

    tell(desk)
    send(desk, Poster(seconds=3, resolver=rebound))
    assert receiver.got == []
    assert asked == ["localhost"], "it is resolved once a try"
    [row] = rows(desk)
    assert "not a public address" in row.failure


def test_a_name_with_one_private_address_among_public_ones_gets_nothing(desk: Desk, receiver: Receiver) -> None:
    webhook_targets.add(desk.database, receiver.url, "all", resolver=lambda _host, _port: [])
    tell(desk)
    send(desk, Poster(seconds=3, resolver=lambda _host, _port: ["93.184.216.34", "127.0.0.1"]))
    assert receiver.got == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254", "fd00::1"])
def test_a_name_that_leads_inside_is_refused_when_it_is_added(desk: Desk, address: str) -> None:
    with pytest.raises(InputError, match="cannot be a webhook's URL"):
        webhook_targets.add(
            desk.database, "https://inside.example/", "all", resolver=lambda _host, _port: ["93.184.216.34", address]
        )


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


def test_an_outage_uses_up_no_tries_but_of_the_events_that_probe_it(desk: Desk) -> None:
    add(desk, "https://localhost/hook")
    for number in range(40):
        tell(desk, f"m-{number}")
    script = Scripted(desk, *failing(15))
    to_the_end(desk, script)
    assert set(statuses(desk)) == {"sent"}
    assert max(row.tries for row in rows(desk)) == 2
    assert len(script.ids) == 55


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


def test_after_a_rotation_both_secrets_verify_for_a_day(desk: Desk, receiver: Receiver) -> None:
    target = add(desk, receiver.url)
    new = webhook_targets.rotate(desk.database, target.id)
    with desk.database.writing() as connection:
        connection.execute(update(webhook).values(old_secret_until=desk.now + timedelta(hours=24)))
    tell(desk)
    send(desk)
    assert receiver.verified(target.secrets[0]) == receiver.verified(new)
    desk.now += timedelta(hours=24)
    assert target_of(desk, target).secrets == (new,)


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


def free_socket() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_where_nobody_listens_it_is_tried_again(desk: Desk) -> None:
    add(desk, f"https://localhost:{free_socket()}/")
    tell(desk)
    send(desk)
    [row] = rows(desk)
    assert (row.status, row.tries) == ("waiting", 1)
    assert "connection failed" in row.failure
