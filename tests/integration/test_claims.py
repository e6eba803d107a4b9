"""Who holds an item, and for how long."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from pipeline.domain import Label
from service.queue import QueueItem, QueueName, QueueStatus
from service.refusals import TooLate
from service.store.items import database_time
from tests.desk import LEASE, Desk, a_review
from tests.turns_at_once import KHAN, PATEL, at_once


def test_an_item_is_held_by_one_officer_and_the_others_are_told_by_whom_and_until_when(desk: Desk) -> None:
    item = desk.put()
    held = desk.claiming.claim(item.id, KHAN)
    assert held.claim is not None
    assert held.claim.until == desk.now + LEASE
    with pytest.raises(TooLate, match=rf"A. Khan holds item {item.id} until 10:10 UTC") as refused:
        desk.claiming.claim(item.id, PATEL)
    assert refused.value.item == held
    assert desk.history(item.id) == ["claimed"]


def test_of_two_officers_at_once_one_wins_and_the_other_is_told_who_fifty_times(desk: Desk) -> None:
    for _ in range(50):
        item = desk.put()
        found = at_once(*(partial(desk.claiming.claim, item.id, who) for who in (KHAN, PATEL)))
        won = [answer for answer in found if isinstance(answer, QueueItem)]
        lost = [answer for answer in found if isinstance(answer, TooLate)]
        assert (len(won), len(lost)) == (1, 1)
        assert won[0].claim is not None
        assert str(lost[0]).startswith(won[0].claim.by)
        assert desk.history(item.id) == ["claimed"]


def test_who_read_the_clock_first_and_came_second_takes_nothing_away(desk: Desk) -> None:
    """On PostgreSQL one waits for the row with the time of before the wait."""
    item = desk.put()
    held = desk.claiming.claim(item.id, KHAN)
    desk.now -= timedelta(microseconds=50)
    with pytest.raises(TooLate, match=r"A. Khan holds"):
        desk.claiming.claim(item.id, PATEL)
    assert desk.claiming.claim_next(item.queue, PATEL.by).item is None
    assert desk.claiming.claim(item.id, KHAN).fence == held.fence


def test_claiming_what_one_holds_renews_it_under_the_same_fence(desk: Desk) -> None:
    item = desk.put()
    first = desk.claiming.claim(item.id, KHAN)
    desk.now += timedelta(minutes=4)
    again = desk.claiming.claim(item.id, KHAN)
    assert again.claim is not None
    assert (again.fence, again.version, again.claim.until) == (first.fence, first.version, desk.now + LEASE)
    assert desk.history(item.id) == ["claimed"]


def test_who_was_away_too_long_cannot_write_over_who_came_after(desk: Desk) -> None:
    item = desk.put()
    late = desk.claiming.claim(item.id, KHAN)
    desk.now += LEASE * 2
    taken = desk.claiming.claim(item.id, PATEL)
    assert taken.fence > late.fence
    with pytest.raises(TooLate, match=r"S. Patel holds"):
        desk.reviewing.review(item.id, KHAN, late.fence, a_review())
    with pytest.raises(TooLate, match=r"S. Patel holds"):
        desk.claiming.renew(item.id, KHAN, late.fence)
    done = desk.reviewing.review(item.id, PATEL, taken.fence, a_review(verdict=Label.OTHER))
    with pytest.raises(TooLate, match=r"S. Patel worked on it"):
        desk.reviewing.review(item.id, KHAN, late.fence, a_review())
    assert desk.item(item.id) == done


def test_the_fence_of_an_earlier_claim_of_ones_own_is_refused(desk: Desk) -> None:
    item = desk.put()
    first = desk.fence(item.id)
    desk.now += LEASE
    second = desk.fence(item.id)
    with pytest.raises(TooLate):
        desk.reviewing.review(item.id, KHAN, first, a_review())
    desk.reviewing.review(item.id, KHAN, second, a_review())


def test_who_was_away_too_long_loses_nothing_where_nobody_came(desk: Desk) -> None:
    item = desk.put()
    fence = desk.fence(item.id)
    desk.now += LEASE * 5
    assert desk.reviewing.review(item.id, KHAN, fence, a_review()).status is QueueStatus.COMPLAINT


def test_a_clock_that_jumps_a_day_either_way_leaves_no_item_held_for_ever_and_none_decided_twice(desk: Desk) -> None:
    for jump in (timedelta(days=1), timedelta(days=-1)):
        item = desk.put()
        late = desk.claiming.claim(item.id, KHAN)
        desk.now += jump
        taken = desk.claiming.claim(item.id, PATEL)
        with pytest.raises(TooLate):
            desk.reviewing.review(item.id, KHAN, late.fence, a_review())
        desk.reviewing.review(item.id, PATEL, taken.fence, a_review())


def test_renewing_releasing_and_taking_over(desk: Desk) -> None:
    item = desk.put()
    fence = desk.fence(item.id)
    desk.now += timedelta(minutes=9)
    desk.claiming.renew(item.id, KHAN, fence)
    desk.now += timedelta(minutes=9)
    with pytest.raises(TooLate):
        desk.claiming.claim(item.id, PATEL)
    taken = desk.claiming.claim(item.id, PATEL, take_over="gone home ill")
    with pytest.raises(TooLate):
        desk.claiming.release(item.id, KHAN, fence)
    released = desk.claiming.release(item.id, PATEL, taken.fence)
    assert released.claim is None
    assert desk.history(item.id) == ["claimed", "taken_over", "given_back"]


def test_a_closed_item_cannot_be_claimed(desk: Desk) -> None:
    item = desk.put()
    desk.review(item.id, Label.OTHER)
    with pytest.raises(TooLate, match=r'stands at "other" since A\. Khan'):
        desk.claiming.claim(item.id, PATEL, take_over="why not")


def test_the_next_item_is_the_most_urgent_that_is_free_and_not_somebody_elses(desk: Desk) -> None:
    early, late = datetime(2026, 10, 26, 9, tzinfo=UTC), datetime(2026, 11, 3, 9, tzinfo=UTC)
    last, risky, first = (
        desk.put(received=late, complaint=0.2),
        desk.put(received=late, complaint=0.6),
        desk.put(received=early, complaint=0.1),
    )
    theirs, teams = desk.put(received=early), desk.put(received=early)
    desk.reviewing.assign(theirs.id, PATEL, "S. Patel")
    desk.reviewing.assign(teams.id, PATEL, "Repairs")
    found = [desk.claiming.claim_next(QueueName.REVIEW, "A. Khan", team="Repairs") for _ in range(5)]
    order = [one.item.id if one.item else None for one in found]
    assert order == [teams.id, first.id, risky.id, last.id, None]
    assert desk.claiming.claim_next(QueueName.REVIEW, "B. Moss").claimed_by_others == 4
    assert desk.claiming.claim_next(QueueName.STAGE_1, "A. Khan").item is None


def test_many_who_ask_for_the_next_item_at_once_get_one_each(desk: Desk) -> None:
    items = [desk.put() for _ in range(12)]
    asks = [lambda n=n: desk.claiming.claim_next(QueueName.REVIEW, f"officer {n}").item for n in range(14)]
    got = [answer.id for answer in at_once(*asks) if isinstance(answer, QueueItem)]
    assert sorted(got) == sorted(item.id for item in items)


def test_the_databases_own_clock_tells_the_time(desk: Desk) -> None:
    with desk.database.reading() as connection:
        assert abs(database_time(connection) - datetime.now(UTC)) < timedelta(minutes=1)
