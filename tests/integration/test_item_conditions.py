"""Assignment, cases, and what officers do on condition or under a key."""

from datetime import timedelta

import pytest

from service.queue import QueueItem
from service.refusals import ActionKeyInUse, Changed, NoSuchItem, NotPossible, TooLate
from service.store import cases
from service.turns import Asking, Key
from tests.desk import Desk
from tests.turns_at_once import KHAN, PATEL, at_once


def test_assigning_says_who_is_responsible_and_holds_nothing(desk: Desk) -> None:
    item = desk.put()
    desk.claiming.claim(item.id, KHAN)
    done = desk.reviewing.assign(item.id, PATEL, "Repairs")
    assert done.assigned_to == "Repairs"
    assert done.claim is not None
    assert done.claim.by == "A. Khan"
    assert desk.reviewing.assign(item.id, PATEL, None).assigned_to is None


def test_messages_of_one_case_are_linked_merged_and_taken_out(desk: Desk) -> None:
    a, b, c, d = (desk.put(message_id=f"case-{name}") for name in "abcd")
    desk.reviewing.link(a.id, KHAN, "case-b")
    desk.reviewing.link(c.id, KHAN, "case-d")
    desk.reviewing.link(b.id, KHAN, "case-c")
    desk.reviewing.link(b.id, KHAN, "case-c")

    def others(name: str) -> list[str]:
        with desk.database.reading() as connection:
            return cases.messages_of(connection, name)

    assert others("case-d") == ["case-a", "case-b", "case-c"]
    desk.reviewing.unlink(a.id, KHAN, "case-b")
    assert (others("case-b"), others("case-a")) == ([], ["case-c", "case-d"])
    assert desk.history(b.id) == ["linked"]
    with pytest.raises(NoSuchItem):
        desk.reviewing.unlink(a.id, KHAN, "case-b")
    with pytest.raises(NoSuchItem):
        desk.reviewing.link(a.id, KHAN, "case-z")
    with pytest.raises(NotPossible):
        desk.reviewing.link(d.id, KHAN, "case-d")


def test_what_has_changed_since_it_was_seen_is_refused_if_the_officer_says_what_they_saw(desk: Desk) -> None:
    item = desk.put()
    seen = desk.item(item.id).version
    desk.reviewing.assign(item.id, PATEL, "Repairs")
    with pytest.raises(Changed):
        desk.reviewing.assign(item.id, Asking(by="A. Khan", version=seen), "Lettings")
    with pytest.raises(Changed):
        desk.claiming.claim(item.id, Asking(by="A. Khan", version=seen))
    assert desk.history(item.id) == ["assigned"]
    desk.claiming.claim(item.id, Asking(by="A. Khan", version=seen + 1))


def keyed(sha: str = "a", by: str = "A. Khan") -> Asking:
    return Asking(by=by, key=Key(name="k", request_sha256=sha))


def test_the_same_key_gets_the_same_answer_and_does_the_thing_once_even_at_once(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id)
    found = at_once(*[lambda: desk.reviewing.extend(item.id, keyed(), "surveyor")] * 6)
    assert all(answer == found[0] and isinstance(answer, QueueItem) for answer in found)
    assert desk.history(item.id).count("extended") == 1
    with pytest.raises(ActionKeyInUse):
        desk.reviewing.extend(item.id, keyed("b"), "another reason")


def test_a_refused_request_leaves_its_key_free_and_a_key_is_forgotten_after_seven_days(desk: Desk) -> None:
    item = desk.put()
    with pytest.raises(TooLate):
        desk.reviewing.extend(item.id, keyed(), "surveyor")
    desk.review(item.id)
    desk.reviewing.extend(item.id, keyed(), "surveyor")
    desk.now += timedelta(days=7, seconds=1)
    with pytest.raises(TooLate, match="once"):
        desk.reviewing.extend(item.id, keyed("b"), "again")


def test_an_item_that_is_not_there_is_said_so(desk: Desk) -> None:
    with pytest.raises(NoSuchItem):
        desk.claiming.claim(404, KHAN)
