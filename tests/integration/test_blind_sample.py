"""The blind sample from the draw to the live miss rate, and reviews as labelled data."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection

from pipeline.corpora.schema import read_rows, schema_faults
from pipeline.corpus import read_more
from pipeline.domain import Label, Route
from pipeline.policy import load_profile
from service import feedback, live_figures
from service.intake import Intake
from service.monitor import Compared, report
from service.queue import QueueItem, QueueName
from service.sampling import Sampling
from service.store import messages, queues, samples
from service.store.contacts import Earlier
from service.store.reviews import Offer
from service.store.samples import Period
from service.turns import Asking
from tests.builders import RECEIVED, REQUEST, a_decision, a_message
from tests.desk import START, Desk, a_review, put
from tests.rows import add_decision, add_message

NOVEMBER = Period(since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 12, 1, tzinfo=UTC))
LATER = datetime(2026, 12, 20, tzinfo=UTC)
BY = Asking(by="A. Khan")


class Files:
    """Decides as it is told."""

    profile = load_profile("hos-2024")

    def classify(self, given: Any, *, explain: bool) -> list[Any]:  # noqa: ARG002  # as intake asks
        return [a_decision(0.01, Route.SERVICE_REQUEST, message_id=message.id) for message in given]


def file_away(connection: Connection, name: str, share: float = 0.5, at: datetime = RECEIVED) -> None:
    made = a_decision(0.01, Route.SERVICE_REQUEST, message_id=name)
    add_message(connection, a_message(id=name, text=REQUEST), "inbox", at, Earlier())
    add_decision(connection, made, at)
    samples.mark(connection, name, share, blind=False)


def drawn(desk: Desk, name: str, share: float = 0.5, at: datetime = RECEIVED) -> QueueItem:
    with desk.database.writing() as connection:
        thought = {"label": Label.SERVICE_REQUEST}
        item = put(connection, desk.calendar, name, QueueName.REVIEW, at, complaint=0.01, decision=thought, blind=True)
        samples.mark(connection, name, share, blind=True)
    return item


def decide(desk: Desk, item: QueueItem, verdict: Label, *, saw: bool = False, contested: bool = False) -> None:
    made = a_review(verdict=verdict, saw_suggestion=saw, contested=contested)
    desk.reviewing.review(item.id, BY, desk.fence(item.id), made)


def exported(desk: Desk, now: datetime = LATER) -> dict[str, dict[str, Any]]:
    with desk.database.reading() as connection:
        return {row["id"]: row for row in feedback.export(connection, NOVEMBER.since, now, str).rows}


def test_a_share_of_what_is_filed_is_drawn_and_goes_to_review_without_a_word(desk: Desk) -> None:
    sampling = Sampling(share=0.2)
    intake = Intake(desk.database, Files(), desk.calendar, now=lambda: START, sampling=sampling)
    names = [f"m-{n}" for n in range(60)]
    for name in names:
        intake.receive(a_message(id=name, text=f"{REQUEST} {name}"), source="inbox")
    with desk.database.reading() as connection:
        rows = {name: (messages.decision_row(connection, name), messages.item_row(connection, name)) for name in names}
        assert all(balance.holds for balance in queues.balances(connection))
    for name, (decision, item) in rows.items():
        assert decision is not None
        assert decision["sample_share"] == 0.2
        assert decision["blind"] == sampling.draws(name)
        assert decision["route"] == "service_request"
        assert (item["queue"] if item else None) == ("review" if sampling.draws(name) else None)
    assert any(item for _, item in rows.values())


def test_what_an_officer_sees_anyway_is_never_drawn(desk: Desk) -> None:
    item = desk.put()
    with desk.database.reading() as connection:
        row = messages.decision_row(connection, item.message_id)
    assert row is not None
    assert (row["sample_share"], row["blind"]) == (None, False)


def test_the_live_miss_rate_counts_a_find_once_another_step_stands_behind_it(desk: Desk) -> None:
    with desk.database.writing() as connection:
        for number in range(10):
            file_away(connection, f"filed-{number}")
    finds = [drawn(desk, f"drawn-{number}") for number in range(4)]
    seen = [desk.put(decision={"label": Label.COMPLAINT}) for _ in range(6)]
    for item in (*finds[:2], *seen):
        decide(desk, item, Label.COMPLAINT)
    decide(desk, finds[2], Label.OTHER)
    desk.reviewing.acknowledge(finds[0].id, BY, desk.fence(finds[0].id))
    with desk.database.reading() as connection:
        sampled = live_figures.sampled_of(samples.counts(connection, NOVEMBER))
    assert sampled is not None
    assert (sampled.filed, sampled.drawn, sampled.found, sampled.open) == (14, 4, 1, 2)
    assert (sampled.seen, sampled.waiting, sampled.share) == (6, 0, 0.5)


def test_without_a_sample_there_is_no_live_miss_rate(desk: Desk) -> None:
    desk.put()
    with desk.database.reading() as connection:
        assert live_figures.live(connection, NOVEMBER, 0.1) is None


def test_the_monitor_raises_an_alarm_when_too_much_is_found(desk: Desk) -> None:
    for number in range(25):
        item = drawn(desk, f"drawn-{number}")
        decide(desk, item, Label.COMPLAINT)
        desk.reviewing.acknowledge(item.id, BY, desk.fence(item.id))
    with desk.database.reading() as connection:
        found = report(connection, NOVEMBER, Compared(), alpha=0.05, delta=0.1)
    assert found.alarm
    assert found.overturned is None
    assert {row.now + row.before for row in found.drift} == {0, 25}


def test_reviews_are_exported_as_labelled_data_that_training_can_read(desk: Desk, tmp_path: Any) -> None:
    model = {"label": Label.COMPLAINT}
    decide(desk, desk.put(QueueName.STAGE_1, message_id="sure-0", decision=model), Label.COMPLAINT, saw=True)
    decide(desk, desk.put(message_id="flip-0", decision=model), Label.OTHER, saw=True, contested=True)
    decide(desk, desk.put(message_id="doubt", decision=model), Label.COMPLAINT)
    decide(desk, drawn(desk, "lot", share=0.25), Label.SERVICE_REQUEST)
    rows = exported(desk)
    assert {name: (row["slices"][2], row["weight"]) for name, row in rows.items()} == {
        "sure-0": ("confirmed", 0.25),
        "flip-0": ("overturned", 2.0),
        "doubt": ("doubtful", 1.0),
        "lot": ("blind", 4.0),
    }
    assert [name for name, row in rows.items() if "saw_suggestion" in row["slices"]] == ["sure-0", "flip-0"]
    assert (rows["flip-0"]["label"], rows["flip-0"]["contested"]) == ("other", True)
    path = tmp_path / "reviews.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows.values()))
    assert [row.weight for row in read_more(path)] == [row["weight"] for row in rows.values()]
    assert schema_faults(read_rows(path)[0]) == []


def test_where_a_model_is_measured_a_review_weighs_by_how_it_was_drawn(desk: Desk) -> None:
    """Training weighs what teaches; a miss rate weighs what a row stands for, whatever the officer found."""
    model, measured = (
        {"label": Label.COMPLAINT},
        [f"m-{n}" for n in range(60) if feedback.split_of(f"m-{n}") != "train"],
    )
    decide(desk, desk.put(message_id=measured[0], decision=model), Label.OTHER, saw=True)
    decide(desk, desk.put(QueueName.STAGE_1, message_id=measured[1], decision=model), Label.COMPLAINT, saw=True)
    decide(desk, drawn(desk, measured[2], share=0.02), Label.COMPLAINT)
    rows = exported(desk)
    assert [rows[name]["weight"] for name in measured[:3]] == [1.0, 1.0, 50.0]


def test_the_blind_sample_stays_out_until_its_month_is_measured(desk: Desk) -> None:
    first, second = drawn(desk, "first"), drawn(desk, "second")
    decide(desk, first, Label.OTHER)
    assert exported(desk, now=RECEIVED + timedelta(days=3)) == {}  # the month is not over
    assert exported(desk) == {}  # one of the month is not reviewed
    decide(desk, second, Label.OTHER)
    assert set(exported(desk)) == {"first", "second"}


def test_a_verdict_undone_or_reopened_teaches_nothing_and_the_last_one_counts(desk: Desk) -> None:
    undone, changed = desk.put(message_id="undone"), desk.put(message_id="changed")
    decide(desk, undone, Label.OTHER)
    desk.reviewing.undo(undone.id, BY)
    desk.reviewing.offer(undone.id, BY, desk.fence(undone.id), Offer())
    decide(desk, changed, Label.OTHER)
    desk.reviewing.reopen(changed.id, BY, "The resident rang.")
    assert exported(desk) == {}
    decide(desk, changed, Label.COMPLAINT)
    assert {name: row["label"] for name, row in exported(desk).items()} == {"changed": "complaint"}


def test_a_message_stays_in_its_split_and_most_are_for_training() -> None:
    splits = [feedback.split_of(f"m-{n}") for n in range(2_000)]
    assert splits == [feedback.split_of(f"m-{n}") for n in range(2_000)]
    assert 0.55 < splits.count("train") / 2_000 < 0.65
    assert 0.15 < splits.count("test") / 2_000 < 0.25


@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 1.0])
def test_the_draw_takes_its_share_and_another_seed_takes_others(share: float) -> None:
    names = [f"m-{n}" for n in range(20_000)]
    mine, others = (
        {name for name in names if Sampling(share=share, seed=seed).draws(name)} for seed in ("heard", "again")
    )
    assert len(mine) / len(names) == pytest.approx(share, abs=0.01)
    assert len(mine & others) / len(names) == pytest.approx(share**2, abs=0.01)
