import math
from pathlib import Path

import pytest

from pipeline.corpus import read_corpus
from pipeline.domain import Channel, Label, LabelledMessage, Route
from pipeline.fairness import (
    ENOUGH,
    GroupFigures,
    by_group,
    fairness_section,
    fairness_table,
    read_results,
    read_traits,
    write_results,
)
from tests.builders import a_labelled, a_message
from tests.conftest import CHECKOUT

TRAITS = {"x01": {"dialect": "standard"}, "x02": {"dialect": "regional"}}


def some_rows(author: str, complaints: int, **given: object) -> list[LabelledMessage]:
    labels = [Label.COMPLAINT] * complaints + [Label.OTHER] * 10
    return [
        a_labelled(author=author, label=label, message=a_message(id=f"{author}-{n}"), **given)
        for n, label in enumerate(labels)
    ]


def where(rows: list[LabelledMessage], missed: dict[str, int]) -> list[Route]:
    """The first so many complaints of each author are missed; the rest go to stage 1, what is no complaint nowhere."""
    left = dict(missed)
    routes = []
    for row in rows:
        if row.label is not Label.COMPLAINT:
            routes.append(Route.NO_ACTION)
        elif left.get(row.author, 0):
            left[row.author] -= 1
            routes.append(Route.SERVICE_REQUEST)
        else:
            routes.append(Route.STAGE_1)
    return routes


def found(rows: list[LabelledMessage], missed: dict[str, int]) -> dict[tuple[str, str], GroupFigures]:
    return {(row.characteristic, row.group): row for row in by_group(rows, where(rows, missed), TRAITS)}


def test_each_group_has_its_miss_rate_and_how_many_times_the_overall_one_that_is() -> None:
    groups = found(some_rows("x01", 60) + some_rows("x02", 40), {"x01": 1, "x02": 9})
    assert groups["all", "all"].miss_rate.value == pytest.approx(0.1)
    assert groups["dialect", "regional"].miss_rate.value == pytest.approx(9 / 40)
    assert groups["dialect", "regional"].ratio == pytest.approx(2.25)
    assert groups["dialect", "regional"].verdict == "wide"
    assert groups["dialect", "standard"].verdict == "within twice"
    assert groups["dialect", "standard"].false_flags.value == 0.0


def test_a_group_with_few_complaints_is_shown_but_not_judged() -> None:
    groups = found(some_rows("x01", 60) + some_rows("x02", ENOUGH - 1), {"x02": ENOUGH - 1})
    assert groups["dialect", "regional"].verdict == "too few to judge"


def test_signposting_is_seen_and_a_flag() -> None:
    rows = some_rows("x01", 10)
    groups = {(g.characteristic, g.group): g for g in by_group(rows, [Route.SIGNPOST] * len(rows), TRAITS)}
    assert groups["all", "all"].miss_rate.value == 0.0
    assert groups["all", "all"].false_flags.value == 1.0
    assert math.isnan(groups["channel", "web_form"].ratio)
    assert groups["channel", "web_form"].verdict == "too few to judge"


def test_length_channel_and_who_writes_for_another_are_told_by_the_message() -> None:
    short = some_rows("x01", 30)
    texts = [a_message(id=str(n), text="word " * 200, channel=Channel.EMAIL) for n in range(40)]
    long = [
        a_labelled(author="x02", message=message, slices=("third_party",), label=tuple(Label)[n % 2])
        for n, message in enumerate(texts)
    ]
    groups = found(short + long, {})
    assert groups["length", "over 150 words"].miss_rate.n == 20
    assert groups["channel", "email"].false_flags.n == 20
    assert groups["third party", "yes"].authors == 1
    assert groups["third party", "no"].miss_rate.n == 30


def test_an_author_nothing_is_known_of_is_in_the_group_unknown() -> None:
    rows = some_rows("z99", 30)
    assert found(rows, {})["first language", "unknown"].authors == 1


def test_intervals_hold_the_value_and_widen_where_authors_differ() -> None:
    rows = [row for n in range(6) for row in some_rows(f"y{n}", 50)]
    uneven = found(rows, {"y0": 30})["all", "all"].miss_rate
    even = found(rows, {f"y{n}": 5 for n in range(6)})["all", "all"].miss_rate
    assert uneven.value == even.value
    assert uneven.low <= even.low < even.value < even.high < uneven.high


def test_groups_without_a_complaint_are_left_out() -> None:
    rows = some_rows("x01", 30) + some_rows("x02", 0)
    assert ("dialect", "regional") not in found(rows, {})


def test_results_come_back_as_they_were_kept(tmp_path: Path) -> None:
    rows = some_rows("x01", 60) + some_rows("x02", 40)
    results = by_group(rows, where(rows, {"x01": 1, "x02": 9}), TRAITS)
    write_results(results, tmp_path / "fairness.json")
    assert read_results(tmp_path / "fairness.json") == results


def test_every_wide_gap_comes_with_what_to_do_about_it() -> None:
    rows = some_rows("x01", 60) + some_rows("x02", 40)
    section = fairness_section(by_group(rows, where(rows, {"x01": 1, "x02": 9}), TRAITS))
    assert "- **dialect, regional** (2.2 times overall): label messages by such writers" in section
    assert "No group" in fairness_section(by_group(rows, where(rows, {"x01": 6, "x02": 4}), TRAITS))


def test_the_table_has_a_row_a_group_overall_first() -> None:
    rows = some_rows("x01", 60)
    results = by_group(rows, where(rows, {"x01": 3}), TRAITS)
    lines = fairness_table(results).split("\n")
    assert len(lines) == 2 + len(results)
    assert lines[2].startswith("| all ")
    assert "0.050 [" in lines[2]


def test_no_list_of_authors_means_that_nothing_is_known(tmp_path: Path) -> None:
    assert read_traits(tmp_path / "authors.csv") == {}


def test_a_field_left_empty_or_out_is_unknown(tmp_path: Path) -> None:
    path = tmp_path / "authors.csv"
    path.write_text("author,dialect,literacy\nx01,,high\nx02\n", encoding="utf-8")
    traits = read_traits(path)
    assert traits["x01"] == {
        "first language": "unknown",
        "dialect": "unknown",
        "literacy": "high",
        "writes for others": "unknown",
    }
    assert set(traits["x02"].values()) == {"unknown"}


def test_the_authors_of_the_corpus_are_described_in_known_words() -> None:
    traits = read_traits(CHECKOUT / "data" / "authors.csv")
    known = {
        "first language": {"english", "welsh", "other", "mixed", "unknown"},
        "dialect": {"standard", "regional", "mixed", "unknown"},
        "literacy": {"high", "everyday", "low", "unknown"},
        "writes for others": {"yes", "no", "unknown"},
    }
    for author, described in traits.items():
        assert all(described[name] in words for name, words in known.items()), author
    frozen = {row.author for row in read_corpus(CHECKOUT / "data" / "raw") if row.author < "g"}
    assert all("unknown" not in traits[author].values() for author in frozen)
