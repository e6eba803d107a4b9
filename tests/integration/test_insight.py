"""Figures of a small invented desk on both databases: `tests/integration/test_insight_page.py` has who may see them."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from pipeline.domain import Category, Channel, CueKind, Jurisdiction, Label, Route
from service import insight, store
from service.insight import Asked, Insight
from service.pages.insight_tables import tables
from service.queue import QueueItem, QueueName
from service.roles import Role
from service.store import samples
from service.store.contacts import Earlier
from service.store.database import Database
from service.store.people_tables import officer
from service.store.reviews import Offer
from service.store.tables import decision, message
from service.turns import Asking
from tests.builders import COMPLAINT, RECEIVED, THANKS, a_cue, a_decision, a_message
from tests.desk import START, Desk, a_review
from tests.rows import add_decision, add_message

NOVEMBER = Asked(first=date(2026, 11, 1), last=date(2026, 11, 30))
TODAY = date(2026, 11, 20)
WEEK = timedelta(days=7)
SAYS_SO = {"text": "This is a formal complaint."}
BY = Asking(by="A. Khan")


def file_away(desk: Desk, name: str, *, blind: bool = False, at: datetime = RECEIVED, **given: Any) -> None:
    """A message without an item, drawn with a chance of one in ten."""
    made = a_decision(0.02, Route.NO_ACTION, message_id=name, **{"text": THANKS, "label": Label.OTHER, **given})
    with desk.database.writing() as connection:
        add_message(connection, a_message(id=name, text=THANKS), "inbox", at, Earlier())
        add_decision(connection, made, at)
        samples.mark(connection, name, 0.1, blind=blind)


def decide(desk: Desk, item: QueueItem, verdict: Label, by: str = "A. Khan", **given: Any) -> None:
    made = a_review(verdict=verdict, **given)
    desk.reviewing.review(item.id, Asking(by=by), desk.fence(item.id, by), made)


def look(desk: Desk, asked: Asked = NOVEMBER, jurisdiction: Jurisdiction = Jurisdiction.HOS) -> Insight:
    with desk.database.reading() as connection:
        return insight.figures(connection, asked, jurisdiction, TODAY)


def shown(found: Insight, table: str) -> dict[str, tuple[Any, ...]]:
    rows = next(each for each in tables(found) if each.id == table).rows
    return {str(row[0]): row[1:] for row in rows}


def test_messages_are_counted_by_week_route_channel_and_category(desk: Desk) -> None:
    desk.put(QueueName.STAGE_1, decision={"channel": Channel.EMAIL})
    desk.put(QueueName.STAGE_1, received=RECEIVED + 2 * WEEK, decision={"channel": Channel.EMAIL})
    desk.put(QueueName.REVIEW, decision={"category": Category(hos="Staff", lgsco="Planning and Development")})
    file_away(desk, "thanks", channel=Channel.SURVEY)
    desk.put(received=datetime(2026, 12, 1, tzinfo=UTC))
    found = look(desk)
    assert shown(found, "messages-by-week") == {
        "2026-11-01": (0, 0, 0, 0, 0, 0),
        "2026-11-02": (1, 1, 0, 0, 1, 3),
        "2026-11-09": (0, 0, 0, 0, 0, 0),
        "2026-11-16": (1, 0, 0, 0, 0, 1),
        "2026-11-23": (0, 0, 0, 0, 0, 0),
        "2026-11-30": (0, 0, 0, 0, 0, 0),
    }
    assert shown(found, "messages-by-channel") == {
        "Email": (2, 0, 0, 0, 0, 2),
        "Web form": (0, 1, 0, 0, 0, 1),
        "Survey answer": (0, 0, 0, 0, 1, 1),
        "Call note": (0, 0, 0, 0, 0, 0),
    }
    assert shown(found, "messages-by-category") == {"Property Condition": (0, 3, 3), "Staff": (0, 1, 1)}
    assert "Planning and Development" in shown(look(desk, jurisdiction=Jurisdiction.LGSCO), "messages-by-category")


def test_a_week_begins_at_midnight_utc_on_monday(desk: Desk) -> None:
    monday = datetime(2026, 11, 9, tzinfo=UTC)
    desk.put(received=monday)
    desk.put(received=monday - timedelta(microseconds=1))
    counts = {week: row[-1] for week, row in shown(look(desk), "messages-by-week").items()}
    assert (counts["2026-11-02"], counts["2026-11-09"]) == (1, 1)


def test_complaints_that_say_so_are_told_from_those_found(desk: Desk) -> None:
    explicit = {"cues": (a_cue(CueKind.EXPLICIT_COMPLAINT),), "provisions": {CueKind.EXPLICIT_COMPLAINT: "HOS 1.3"}}
    desk.put(QueueName.STAGE_1, decision=SAYS_SO)
    desk.put(QueueName.STAGE_1, decision=explicit)
    desk.put(QueueName.STAGE_1, decision={"text": COMPLAINT})
    decide(desk, desk.put(decision={"text": COMPLAINT}), Label.COMPLAINT)
    decide(desk, desk.put(decision=SAYS_SO), Label.OTHER)
    found = shown(look(desk), "said-so-or-found")
    assert found["Sent to stage 1 by heard"] == (2, 1, 0, 1 / 3)
    assert found["Confirmed by a person"] == (0, 1, 0, 1.0)


def test_time_to_decision_is_from_receipt_to_the_first_decision_that_stands(desk: Desk) -> None:
    items = [desk.put() for _ in range(10)]
    for hours, item in enumerate(items[:9], start=1):
        desk.now = RECEIVED + timedelta(hours=hours)
        decide(desk, item, Label.OTHER, seconds=60 * hours)
    desk.now = RECEIVED + timedelta(hours=10)
    decide(desk, items[9], Label.OTHER, seconds=600)
    desk.reviewing.undo(items[9].id, BY)
    offered = desk.put(QueueName.SIGNPOST)
    desk.now = RECEIVED + timedelta(hours=12)
    desk.reviewing.offer(offered.id, BY, desk.fence(offered.id), Offer(wording_id="survey-1"))
    found = shown(look(desk), "time-to-decision")
    decided, half, most, waiting, timed, minutes = found["Review"]
    assert (decided, waiting, timed) == (9, 1, 9)
    assert (half, most, minutes) == pytest.approx((5, 9, 5), abs=1e-3)
    assert found["Signpost"][:2] == (1, pytest.approx(12, abs=1e-3))
    assert found["Stage 1"] == (0, None, None, 0, 0, None)
    work = shown(look(desk), "workload-by-week")["2026-11-02"]
    assert work == (0, 10, 1, 0, 11, 1.0, 10, 1)


def test_deadlines_are_in_time_late_overdue_or_still_have_time(desk: Desk) -> None:
    in_time, late, overdue, running = (
        desk.put(QueueName.STAGE_1, received=received)
        for received in (RECEIVED, RECEIVED, RECEIVED, datetime(2026, 11, 19, 9, tzinfo=UTC))
    )
    for item, day in ((in_time, 4), (late, 12)):
        desk.now = datetime(2026, 11, day, 10, tzinfo=UTC)
        decide(desk, item, Label.COMPLAINT)
        desk.reviewing.acknowledge(item.id, BY, desk.fence(item.id))
    desk.reviewing.hand_over(in_time.id, BY, desk.fence(in_time.id), "C-1")
    desk.reviewing.extend(late.id, BY, "A surveyor is ill")
    desk.put(QueueName.REVIEW)
    assert (overdue.status, running.status) == ("new", "new")
    found = shown(look(desk), "deadlines")
    assert found["Acknowledge: complaints"] == (1, 1, 1, 1, 1 / 3, 1)
    assert found["Acknowledge: not decided yet"] == (0, 0, 1, 0, 0.0, 0)
    assert found["Answer: complaints"][:2] == (1, 0)


def test_overturned_suggestions_are_shown_by_confidence_without_blind_ones(desk: Desk) -> None:
    for complaint, label, verdict in (
        (0.05, Label.OTHER, Label.COMPLAINT),
        (0.05, Label.OTHER, Label.SERVICE_REQUEST),
        (0.95, Label.COMPLAINT, Label.COMPLAINT),
    ):
        decide(desk, desk.put(complaint=complaint, decision={"label": label}), verdict)
    again = desk.put(complaint=0.5, decision={"label": Label.COMPLAINT})
    decide(desk, again, Label.OTHER)
    desk.reviewing.reopen(again.id, BY, "More came")
    decide(desk, again, Label.COMPLAINT)
    blind = desk.put(complaint=0.01, decision={"label": Label.OTHER})
    with desk.database.writing() as connection:
        samples.mark(connection, blind.message_id, 0.1, blind=True)
    decide(desk, blind, Label.COMPLAINT)
    found = {band: row[:2] for band, row in shown(look(desk), "overturned-by-confidence").items()}
    assert found == {
        "Under 10%": (2, 0.5),
        "10% to 35%": (0, None),
        "35% to 65%": (1, 0.0),
        "65% to 90%": (0, None),
        "90% and over": (1, 0.0),
    }


def test_no_figure_is_about_fewer_than_three_people(desk: Desk) -> None:
    def reviewed_by(*names: str) -> None:
        for name in names:
            decide(desk, desk.put(decision={"label": Label.COMPLAINT}), Label.COMPLAINT, by=name)

    def groups() -> dict[str, int]:
        return {name: row[0] for name, row in shown(look(desk), "overturned-by-group").items()}

    hire(desk, Role.OFFICER, "O. One", "O. Two", "O. Three")
    hire(desk, Role.ADMINISTRATOR, "A. One", "A. Two", "A. Three")
    reviewed_by("O. One", "O. Two")
    assert groups() == {"All": None}
    reviewed_by("O. Three", "A. One")
    assert groups() == {"Officers, administrators": 4, "All": None}
    reviewed_by("A. Two", "A. Three")
    assert groups() == {"Officers": 3, "Administrators": 3, "All": None}
    reviewed_by("a system")
    assert groups() == {"Administrators": 3, "Officers, systems and former names": 4, "All": None}


def hire(desk: Desk, role: Role, *names: str) -> None:
    with desk.database.writing() as connection:
        for name in names:
            row = {"name": name, "folded_name": name.casefold(), "role": role.value, "password": "x"}
            connection.execute(insert(officer).values(**row, created_at=START))


def test_the_page_and_the_monitor_tell_the_same_live_miss_rate(desk: Desk) -> None:
    for number in range(20):
        file_away(desk, f"filed-{number}", channel=Channel.EMAIL)
    found = look(desk)
    rates = shown(found, "live-miss-rate")
    assert set(rates) == {"All", "Email"}
    live = found.monitor.live
    assert live is not None
    assert rates["All"][-2:] == (live.low, live.high)
    assert shown(found, "drift")["Email"][:2] == (0, 20)


def test_an_empty_desk_has_a_page_of_nothing(desk: Desk) -> None:
    assert all(cell in {0, None} for row in shown(look(desk), "messages-by-week").values() for cell in row)


def test_the_usual_period_is_this_month_and_the_two_before() -> None:
    assert insight.asked("", "", date(2026, 11, 20)) == Asked(first=date(2026, 9, 1), last=date(2026, 11, 20))


def test_messages_kept_from_before_say_so_or_not_where_their_words_are_kept(bare_database_url: str) -> None:
    from alembic import command  # noqa: PLC0415  # only here
    from alembic.config import Config  # noqa: PLC0415  # only here

    database, config = Database(bare_database_url), Config()
    config.set_main_option("script_location", str(Path(store.__file__).parent / "migrations"))
    told = {"explicit": ("Please log it.", '[{"kind": "explicit_complaint"}]'), "word": ("I COMPLAIN.", "[]")}
    told |= {"neither": (THANKS, "[]"), "wiped": ("", "[]")}
    with database.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0013")
        for name, (text, cues) in told.items():
            keep(connection, name, text, cues)
    database.migrate()
    with database.reading() as connection:
        rows = connection.execute(select(decision.c.message_id, decision.c.channel, decision.c.said_so)).all()
    found = {name: (channel, said) for name, channel, said in rows}
    said = {"explicit": True, "word": True, "neither": False, "wiped": None}
    assert found == {name: ("note", answer) for name, answer in said.items()}
    database.close()


def keep(connection: Connection, name: str, text: str, cues: str) -> None:
    """As version 0013 of the tables has it."""
    words = ("content_sha256", "subject", "sender", "source")
    row = {"id": name, "channel": "note", "text": text, "received_at": RECEIVED, **dict.fromkeys(words, "")}
    connection.execute(insert(message).values(**row))
    lists = {kind: json.loads(cues) if kind == "cues" else [] for kind in ("cues", "reasons", "flags", "thresholds")}
    names = ("topic", "category_hos", "category_lgsco", "jurisdiction", "profile", "profile_version", "model_version")
    scores = {"complaint": 0.5, "service_request": 0.3, "other": 0.2}
    made = {"message_id": name, "decided_at": RECEIVED, "label": "complaint", "route": "review"}
    connection.execute(insert(decision).values(**made, **scores, **lists, **dict.fromkeys(names, "")))
