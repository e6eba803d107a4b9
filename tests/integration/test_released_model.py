"""The model in models/: what every user gets. No training, no torch."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from pipeline.artefact import load, serving_folder
from pipeline.classify import MODELS, MessageClassifier
from pipeline.domain import Channel, Label, Route
from pipeline.encode import Encoder, complaint_odds
from tests.builders import a_message

NEUTRAL = "The office is on the second floor and the car park is behind the shops, next to the library. " * 40
FAILED = "I have reported this leak four times since March, nobody ever came and nobody rings back."


@pytest.fixture(scope="module")
def released() -> MessageClassifier:
    return MessageClassifier.open(serving_folder(MODELS), "hos-2024")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    folder = serving_folder(MODELS)
    assert folder is not None
    found = load(folder).estimators.encoder
    assert found is not None
    return found


def test_a_model_is_released_and_small_enough_for_git() -> None:
    folder = serving_folder(MODELS)
    assert folder is not None
    assert folder.parent == MODELS
    assert sum(path.stat().st_size for path in MODELS.glob("2*/*")) < 60_000_000


def test_a_repeated_failure_is_a_complaint_and_thanks_are_not(released: MessageClassifier) -> None:
    complaint, request, thanks = released.classify(
        [
            a_message(text=FAILED),
            a_message(text="The kitchen tap drips. Please could somebody come and look at it?"),
            a_message(text="Just to say thank you, the new door is lovely."),
        ]
    )
    assert (complaint.label, request.label, thanks.label) == tuple(Label)


@pytest.mark.parametrize(
    "text",
    [
        "I wish to complain.",
        "I am writing to complain about the lettings team.",
        "I want to complain about my housing officer.",
        "I have a complaint about the viewing.",
        "Complaint: the viewing on Tuesday.",
        "Please treat this letter as a complaint about how my viewing was handled.",
        "Please accept this e-mail as my official complaint.",
        "I am not happy and want this logged as a complaint.",
        "Can I make a complaint please?",
        "Who do I complain to about the viewing?",
        "I would like this dealt with under your complaints procedure.",
    ],
)
def test_who_asks_for_a_complaint_in_so_many_words_reaches_an_officer(released: MessageClassifier, text: str) -> None:
    (decision,) = released.classify([a_message(text=text, channel=Channel.EMAIL)])
    assert decision.route in {Route.STAGE_1, Route.REVIEW}


def test_probabilities_do_not_depend_on_the_other_messages(released: MessageClassifier) -> None:
    messages = [a_message(text=text, channel=Channel.WEB_FORM) for text in (FAILED, NEUTRAL, "Bin not emptied.", "Ta")]
    together = [decision.prediction for decision in released.classify(messages)]
    alone = [released.classify([message])[0].prediction for message in messages]
    assert together == alone


def test_one_limb_in_a_long_message_is_found_wherever_it_stands(encoder: Encoder) -> None:
    neutral, first, last = complaint_odds(encoder.logits([NEUTRAL, FAILED + NEUTRAL, NEUTRAL + FAILED]))
    assert min(first, last) > neutral + 1
    assert np.isfinite([neutral, first, last]).all()


def test_no_product_of_8_bit_numbers_overflows_on_any_processor(encoder: Encoder) -> None:
    """AVX2 without VNNI adds products up by twos in 16 bits and cuts off the rest (docs/decisions/0022)."""
    graph = onnx.load_from_string(encoder.model).graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    products = [node for node in graph.node if node.op_type in {"MatMulInteger", "MatMulIntegerToFloat"}]
    assert len(products) > 50
    for node in products:
        widest = np.abs(onnx.numpy_helper.to_array(weights[node.input[1]]).astype(int)).max()
        assert 2 * 255 * widest < 2**15, node.name


WITHOUT_TORCH = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "transformers", "onnx"}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Refuse())
from service.cli import main
main()
"""


def test_serving_needs_no_torch(tmp_path: Path) -> None:
    note = tmp_path / "one.jsonl"
    note.write_text(json.dumps({"id": "1", "text": FAILED, "channel": "note"}) + "\n")
    command = [sys.executable, "-c", WITHOUT_TORCH, "score", str(note)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["label"] == "complaint"
