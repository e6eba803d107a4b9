"""From officers' reviews to a model that learned from them, by the commands a data scientist would give."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import joblib
import pytest

from pipeline.artefact import serving_folder, verify
from pipeline.corpus import corpus_sha256
from pipeline.domain import Channel, Label
from service.queue import QueueName
from service.store import messages, samples
from service.turns import Asking
from tests.conftest import CHECKOUT, heard
from tests.desk import Desk, a_desk, a_review

SEPTEMBER = datetime(2026, 9, 8, 9, 30, tzinfo=UTC)
FLIPPED = 12
BLIND = [f"blind-{number}" for number in range(12)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkout."""
    folder = tmp_path_factory.mktemp("loop")
    (folder / "data" / "raw").mkdir(parents=True)
    for author in ("d01", "d02", "d06", "e01", "d07"):
        shutil.copy(CHECKOUT / "data" / "raw" / f"{author}.jsonl", folder / "data" / "raw")
    shutil.copy(CHECKOUT / "params.yaml", folder)
    return folder


@pytest.fixture(scope="module")
def desk(place: Path) -> Iterator[Desk]:
    """A month in which officers read 200 messages, the last labels of which are slips, and all but one drawn by lot."""
    with pytest.MonkeyPatch.context() as patch, a_desk(f"sqlite:///{place / 'heard.db'}") as desk:
        patch.setenv("HEARD_AUDIT_KEY", "the audit key of tests and nothing else")
        rows = [json.loads(row) for row in (CHECKOUT / "data" / "raw" / "d03.jsonl").read_text().splitlines()]
        for number, row in enumerate(rows[:200]):
            slip = number >= 200 - FLIPPED
            truth = Label(row["label"])
            said = (Label.COMPLAINT if truth is not Label.COMPLAINT else Label.OTHER) if slip else truth
            reviewed(desk, {**row, "id": f"slip-{number}" if slip else f"read-{number}"}, said)
        for name, row in zip(BLIND, rows[200:], strict=False):
            reviewed(desk, {**row, "id": name}, Label(row["label"]), blind=True, decide=name != BLIND[-1])
        yield desk


@pytest.fixture(scope="module")
def reviews(desk: Desk, place: Path) -> Path:
    return export(place)


@pytest.fixture(scope="module")
def trained(reviews: Path, place: Path) -> tuple[Path, str]:
    """The model that learned from the reviews, and what the training said."""
    done = heard("train", "--in", str(place), "--also", str(reviews))
    assert done.returncode == 0, done.stderr
    model = serving_folder(place / "models")
    assert model is not None
    return model, done.stderr


def test_slips_of_officers_are_doubted(reviews: Path, place: Path) -> None:
    doubted = heard("data", "doubts", str(reviews), "-n", "20", "--beside", str(place / "data" / "raw"))
    assert doubted.returncode == 0, doubted.stderr
    found = [line.split(":")[0] for line in doubted.stdout.splitlines()[:-1]]
    assert sum(name.startswith("slip-") for name in found) >= FLIPPED // 2


def test_a_model_learns_from_reviews_but_not_from_those_that_measure(
    reviews: Path, trained: tuple[Path, str], place: Path
) -> None:
    model, said = trained
    rows = [json.loads(line) for line in reviews.read_text().splitlines()]
    learned = {row.message.id for row, _ in joblib.load(place / "data" / "interim" / "prepared.joblib")}
    assert len(rows) == 200
    assert learned >= {row["id"] for row in rows if row["split"] == "train"}
    assert not learned & {row["id"] for row in rows if row["split"] == "test"}
    assert not learned & set(BLIND)
    assert "they may lower the review threshold, never raise it" in said
    assert verify(model).data_sha256 == corpus_sha256(place / "data" / "raw", [reviews])
    assert verify(model).data_sha256 != corpus_sha256(place / "data" / "raw")


def test_reviews_measure_neither_groups_of_writers_nor_what_promises_cost(
    trained: tuple[Path, str], place: Path
) -> None:
    files = (place / "data" / "raw").glob("*.jsonl")
    corpus = [json.loads(row) for file in files for row in file.read_text().splitlines()]
    complaints = [row for row in corpus if row["split"] != "train" and row["label"] == "complaint"]
    overall = json.loads((place / "data" / "processed" / "fairness.json").read_text())[0]
    assert trained
    assert overall["miss_rate"]["n"] == len(complaints)


def test_what_to_label_next_is_asked_of_the_model_that_learned(trained: tuple[Path, str], tmp_path: Path) -> None:
    rows = [json.loads(row) for row in (CHECKOUT / "data" / "raw" / "d04.jsonl").read_text().splitlines()[:60]]
    inbox = tmp_path / "inbox.jsonl"
    inbox.write_text(
        "".join(json.dumps({name: row[name] for name in ("id", "text", "channel")}) + "\n" for row in rows)
    )
    done = heard("data", "next", str(inbox), "-n", "5", "--model", str(trained[0]))
    assert done.returncode == 0, done.stderr
    asked = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({row["id"] for row in asked}) == 5
    assert all(0.001 < row["complaint"] < 0.9 for row in asked)


def test_the_blind_sample_comes_in_once_its_month_is_measured(desk: Desk, reviews: Path, place: Path) -> None:
    assert not set(BLIND) & {json.loads(line)["id"] for line in reviews.read_text().splitlines()}
    with desk.database.reading() as connection:
        row = messages.item_row(connection, BLIND[-1])
    assert row is not None
    item = desk.item(row["id"])
    decided = a_review(verdict=Label.OTHER, saw_suggestion=False)
    desk.reviewing.review(item.id, Asking(by="A. Khan"), desk.fence(item.id), decided)
    rows = {row["id"]: row for row in map(json.loads, export(place, "later").read_text().splitlines())}
    assert set(rows) >= set(BLIND)
    assert {rows[name]["weight"] for name in BLIND if rows[name]["split"] == "train"} == {10.0}
    assert {rows[name]["weight"] for name in BLIND if rows[name]["split"] != "train"} == {50.0}


def export(place: Path, name: str = "reviews") -> Path:
    reviews = place / "data" / "local" / f"{name}.jsonl"
    done = heard("feedback", "export", "--database", f"sqlite:///{place / 'heard.db'}", "--output", str(reviews))
    assert done.returncode == 0, done.stderr
    return reviews


def reviewed(desk: Desk, row: dict[str, Any], said: Label, *, blind: bool = False, decide: bool = True) -> None:
    """A message that came in in September, and what an officer found."""
    item = desk.put(
        QueueName.REVIEW,
        message_id=row["id"],
        received=SEPTEMBER,
        decision={"label": Label(row["label"]), "channel": Channel(row["channel"])},
        text=row["text"],
        channel=Channel(row["channel"]),
        blind=blind,
    )
    if blind:
        with desk.database.writing() as connection:
            samples.mark(connection, row["id"], 0.02, blind=True)
    if decide:
        decided = a_review(verdict=said, saw_suggestion=not blind)
        desk.reviewing.review(item.id, Asking(by="A. Khan"), desk.fence(item.id), decided)
