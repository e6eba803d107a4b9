import os
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from pipeline.domain import Label
from service.queue import TRANSITIONS, QueueItem, QueueName, QueueStatus
from service.refusals import ActionKeyInUse, ActionRefused, Changed, NoSuchItem, NotPossible, TooLate
from service.store import cases, messages, reviews, tables
from service.store.contacts import Earlier
from service.store.database import Database
from service.store.items import database_time
from service.store.review_tables import transition
from service.store.reviews import Offer
from service.turns import Asking, Key
from tests.builders import RECEIVED, a_message
from tests.desk import LEASE, Desk, a_desk, a_review
from tests.queue_machine import QueueMachine

QUICK = 10
RUNS, STEPS = (int(os.environ.get(name, few)) for name, few in (("SOAK_RUNS", QUICK), ("SOAK_STEPS", 20)))
"""`make soak-queue` does more."""

KHAN, PATEL = Asking(by="A. Khan"), Asking(by="S. Patel")


def at_once(*actions: Callable[[], QueueItem | None]) -> list[QueueItem | ActionRefused | None]:
    """What each came to, in the order given."""
    found: list[QueueItem | ActionRefused | None] = [None] * len(actions)
    start = threading.Barrier(len(actions))

    def run(number: int) -> None:
        start.wait()
        try:
            found[number] = actions[number]()
        except ActionRefused as refused:
            found[number] = refused

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(actions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


# claims


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


# decisions


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


# undo


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


# assignment, cases, conditions


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


# the database keeps it honest


def test_the_database_lists_the_ways_the_code_knows(desk: Desk) -> None:
    with desk.database.reading() as connection:
        listed = {tuple(row) for row in connection.execute(select(transition))}
    assert listed == {(move.kind.value, move.before.value, move.after.value) for move in TRANSITIONS}


def test_an_item_of_an_older_database_is_there_after_the_change_of_its_table(database_url: str) -> None:
    from alembic import command  # noqa: PLC0415  # only here
    from alembic.config import Config  # noqa: PLC0415  # only here

    database = Database(database_url)
    config = Config()
    config.set_main_option("script_location", str(Path(tables.__file__).parent / "migrations"))
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006")
        messages.add_message(connection, a_message(), "inbox", RECEIVED, Earlier())
        connection.execute(
            text(
                "INSERT INTO queue_item (message_id, queue, status, received_at, acknowledge_by, answer_by, calendar,"
                " risk) SELECT id, 'review', 'new', received_at, '2026-11-09', '2026-11-23', 'x', 0.5 FROM message"
            )
        )
    database.close()
    with a_desk(database_url) as desk:
        done = desk.review(1)
    assert (done.received_at, done.acknowledge_by, done.version) == (RECEIVED, date(2026, 11, 9), 2)


ILLEGAL = {
    "a leap to the end": "UPDATE queue_item SET status = 'handed_over', queue = 'stage_1', closed_at = received_at",
    "a step without an event": "UPDATE queue_item SET status = 'acknowledged', version = version + 1",
    "back to new": "UPDATE queue_item SET status = 'new', version = version + 1 WHERE status <> 'new'",
    "another queue": "UPDATE queue_item SET queue = 'review', status = 'new', version = version + 1",
    "an old event used again": "UPDATE queue_item SET status = 'new', queue = 'review', version = version - 1",
    "a later deadline": "UPDATE queue_item SET acknowledge_by = '2027-01-01'",
    "a later answer": "UPDATE queue_item SET answer_by = '2027-01-01', version = version + 1",
    "a later receipt": "UPDATE queue_item SET received_at = '2026-12-01 00:00:00+00:00'",
    "a fence put back": "UPDATE queue_item SET fence = fence - 1",
    "a version put back": "UPDATE queue_item SET version = 0",
    "a status never stored": "UPDATE queue_item SET status = 'claimed', version = version + 1",
    "half a claim": "UPDATE queue_item SET claimed_by = 'x'",
    "closed with work left": "UPDATE queue_item SET closed_at = received_at",
    "an item that starts as a complaint": (
        "INSERT INTO queue_item (message_id, queue, status, received_at, acknowledge_by, answer_by, calendar, risk)"
        " SELECT id, 'stage_1', 'complaint', received_at, '2026-11-09', '2026-11-23', 'x', 0.5"
        " FROM message WHERE id = 'spare'"
    ),
    "an event of a way there is not": (
        "INSERT INTO item_event (item_id, version, kind, from_status, to_status, from_queue, to_queue, from_answer_by,"
        " to_answer_by, at, actor, reason) SELECT id, version + 1, 'acknowledged', 'new', 'acknowledged', queue, queue,"
        " answer_by, answer_by, received_at, 'x', '' FROM queue_item"
    ),
    "two events of one version": (
        "INSERT INTO item_event (item_id, version, kind, from_status, to_status, from_queue, to_queue, from_answer_by,"
        " to_answer_by, at, actor, reason) SELECT item_id, version, kind, from_status, to_status, from_queue, to_queue,"
        " from_answer_by, to_answer_by, at, actor, reason FROM item_event"
    ),
}


@pytest.fixture
def decided(desk: Desk) -> Desk:
    """One complaint, confirmed by an officer, and a message without an item."""
    item = desk.put(message_id="m-1")
    spare = desk.put(message_id="spare")
    with desk.database.writing() as connection:
        connection.execute(text("DELETE FROM queue_item WHERE id = :id"), {"id": spare.id})
    desk.review(item.id)
    return desk


@pytest.mark.parametrize("what", ILLEGAL)
def test_the_database_refuses_whoever_writes(decided: Desk, what: str) -> None:
    with pytest.raises(IntegrityError), decided.database.writing() as connection:
        connection.execute(text(ILLEGAL[what]))


def test_whatever_officers_do_every_move_is_a_way_there_is_and_has_one_event(desk: Desk) -> None:
    run_state_machine_as_test(
        lambda: QueueMachine(desk),
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=RUNS == QUICK,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
