"""What officers decide about an item, and how they take it back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline.domain import Label
from service.queue import QueueItem, QueueName, QueueStatus
from service.refusals import NotPossible, TooLate
from service.store import reviews
from service.store.reviews import Offer
from tests.desk import LEASE, Desk, a_review
from tests.turns_at_once import KHAN, PATEL, at_once


@pytest.mark.parametrize("queue", QueueName)
def test_a_complaint_goes_to_stage_1_with_its_clock_from_receipt(desk: Desk, queue: QueueName) -> None:
    item = desk.put(queue)
    desk.now += timedelta(days=20)
    done = desk.review(item.id)
    assert (done.queue, done.status, done.claim) == (QueueName.STAGE_1, QueueStatus.COMPLAINT, None)
    assert (done.received_at, done.acknowledge_by, done.answer_by) == (
        item.received_at,
        item.acknowledge_by,
        item.answer_by,
    )


def test_a_service_request_is_closed_and_recorded_and_one_inside_a_complaint_is_recorded_too(desk: Desk) -> None:
    request, both, neither = desk.put(), desk.put(), desk.put()
    assert desk.review(request.id, Label.SERVICE_REQUEST, asks_for="mend the tap").closed_at == desk.now
    desk.review(both.id, asks_for="stop the leak")
    desk.review(neither.id)
    with desk.database.reading() as connection:
        asked = {item.id: reviews.requests(connection, item.message_id) for item in (request, both, neither)}
    assert [one.asks_for for one in asked[request.id]] == ["mend the tap"]
    assert [one.asks_for for one in asked[both.id]] == ["stop the leak"]
    assert asked[neither.id] == []


def test_a_review_is_kept_as_it_was_given(desk: Desk) -> None:
    item = desk.put()
    made = a_review(contested=True, category="Staff", reason="rude", note="he said \u202a'x'", seconds=12)
    desk.reviewing.review(item.id, KHAN, desk.fence(item.id), made)
    with desk.database.reading() as connection:
        assert list(reviews.reviews(connection, item.id).values()) == [made]


def test_an_accepted_offer_is_a_complaint_and_a_declined_one_is_closed(desk: Desk) -> None:
    yes, no = desk.put(QueueName.SIGNPOST), desk.put(QueueName.REVIEW)
    for item in (yes, no):
        offered = desk.reviewing.offer(item.id, KHAN, desk.fence(item.id), Offer(wording_id="survey-1"))
        assert (offered.queue, offered.status) == (QueueName.SIGNPOST, QueueStatus.OFFERED)
    accepted = desk.reviewing.answer_offer(yes.id, KHAN, desk.fence(yes.id), accepted=True)
    declined = desk.reviewing.answer_offer(no.id, KHAN, desk.fence(no.id), accepted=False, reason="rang: no thanks")
    assert (accepted.queue, accepted.status) == (QueueName.STAGE_1, QueueStatus.COMPLAINT)
    assert accepted.acknowledge_by == yes.acknowledge_by
    assert declined.closed_at is not None
    assert desk.history(no.id) == ["claimed", "offered", "claimed", "offer_declined"]


def test_no_answer_without_an_offer(desk: Desk) -> None:
    item = desk.put(QueueName.SIGNPOST)
    with pytest.raises(TooLate, match="no offer is open"):
        desk.reviewing.answer_offer(item.id, KHAN, desk.fence(item.id), accepted=True)


def test_the_answer_is_due_ten_working_days_after_the_acknowledgement(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    done = desk.reviewing.acknowledge(item.id, KHAN, desk.fence(item.id), date(2026, 11, 3))
    assert (done.acknowledged_on, done.answer_by) == (date(2026, 11, 3), date(2026, 11, 17))


def test_a_late_acknowledgement_gains_no_time_to_answer(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    desk.now += timedelta(days=30)
    assert desk.reviewing.acknowledge(item.id, KHAN, desk.fence(item.id)).answer_by == item.answer_by


@pytest.mark.parametrize("day", [date(2026, 11, 1), date(2026, 11, 5), date.min, date.max])
def test_nothing_is_acknowledged_before_it_was_received_or_tomorrow(desk: Desk, day: date) -> None:
    item = desk.put()
    desk.review(item.id)
    with pytest.raises(NotPossible, match="between receipt"):
        desk.reviewing.acknowledge(item.id, KHAN, desk.fence(item.id), day)


def test_an_extension_is_ten_working_days_over_the_bank_holidays_and_only_once(desk: Desk) -> None:
    item = desk.put(received=datetime(2026, 12, 7, 9, tzinfo=UTC))
    desk.now = datetime(2026, 12, 8, 9, tzinfo=UTC)
    desk.review(item.id)
    desk.reviewing.acknowledge(item.id, KHAN, desk.fence(item.id))
    assert desk.item(item.id).answer_by == date(2026, 12, 22)
    done = desk.reviewing.extend(item.id, PATEL, "waiting for the surveyor")
    assert done.answer_by == date(2027, 1, 8)
    with pytest.raises(TooLate, match="once"):
        desk.reviewing.extend(item.id, PATEL, "again")


def test_what_was_extended_before_it_was_acknowledged_keeps_the_extension(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    desk.reviewing.extend(item.id, PATEL, "waiting for the surveyor")
    done = desk.reviewing.acknowledge(item.id, KHAN, desk.fence(item.id))
    assert done.answer_by == date(2026, 12, 2)


def test_what_is_handed_over_carries_its_reference_and_comes_back_acknowledged(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    desk.reviewing.acknowledge(item.id, KHAN, desk.fence(item.id))
    done = desk.reviewing.hand_over(item.id, KHAN, desk.fence(item.id), "CASE-9")
    assert (done.status, done.case_reference, done.closed_at) == (QueueStatus.HANDED_OVER, "CASE-9", desk.now)
    back = desk.reviewing.reopen(item.id, PATEL, "the case system lost it")
    assert (back.queue, back.status, back.closed_at) == (QueueName.STAGE_1, QueueStatus.ACKNOWLEDGED, None)


def test_a_reopened_item_is_in_review_with_the_clock_still_running(desk: Desk) -> None:
    item = desk.put(QueueName.STAGE_1)
    desk.review(item.id, Label.OTHER)
    back = desk.reviewing.reopen(item.id, PATEL, "the resident wrote again")
    assert (back.queue, back.status, back.closed_at) == (QueueName.REVIEW, QueueStatus.NEW, None)
    assert back.acknowledge_by == item.acknowledge_by


def test_undoing_leads_back_and_deletes_nothing(desk: Desk) -> None:
    item = desk.put(QueueName.SIGNPOST)
    desk.review(item.id, Label.SERVICE_REQUEST, asks_for="mend the tap")
    back = desk.reviewing.undo(item.id, KHAN)
    assert (back.queue, back.status, back.closed_at) == (QueueName.SIGNPOST, QueueStatus.NEW, None)
    assert desk.history(item.id) == ["claimed", "found_service_request", "undone"]
    with desk.database.reading() as connection:
        assert len(reviews.reviews(connection, item.id)) == 1
        assert reviews.requests(connection, item.message_id)[0].withdrawn_at == desk.now
    assert desk.review(item.id).status is QueueStatus.COMPLAINT
    assert desk.reviewing.undo(item.id, KHAN).status is QueueStatus.NEW


def test_undoing_an_acknowledgement_or_an_extension_gives_the_old_date_back(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    desk.reviewing.acknowledge(item.id, KHAN, desk.fence(item.id))
    before = desk.item(item.id)
    desk.reviewing.extend(item.id, KHAN, "surveyor")
    assert desk.reviewing.undo(item.id, KHAN).answer_by == before.answer_by
    assert desk.item(item.id).extended_on is None
    with pytest.raises(TooLate, match="Nothing is left to undo"):
        desk.reviewing.undo(item.id, KHAN)


def test_only_ones_own_last_decision_is_undone_soon_and_while_nobody_else_works_on_it(desk: Desk) -> None:
    item = desk.put()
    with pytest.raises(TooLate, match="Nothing is left"):
        desk.reviewing.undo(item.id, KHAN)
    desk.review(item.id)
    with pytest.raises(TooLate, match=r"A. Khan did that"):
        desk.reviewing.undo(item.id, PATEL)
    desk.claiming.claim(item.id, PATEL)
    with pytest.raises(TooLate, match=r"S. Patel holds"):
        desk.reviewing.undo(item.id, KHAN)
    desk.now += LEASE
    with pytest.raises(TooLate, match="more than 10 minutes ago"):
        desk.reviewing.undo(item.id, KHAN)


def test_of_two_undos_at_once_one_is_done(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    found = at_once(*[lambda: desk.reviewing.undo(item.id, KHAN)] * 2)
    assert sum(isinstance(answer, QueueItem) for answer in found) == 1
    assert desk.history(item.id) == ["claimed", "confirmed", "undone"]
