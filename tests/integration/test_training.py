import json
import shutil
import sqlite3
from pathlib import Path

import pytest
import yaml

from pipeline.artefact import verify
from pipeline.classify import MessageClassifier
from pipeline.domain import Channel, Route
from tests.builders import COMPLAINT, a_message
from tests.conftest import CHECKOUT, heard


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six authors, two a split: enough to train and judge in seconds."""
    place = tmp_path_factory.mktemp("small")
    (place / "data" / "raw").mkdir(parents=True)
    for author in ("d01", "d02", "d06", "e01", "c01", "d07"):
        shutil.copy(CHECKOUT / "data" / "raw" / f"{author}.jsonl", place / "data" / "raw")
    shutil.copy(CHECKOUT / "params.yaml", place)
    return place


def test_training_leaves_a_verified_model_with_thresholds_metrics_and_a_card(model: Path) -> None:
    manifest = verify(model)
    assert manifest.version == model.name
    assert manifest.thresholds["pooled"].n >= 400
    assert manifest.metrics["auc"] > 0.85
    assert manifest.metrics["miss_rate"] < 0.10
    card = (model / "model_card.md").read_text()
    assert manifest.version in card
    assert "At most 5% of complaints" in card


def test_each_training_is_a_registered_mlflow_run_with_its_data_hash(workplace: Path, model: Path) -> None:
    with sqlite3.connect(workplace / "mlflow.db") as store:
        tags = dict(store.execute("SELECT key, value FROM tags").fetchall())
        metrics = {name for (name,) in store.execute("SELECT key FROM metrics")}
        alias = store.execute("SELECT alias FROM registered_model_aliases WHERE name = 'heard'").fetchone()
    assert tags["data_sha256"] == verify(model).data_sha256
    assert {"auc", "miss_rate", "workload_review"} <= metrics
    assert alias == ("champion",)
    assert list((workplace / "mlartifacts").rglob("manifest.json"))
    assert list((workplace / "mlartifacts").rglob("precision_recall.png"))


def test_the_same_seed_gives_the_same_metrics(small: Path) -> None:
    found = []
    for _ in range(2):
        done = heard("train", "--in", str(small))
        assert done.returncode == 0, done.stderr
        found.append((small / "data" / "processed" / "metrics.json").read_text())
    assert found[0] == found[1]


def test_evaluation_judges_left_out_authors_the_test_and_a_file_of_ones_own(small: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.jsonl"
    rows = [json.loads(line) for line in (CHECKOUT / "data" / "raw" / "d08.jsonl").read_text().splitlines()]
    kept = [{name: row[name] for name in ("id", "text", "channel", "label", "contested")} for row in rows]
    own.write_text("\n".join(map(json.dumps, kept)))
    done = heard("evaluate", "--in", str(small), "--leave-out", "--also", str(own))
    assert done.returncode == 0, done.stderr
    for words in ("left-out authors", "frozen test", "own, uncontested", "auc_like_length", "miss_rate", "no_cue"):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("section", "change", "sentence"),
    [
        ("thresholds", {"alpha": 0.0001}, "are too few to promise a miss rate"),
        ("model", {"colour": 1}, "missing or unknown keys colour"),
        ("model", {"folds": "many"}, "'model.folds' must be of type int"),
    ],
)
def test_what_training_cannot_do_is_a_sentence(
    small: Path, tmp_path: Path, section: str, change: dict[str, object], sentence: str
) -> None:
    shutil.copytree(small / "data" / "raw", tmp_path / "data" / "raw")
    params = yaml.safe_load((small / "params.yaml").read_text())
    params[section] |= change
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    done = heard("train", "--in", str(tmp_path))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_training_where_there_is_nothing_is_a_sentence(tmp_path: Path) -> None:
    done = heard("train", "--in", str(tmp_path))
    assert done.returncode == 2
    assert "holds no .jsonl files" in done.stderr


def test_a_decision_is_the_same_alone_and_among_others(classifier: MessageClassifier) -> None:
    messages = [a_message(id=str(n), text=f"{COMPLAINT} {n}", channel=list(Channel)[n % 4]) for n in range(30)]
    together = classifier.classify(messages)
    assert [classifier.classify([message])[0] for message in messages] == together


@pytest.mark.parametrize("noise", ["\u200b", "\u00ad", "\ufeff"])
def test_invisible_characters_change_no_decision(classifier: MessageClassifier, noise: str) -> None:
    plain, noisy = classifier.classify([a_message(), a_message(text=COMPLAINT.replace("e", f"e{noise}"))])
    assert (noisy.route, noisy.prediction) == (plain.route, plain.prediction)


def test_a_plain_repeated_failure_goes_to_stage_1_and_thanks_do_not(classifier: MessageClassifier) -> None:
    repeated = "I have reported this three times since March. Nobody came on the 3rd and nobody has rung me back."
    thanks = "Thank you, the man who fixed the lights was lovely and it works perfectly."
    complaint, praise = classifier.classify([a_message(text=repeated), a_message(text=thanks)])
    assert complaint.route is Route.STAGE_1
    assert praise.route is not Route.STAGE_1
