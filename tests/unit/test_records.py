from datetime import date
from pathlib import Path

import pytest

from pipeline.artefact import Manifest
from pipeline.live import Sampled, live_miss_rate
from pipeline.policy import load_profile
from pipeline.records import TO_FILL_IN, Facts, Record, Traffic, left_open, render
from tests.builders import some_thresholds

MANIFEST = Manifest(
    version="20261101-0badcafe",
    created_at="2026-11-01T10:00:00+00:00",
    data_sha256="ab" * 32,
    labels=("complaint", "service_request", "other"),
    thresholds={"pooled": some_thresholds()},
    versions={},
    files={},
    metrics={"miss_rate": 0.0312},
)
SAMPLED = Sampled(filed=5_000, drawn=100, found=2, open=0, seen=3_000, waiting=0, share=0.02)
TRAFFIC = Traffic(
    since=date(2026, 9, 1),
    until=date(2026, 11, 30),
    routes={"stage_1": 2_000, "no_action": 5_000},
    overturned="0.051 [0.040, 0.070] n=2000",
    live=live_miss_rate(SAMPLED, delta=0.1),
)


def facts(traffic: Traffic | None = TRAFFIC) -> Facts:
    return Facts(
        manifest=MANIFEST,
        profile=load_profile("hos-2024"),
        size_mb=80,
        share=0.02,
        traffic=traffic,
        on=date(2026, 11, 30),
    )


@pytest.mark.parametrize("record", Record)
def test_a_record_holds_the_live_figures_and_marks_what_a_person_must_say(record: Record) -> None:
    text = render(record, facts())
    assert "7,000 messages" in text
    assert "3.2 %" in text  # 2 of 100 drawn from 5,000, beside 3,000 seen
    assert left_open(text) >= 10
    assert TO_FILL_IN in text


@pytest.mark.parametrize("record", Record)
def test_without_a_service_in_use_a_record_says_that_it_has_no_live_figures(record: Record) -> None:
    text = render(record, facts(None))
    assert "No live figures" in text
    assert "3.2 %" not in text


def test_the_public_record_answers_every_field_of_the_standard() -> None:
    text = render(Record.ATRS, facts())
    tier_1 = [f"1.{number}" for number in range(1, 5)]
    tier_2 = [f"2.{part}.{number}" for part, most in ((1, 4), (2, 5), (3, 6), (5, 2)) for number in range(1, most + 1)]
    tools = [f"2.4.{part}.{number}" for part, most in ((1, 5), (2, 8), (3, 10)) for number in range(1, most + 1)]
    missing = [field for field in (*tier_1, *tier_2, *tools, "2.4.4") if f"{field} " not in text]
    assert missing == []


def test_the_documented_example_is_one_that_the_command_writes() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "atrs.md"
    for line in render(Record.ATRS, facts(None)).splitlines():
        if line.startswith("## "):
            assert line in page.read_text(encoding="utf-8")
