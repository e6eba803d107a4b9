"""What a teacher says of sentences, and how the fast model learns from it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.calibration import CalibratedClassifierCV
from sklearn.model_selection import GroupKFold

from pipeline.domain import CueKind, Label
from pipeline.features import SideBySide
from pipeline.model import build_features, build_label_estimator
from pipeline.params import ModelParams, load_params
from pipeline.preprocess import prepare
from pipeline.regression import Rows, calibrated_line, rows_of_sentences
from pipeline.sentences import read_soft_sentences, sentences_of, write_soft_sentences
from tests.builders import a_labelled, a_message

ROOT = Path(__file__).resolve().parents[2]
TEXT = "The lift is out. I have rung four times and nobody rings back. Ta. The hall light works well now."


@pytest.fixture
def params() -> ModelParams:
    return load_params(ROOT / "params.yaml").model


def test_each_long_sentence_stands_by_itself_with_its_own_cues() -> None:
    lift, silence, light = sentences_of(prepare(a_message(text=TEXT)))
    assert (lift.text, light.text) == ("The lift is out.", "The hall light works well now.")
    assert CueKind.NO_RESPONSE in {cue.kind for cue in silence.cues}
    assert not light.cues
    for cue in silence.cues:
        assert silence.text[cue.start : cue.end] == cue.text


@pytest.mark.parametrize("text", ["Nobody has come since March.", "Ta. Nobody has come since March.", "", "No. Ta."])
def test_a_message_of_one_sentence_has_none_beside_itself(text: str) -> None:
    assert sentences_of(prepare(a_message(text=text))) == []


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "soft.csv"
    said = {"a-1": np.array([[0.5, 0.25, 0.25], [1, 0, 0]]), "a-2": np.array([[0.1, 0.2, 0.7]] * 3)}
    write_soft_sentences(path, said.items(), "f" * 64)
    found = read_soft_sentences(path)
    assert found.keys() == said.keys()
    assert all(np.array_equal(found[name], said[name]) for name in said)
    assert read_soft_sentences(tmp_path / "missing.csv") == {}


def taught_rows(params: ModelParams, said: dict[str, np.ndarray]) -> tuple[Rows, Rows, SideBySide]:
    labelled = [a_labelled(message=a_message(id=f"a-{n}", text=TEXT), author=f"a{n}") for n in range(3)]
    examples = [(row, prepare(row.message)) for row in labelled]
    features = build_features(replace(params, min_messages=1))
    matrix = features.fit_transform([message for _, message in examples])
    rows = Rows.of(examples, matrix, np.array([1.0, 0.5, 1.0]))
    return rows, rows_of_sentences(examples, features, rows, said, params), features


def test_the_sentences_of_a_message_weigh_what_it_weighs(params: ModelParams) -> None:
    said = {"a-0": np.array([[1.0, 0, 0], [0.5, 0.5, 0], [0, 0, 1]]), "a-1": np.array([[1.0, 0, 0]] * 3)}
    rows, sentences, _ = taught_rows(replace(params, sentences=2.0), said)
    by_author = {name: sentences.weights[sentences.authors == name].sum() for name in ("a0", "a1", "a2")}
    assert by_author == pytest.approx({"a0": 2 * rows.weights[0], "a1": 2 * rows.weights[1], "a2": 0})
    assert list(sentences.labels[sentences.authors == "a0"]) == ["complaint", "complaint", "service_request", "other"]
    assert sentences.matrix.shape == (7, rows.matrix.shape[1])


def test_a_message_that_is_split_otherwise_by_now_teaches_none(params: ModelParams) -> None:
    _, sentences, _ = taught_rows(params, {"a-0": np.array([[1.0, 0, 0], [0, 1, 0]])})
    assert sentences.matrix.shape[0] == len(sentences.labels) == 0


def drawn_rows(draw: np.random.Generator, count: int = 240) -> Rows:
    """Two columns: the first tells complaints, the second stands in four of five of them and in a fifth of the rest."""
    complaint = np.arange(count) % 2 == 0
    beside = complaint ^ (draw.random(count) < 0.2)
    columns = np.column_stack([complaint + draw.normal(scale=0.7, size=count), beside * 1.0])
    return Rows(
        matrix=csr_matrix(columns),
        labels=np.where(complaint, Label.COMPLAINT.value, Label.OTHER.value),
        weights=np.ones(count),
        authors=np.array([f"a{number % 8}" for number in range(count)]),
    )


def test_a_teacher_who_knows_better_takes_weight_from_what_stood_beside(params: ModelParams) -> None:
    rows = drawn_rows(np.random.default_rng(4))
    sentences = Rows(
        matrix=csr_matrix(np.tile([[0.0, 1.0]], (120, 1))),
        labels=np.full(120, Label.OTHER.value),
        weights=np.ones(120),
        authors=rows.authors[:120],
    )
    beside = [
        float(np.ptp(calibrated_line(rows, each, params).weights[1]))
        for each in (sentences.only(np.array([], dtype=int)), sentences)
    ]
    assert beside[1] < 0.7 * beside[0]


def test_probabilities_are_as_sharp_as_scikit_learn_would_make_them(params: ModelParams) -> None:
    rows = drawn_rows(np.random.default_rng(5))
    rows = replace(rows, matrix=rows.matrix[:, [0]])
    found = calibrated_line(rows, rows.only(np.array([], dtype=int)), params)
    folds = list(GroupKFold(n_splits=params.folds).split(rows.matrix, rows.labels, rows.authors))
    judge = CalibratedClassifierCV(build_label_estimator(params), method="temperature", cv=folds, ensemble=False)
    judge.fit(rows.matrix, rows.labels)
    assert found.probabilities(rows.matrix) == pytest.approx(judge.predict_proba(rows.matrix), abs=2e-3)
