"""A trained network -> what serves: fewer word pieces, matrices of small integers, ONNX."""

import json
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer
from torch import nn

from pipeline.encode import Encoder
from pipeline.encoder.network import Network

_STEPS = 15
"""Values of the 8-bit weights either side of 0: zlib makes less than 5 bits of 31 values, and speed is that of 8."""
_WIDEST = 127
"""To which onnxruntime stretches them."""
_WIDE = "/output/dense/"
"""Matrices that read what the activation function lets through. Its few large values need a scale a block: these
matrices have 4 bits, multiply half as fast, and without them ranking suffers (docs/decisions/0006)."""
_HEAD = "/network/head/Gemm_MatMul"
"""Three columns that decide: left as they are."""
_BITS = 4
_BLOCK = 64
_INT8_ACTIVATIONS = 4
"""onnxruntime's accuracy level that multiplies in int8."""


def exported(network: Network, tokenizer: Any, texts: Iterable[str], *, pieces: int) -> Encoder:
    """The network as an `Encoder` that knows the `pieces` word pieces needed most: those of `texts` first, then the
    commonest of the pretrained vocabulary (which is sorted by frequency).
    """
    kept = _kept_pieces(tokenizer, texts, pieces)
    _prune(network, kept)
    with tempfile.TemporaryDirectory() as folder:
        plain, small = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
        _write(network, plain)
        quantize_dynamic(
            plain,
            small,
            op_types_to_quantize=["Gather", "MatMul"],
            weight_type=QuantType.QInt8,
            per_channel=True,
            nodes_to_exclude=[*_round_weights(plain), _HEAD],
        )
        return Encoder(_with_blocks(narrowed(onnx.load(small))), _pruned_tokenizer(tokenizer, kept))


def _write(network: Network, path: Path) -> None:
    """By tracing: the newer exporter needs one package more and gives the same graph."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's advice to use the newer exporter, and about constants while tracing
        torch.onnx.export(
            _WithoutMask(network.float().eval()),
            (torch.tensor([[0, 1, 2, 3]]),),
            path,
            input_names=["input_ids"],
            output_names=["logits"],
            dynamic_axes={"input_ids": {0: "messages", 1: "tokens"}},
            dynamo=False,
        )


def _round_weights(path: Path) -> list[str]:
    """Round the weights of all but the wide matrices; answers the names of the wide ones."""
    model = onnx.load(path)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    matrices = [node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in weights]
    for node in matrices:
        if _WIDE not in node.name:
            tensor = weights[node.input[1]]
            tensor.CopyFrom(numpy_helper.from_array(_rounded(numpy_helper.to_array(tensor)), tensor.name))
    onnx.save(model, path)
    return [node.name for node in matrices if _WIDE in node.name]


def _rounded(matrix: np.ndarray) -> np.ndarray:
    """Each column in steps of its own size, the one of five that loses least."""
    largest = np.maximum(np.abs(matrix).max(axis=0), np.finfo(np.float32).tiny) / _STEPS
    tried = [
        np.clip(np.round(matrix / size), -_STEPS, _STEPS) * size
        for size in (largest * part for part in (1, 0.9, 0.8, 0.7, 0.6))
    ]
    lost = [((matrix - each) ** 2).sum(axis=0) for each in tried]
    return np.choose(np.argmin(lost, axis=0), tried).astype(np.float32)


def narrowed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The 8-bit weights as -15 to 15 instead of -127 to 127, their scales stretched alike: the same matrices.

    Processors without VNNI (AVX2 alone) add products of 8-bit numbers up by twos in 16 bits, and cut off what does not
    fit: 2 x 255 x 127 does not, 2 x 255 x 15 does (docs/decisions/0022).
    """
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "MatMulInteger":
            wide, scale = weights[node.input[1]], weights[node.input[1].replace("_quantized", "_scale")]
            narrow = np.round(numpy_helper.to_array(wide) * (_STEPS / _WIDEST)).astype(np.int8)
            stretched = (numpy_helper.to_array(scale) * (_WIDEST / _STEPS)).astype(np.float32)
            wide.CopyFrom(numpy_helper.from_array(narrow, wide.name))
            scale.CopyFrom(numpy_helper.from_array(stretched, scale.name))
    return model


def _with_blocks(model: onnx.ModelProto) -> bytes:
    """The matrices that are left as 4-bit integers with a scale and a zero for each block of 64, activations scaled by
    block too.
    """
    config = DefaultWeightOnlyQuantConfig(
        block_size=_BLOCK,
        is_symmetric=False,
        accuracy_level=_INT8_ACTIVATIONS,
        bits=_BITS,
        op_types_to_quantize=("MatMul",),
    )
    quantizer = MatMulNBitsQuantizer(model, algo_config=config, nodes_to_exclude=[_HEAD])
    quantizer.process()
    return bytes(quantizer.model.model.SerializeToString())


class _WithoutMask(nn.Module):
    """A single message needs no padding and so no mask."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.network(input_ids, torch.ones_like(input_ids))
        return logits


def _kept_pieces(tokenizer: Any, texts: Iterable[str], pieces: int) -> list[int]:
    used = Counter(i for ids in tokenizer(list(texts))["input_ids"] for i in ids)
    single = [i for piece, i in tokenizer.get_vocab().items() if len(piece.removeprefix("##")) == 1]
    wanted = [*tokenizer.all_special_ids, *single, *(i for i, _ in used.most_common()), *range(len(tokenizer))]
    return sorted(list(dict.fromkeys(wanted))[:pieces])


def _prune(network: Network, kept: list[int]) -> None:
    embeddings = network.transformer.embeddings
    old = embeddings.word_embeddings
    embeddings.word_embeddings = nn.Embedding.from_pretrained(old.weight[kept].detach().clone(), padding_idx=None)


def _pruned_tokenizer(tokenizer: Any, kept: list[int]) -> str:
    file = json.loads(tokenizer.backend_tokenizer.to_str())
    number = {old: new for new, old in enumerate(kept)}
    file["model"]["vocab"] = {piece: number[i] for piece, i in file["model"]["vocab"].items() if i in number}
    file["added_tokens"] = [
        {**token, "id": number[token["id"]]} for token in file["added_tokens"] if token["id"] in number
    ]
    file["padding"] = file["truncation"] = None
    return json.dumps(_renumbered(file, number), ensure_ascii=False)


def _renumbered(file: dict[str, Any], number: dict[int, int]) -> dict[str, Any]:
    """The special tokens that the post-processor adds, by their new numbers."""
    processor = file["post_processor"]
    for name in ("sep", "cls"):
        if name in processor:
            processor[name][1] = number[processor[name][1]]
    for token in processor.get("special_tokens", {}).values():
        token["ids"] = [number[i] for i in token["ids"]]
    return file
