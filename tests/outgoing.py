"""What tests of webhooks share: a target, its sender, and the outbox as it stands."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from service import webhook_targets
from service.outbox import Outbox
from service.sender import Sender
from service.store import webhooks
from service.store.outbox_tables import outbox, webhook
from service.webhook_post import Answer, Poster
from service.webhooks import Target
from tests.builders import a_decision
from tests.desk import Desk

SOON = timedelta(milliseconds=1)


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
