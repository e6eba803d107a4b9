"""An ONNX graph of floating-point matrices -> the same in small integers, for onnxruntime.

Two kinds of product. Most matrices read numbers of like size, for which onnxruntime's one scale a message is enough.
Those that read what the activation function lets through meet a few large values in some tokens: there each token has a
scale of its own (docs/decisions/0024).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.helper import make_node
from onnxruntime.quantization import QuantType, quantize_dynamic

_STEPS = 15
"""Values of the weights either side of 0: zlib makes less than 5 bits of 31 values, and speed is that of 8."""
_WIDEST = 127
"""To which onnxruntime stretches them."""
_AFTER_ACTIVATION = "/output/dense/"
_FEWER_STEPS = 11
"""A third of all weights stand in these matrices, so they get fewer values; zlib makes little over 4 bits of them."""
_HEAD = "/network/head/Gemm_MatMul"
"""Three columns that decide: left as they are."""
_ZERO, _MOST = 16, 255
"""The whole numbers of 0 and of a token's largest activation."""
_LOWEST = 0.17
"""GELU lets nothing below -0.17 through."""


def in_integers(path: Path) -> onnx.ModelProto:
    """The graph at `path` with 8-bit products."""
    model = onnx.load(path)
    matrices = [node.name for node in _matrices(model)]
    by_token = [name for name in matrices if _AFTER_ACTIVATION in name]
    _round(model, {*matrices} - {*by_token, _HEAD})
    onnx.save(model, path)
    small = path.with_name("small.onnx")
    quantize_dynamic(
        path,
        small,
        op_types_to_quantize=["Gather", "MatMul"],
        weight_type=QuantType.QInt8,
        per_channel=True,
        nodes_to_exclude=[*by_token, _HEAD],
    )
    return scaled_by_token(narrowed(onnx.load(small)))


def narrowed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The 8-bit weights as -15 to 15 instead of -127 to 127, their scales stretched alike: the same matrices.

    Processors without VNNI (AVX2 alone) add products of 8-bit numbers up by twos in 16 bits, and cut off what does not
    fit: 2 x 255 x 127 does not, 2 x 255 x 15 does (docs/decisions/0022).
    """
    weights = _weights(model)
    for node in model.graph.node:
        if node.op_type == "MatMulInteger":
            wide, scale = weights[node.input[1]], weights[node.input[1].replace("_quantized", "_scale")]
            narrow = np.round(numpy_helper.to_array(wide) * (_STEPS / _WIDEST)).astype(np.int8)
            stretched = (numpy_helper.to_array(scale) * (_WIDEST / _STEPS)).astype(np.float32)
            wide.CopyFrom(numpy_helper.from_array(narrow, wide.name))
            scale.CopyFrom(numpy_helper.from_array(stretched, scale.name))
    return model


def scaled_by_token(model: onnx.ModelProto) -> onnx.ModelProto:
    """The products after the activation function in 8 bits, with a scale for each token and for each column."""
    weights, nodes = _weights(model), []
    for node in model.graph.node:
        if node.op_type == "MatMul" and _AFTER_ACTIVATION in node.name:
            matrix = numpy_helper.to_array(weights[node.input[1]])
            model.graph.initializer.remove(weights[node.input[1]])
            model.graph.initializer.extend(_constants(node.name, *rounded(matrix, _FEWER_STEPS)))
            nodes += _product(node)
        else:
            nodes.append(node)
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return model


def rounded(matrix: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Whole numbers of at most `steps` either side of 0, and the size of a step in each column: of the five sizes
    tried, the one that loses least.
    """
    largest = np.maximum(np.abs(matrix).max(axis=0), np.finfo(np.float32).tiny) / steps
    sizes = [largest * part for part in (1, 0.9, 0.8, 0.7, 0.6)]
    tried = [np.clip(np.round(matrix / size), -steps, steps) for size in sizes]
    lost = [((matrix - values * size) ** 2).sum(axis=0) for values, size in zip(tried, sizes, strict=True)]
    least = np.argmin(lost, axis=0)
    return np.choose(least, tried).astype(np.int8), np.choose(least, sizes).astype(np.float32)


def _round(model: onnx.ModelProto, names: set[str]) -> None:
    weights = _weights(model)
    for node in _matrices(model):
        if node.name in names:
            tensor = weights[node.input[1]]
            values, sizes = rounded(numpy_helper.to_array(tensor), _STEPS)
            tensor.CopyFrom(numpy_helper.from_array(values * sizes, tensor.name))


def _matrices(model: onnx.ModelProto) -> Iterator[onnx.NodeProto]:
    weights = _weights(model)
    return (node for node in model.graph.node if node.op_type == "MatMul" and node.input[1] in weights)


def _weights(model: onnx.ModelProto) -> dict[str, TensorProto]:
    return {tensor.name: tensor for tensor in model.graph.initializer}


def _constants(name: str, values: np.ndarray, sizes: np.ndarray) -> list[TensorProto]:
    given = {
        "matrix": values,
        "sizes": sizes,
        "step": np.array(1 / (_MOST - _ZERO), np.float32),
        "least": np.array(_LOWEST / _ZERO, np.float32),
        "zero": np.array(_ZERO, np.uint8),
        "one": np.array(1, np.float32),
        "flat": np.array([-1], np.int64),
        "last": np.array([-1], np.int64),
    }
    return [numpy_helper.from_array(array, f"{name}/{what}") for what, array in given.items()]


def _product(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    """Activations of shape (1, tokens, width): a token's largest goes to 255, 0 to 16, what is below 0 in between."""

    def step(kind: str, given: list[str], out: str, **attributes: Any) -> onnx.NodeProto:
        named = [each if each in node.input else f"{node.name}/{each}" for each in given]
        whole = f"{node.name}/{out}"
        return make_node(kind, named, [node.output[0] if out == "product" else whole], name=whole, **attributes)

    activations = node.input[0]
    return [
        step("ReduceMax", [activations, "last"], "largest", keepdims=1),
        step("Mul", ["largest", "step"], "fitting"),
        step("Max", ["fitting", "least"], "scale"),
        step("Reshape", ["scale", "flat"], "scales"),
        step("Shape", ["scales"], "tokens"),
        step("Expand", ["zero", "tokens"], "zeros"),
        step("QuantizeLinear", [activations, "scales", "zeros"], "whole", axis=1),
        step("MatMulIntegerToFloat", ["whole", "matrix", "one", "sizes", "zero"], "by_column", domain="com.microsoft"),
        step("Mul", ["by_column", "scale"], "product"),
    ]
