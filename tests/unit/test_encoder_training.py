"""Fine-tuning and export on a network of two small layers. Needs the extra `encoder`, which CI does not install."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import onnx
import pytest

torch = pytest.importorskip("torch", reason="the extra `encoder` (torch) is not installed")
pytest.importorskip("transformers", reason="the extra `encoder` (transformers) is not installed")

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: E402  # after the skips
from transformers import MPNetConfig, MPNetModel, PreTrainedTokenizerFast  # noqa: E402  # as above

from pipeline.encode import Encoder  # noqa: E402  # as above
from pipeline.encoder.augment import augmented  # noqa: E402  # as above
from pipeline.encoder.export import exported  # noqa: E402  # as above
from pipeline.encoder.network import Network, averaged, tokenizer_of  # noqa: E402  # as above
from pipeline.encoder.tuning import Lesson, Schedule, fine_tune, probabilities  # noqa: E402  # as above
from pipeline.params import load_params  # noqa: E402  # as above
from pipeline.preprocess import prepare  # noqa: E402  # as above
from pipeline.steps.teach import by_sentence, fine_tuned  # noqa: E402  # as above
from pipeline.training import EVERYDAY  # noqa: E402  # as above
from tests.builders import a_labelled, a_message  # noqa: E402  # as above

ROOT = Path(__file__).resolve().parents[2]

WORDS = ["nobody", "came", "please", "send", "thanks", "lovely", "again", "a", "the", "boiler", "lift"]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", "<mask>"]
SCHEDULE = Schedule(
    epochs=30,
    batch=4,
    learning_rate=3e-3,
    layer_decay=0.9,
    weight_decay=0.0,
    pair_weight=0.3,
    augment_share=0.0,
    seed=1,
)
LESSONS = [
    Lesson(text=text, target=target, weight=1.0, scenario=scenario)
    for text, target, scenario in (
        ("nobody came again", (0.9, 0.05, 0.05), "boiler"),
        ("please send the boiler", (0.05, 0.9, 0.05), "boiler"),
        ("nobody came the lift", (0.9, 0.05, 0.05), "lift"),
        ("please send a lift", (0.05, 0.9, 0.05), "lift"),
        ("thanks lovely", (0.05, 0.05, 0.9), "thanks"),
    )
]


@pytest.fixture
def tokenizer() -> PreTrainedTokenizerFast:
    vocabulary = {piece: number for number, piece in enumerate([*SPECIAL, *WORDS, *"abcdefghijklmnopqrstuvwxyz"[1:]])}
    words = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    words.normalizer = normalizers.BertNormalizer(lowercase=True)
    words.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="<pad>", bos_token="<s>", eos_token="</s>")


@pytest.fixture
def network() -> Network:
    torch.manual_seed(7)
    config = MPNetConfig(
        vocab_size=len(SPECIAL) + len(WORDS) + 25,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
    )
    return Network(MPNetModel(config))


def test_a_network_learns_the_lessons(network: Network, tokenizer: PreTrainedTokenizerFast) -> None:
    fine_tune(network, tokenizer, LESSONS, SCHEDULE, what="test")
    found = probabilities(network, tokenizer, [lesson.text for lesson in LESSONS])
    assert found.argmax(axis=1).tolist() == [0, 1, 0, 1, 2]
    assert np.allclose(found.sum(axis=1), 1)


def test_a_saved_network_says_the_same(network: Network, tokenizer: PreTrainedTokenizerFast, tmp_path: Path) -> None:
    network.save(tmp_path, tokenizer)
    texts = ["nobody came", "thanks"]
    again = probabilities(Network.saved(tmp_path), tokenizer_of(tmp_path), texts)
    assert np.array_equal(again, probabilities(network, tokenizer, texts))


def test_an_average_lies_between_its_parts(network: Network, tokenizer: PreTrainedTokenizerFast) -> None:
    first, second = deepcopy(network), deepcopy(network)
    fine_tune(first, tokenizer, LESSONS, SCHEDULE, what="test")
    fine_tune(second, tokenizer, LESSONS, replace(SCHEDULE, seed=2), what="test")
    weight, other = first.head.weight.detach().clone(), second.head.weight.detach().clone()
    assert not torch.equal(weight, other)
    both = averaged([first, second])
    assert torch.allclose(both.head.weight, (weight + other) / 2)
    found = probabilities(both, tokenizer, [lesson.text for lesson in LESSONS])
    assert found.argmax(axis=1).tolist() == [0, 1, 0, 1, 2]


def test_teaching_ends_in_one_network_that_judges_sentences(
    network: Network, tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    network.transformer.save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    params = replace(load_params(ROOT / "params.yaml").encoder, teacher_seeds=2, batch=4)
    texts = [
        "Nobody came the lift again. Please send a lift.",
        "Thanks lovely boiler again.",
        "Please send the boiler.",
    ]
    rows = [
        a_labelled(message=a_message(id=f"a-{n}", text=text), slices=frozenset({EVERYDAY}), scenario=f"s-{n}")
        for n, text in enumerate(texts)
    ]
    examples = [(row, prepare(row.message)) for row in rows]
    taught, words = fine_tuned(str(tmp_path), examples, params)
    assert not torch.equal(taught.head.weight, Network.pretrained(str(tmp_path), seed=params.seed).head.weight)
    (name, said), *others = by_sentence(taught, words, examples)
    assert (name, said.shape, others) == ("a-0", (2, 3), [])
    assert np.allclose(said.sum(axis=1), 1)


def test_what_serves_says_nearly_what_was_trained(network: Network, tokenizer: PreTrainedTokenizerFast) -> None:
    fine_tune(network, tokenizer, LESSONS, SCHEDULE, what="test")
    texts = ["nobody came again", "please send the lift", "thanks a lovely lift"]
    trained = probabilities(network, tokenizer, texts)
    encoder = exported(network, tokenizer, texts, pieces=len(SPECIAL) + len(WORDS) + 25)
    logits = encoder.logits(texts)
    served = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    assert np.abs(served - trained).max() < 0.03
    assert max(widest_of_products(encoder)) == 15


def widest_of_products(encoder: Encoder) -> Iterator[int]:
    graph = onnx.load_from_string(encoder.model).graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "MatMulInteger":
            yield int(np.abs(onnx.numpy_helper.to_array(weights[node.input[1]]).astype(int)).max())


def test_a_change_of_a_text_is_drawn_from_the_seed_alone() -> None:
    text = "Lift out\n\nNobody came, again. Please send someone."
    assert [augmented(text, Random(n)) for n in range(9)] == [augmented(text, Random(n)) for n in range(9)]
    assert any(augmented(text, Random(n)) != text for n in range(9))
