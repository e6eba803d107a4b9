from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from service.queue import (
    CLOSED,
    OPEN,
    STORED,
    TRANSITIONS,
    UNDOABLE,
    Claim,
    ItemEventKind,
    QueueItem,
    QueueName,
    QueueStatus,
    allowed,
    queue_after,
    status_after,
)
from tests.builders import RECEIVED

NOW = datetime(2026, 11, 4, 10, 0, tzinfo=UTC)


def an_item(**given: Any) -> QueueItem:
    values = {
        "id": 1,
        "message_id": "m-1",
        "queue": QueueName.REVIEW,
        "status": QueueStatus.NEW,
        "received_at": RECEIVED,
        "acknowledge_by": date(2026, 11, 9),
        "answer_by": date(2026, 11, 23),
        "risk": 0.5,
        **given,
    }
    return QueueItem(**values)


def a_claim() -> Claim:
    return Claim(by="A. Khan", since=NOW, until=NOW + timedelta(minutes=10), fence=1)


def reached_from(start: QueueStatus) -> set[QueueStatus]:
    found, todo = {start}, [start]
    while todo:
        here = todo.pop()
        new = {move.after for move in TRANSITIONS if move.before is here} - found
        found |= new
        todo += new
    return found


def test_every_status_can_be_reached_and_claimed_is_none_of_them() -> None:
    assert reached_from(QueueStatus.NEW) == set(STORED)
    assert QueueStatus.CLAIMED not in STORED


def test_nothing_is_a_dead_end() -> None:
    assert all(reached_from(status) == set(STORED) for status in STORED)


def test_an_action_leads_one_way_from_where_it_is_done() -> None:
    for kind, before in product(set(ItemEventKind) - {ItemEventKind.UNDONE}, STORED):
        assert len([move for move in TRANSITIONS if move.kind is kind and move.before is before]) <= 1


def test_undoing_goes_every_undoable_way_back_and_no_other() -> None:
    back = {(move.after, move.before) for move in TRANSITIONS if move.kind is ItemEventKind.UNDONE}
    assert back == {(move.before, move.after) for move in TRANSITIONS if move.kind in UNDOABLE}


def test_a_complaint_is_acknowledged_before_it_is_handed_over_and_decided_before_it_is_acknowledged() -> None:
    assert status_after(ItemEventKind.ACKNOWLEDGED, QueueStatus.NEW) is None
    assert status_after(ItemEventKind.HANDED_OVER, QueueStatus.COMPLAINT) is None
    assert status_after(ItemEventKind.HANDED_OVER, QueueStatus.ACKNOWLEDGED) is QueueStatus.HANDED_OVER


def test_an_acknowledged_complaint_can_no_longer_be_called_something_else() -> None:
    assert set(allowed(QueueStatus.ACKNOWLEDGED)) & UNDOABLE == {ItemEventKind.HANDED_OVER, ItemEventKind.EXTENDED}


def test_what_is_closed_can_only_be_reopened_or_linked() -> None:
    for status in CLOSED:
        assert set(allowed(status)) == {ItemEventKind.REOPENED, ItemEventKind.LINKED, ItemEventKind.UNLINKED}
    assert set(OPEN) | CLOSED == set(STORED)


@pytest.mark.parametrize("queue", QueueName)
def test_a_complaint_goes_to_stage_1_an_offer_to_signpost_and_a_second_look_to_review(queue: QueueName) -> None:
    assert queue_after(ItemEventKind.CONFIRMED, QueueStatus.COMPLAINT, queue) is QueueName.STAGE_1
    assert queue_after(ItemEventKind.OFFER_ACCEPTED, QueueStatus.COMPLAINT, queue) is QueueName.STAGE_1
    assert queue_after(ItemEventKind.OFFERED, QueueStatus.OFFERED, queue) is QueueName.SIGNPOST
    assert queue_after(ItemEventKind.REOPENED, QueueStatus.NEW, queue) is QueueName.REVIEW
    assert queue_after(ItemEventKind.REOPENED, QueueStatus.ACKNOWLEDGED, queue) is queue
    assert queue_after(ItemEventKind.FOUND_OTHER, QueueStatus.OTHER, queue) is queue


def test_a_claim_holds_until_it_runs_out_and_is_shown_as_claimed() -> None:
    item = an_item(claim=a_claim())
    assert item.status_at(NOW) is QueueStatus.CLAIMED
    assert item.status_at(NOW + timedelta(minutes=9, seconds=59)) is QueueStatus.CLAIMED
    assert item.status_at(NOW + timedelta(minutes=10)) is QueueStatus.NEW
    assert an_item(status=QueueStatus.COMPLAINT, claim=a_claim()).status_at(NOW) is QueueStatus.COMPLAINT


def test_a_clock_put_back_does_not_lengthen_a_claim() -> None:
    assert an_item(claim=a_claim()).held_at(NOW - timedelta(days=1)) is None


def test_the_date_that_matters_is_that_of_the_acknowledgement_then_that_of_the_answer_then_none() -> None:
    assert an_item().due_by == date(2026, 11, 9)
    answered = an_item(status=QueueStatus.ACKNOWLEDGED, acknowledged_on=date(2026, 11, 4))
    assert answered.due_by == date(2026, 11, 23)
    assert an_item(status=QueueStatus.OTHER).due_by is None
