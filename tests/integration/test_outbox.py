"""What case systems are told, and what of it is taken back."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from pipeline.domain import Label
from service.queue import QueueName
from service.store.outbox_tables import outbox
from service.turns import Asking
from tests.builders import COMPLAINT
from tests.desk import START, Desk, a_review
from tests.outgoing import SOON, add, rows, send, statuses, tell, to_the_end
from tests.receiver import Receiver

KHAN = Asking(by="A. Khan")


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
