"""When an event is tried again, and when no more."""

import socket
from datetime import timedelta

from sqlalchemy import update
from structlog.testing import capture_logs

from service import webhook_targets
from service.store.outbox_tables import outbox, webhook
from service.webhooks import RETRY_AFTER
from tests.desk import Desk
from tests.outgoing import SOON, Scripted, add, failing, rows, send, statuses, target_of, tell, to_the_end
from tests.receiver import Receiver


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


def test_an_outage_uses_up_no_tries_but_of_the_events_that_probe_it(desk: Desk) -> None:
    add(desk, "https://localhost/hook")
    for number in range(40):
        tell(desk, f"m-{number}")
    script = Scripted(desk, *failing(15))
    to_the_end(desk, script)
    assert set(statuses(desk)) == {"sent"}
    assert max(row.tries for row in rows(desk)) == 2
    assert len(script.ids) == 55


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
