"""Matrices of small integers: how near they stay to what they were."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, numpy_helper
from onnx.helper import make_graph, make_model, make_node, make_opsetid, make_tensor_value_info

from pipeline.encoder.integers import in_integers, rounded

WIDTH, COLUMNS = 256, 48
ACTIVATIONS = np.maximum(np.random.default_rng(3).normal(size=(1, 7, WIDTH)), -0.17).astype(np.float32)


@pytest.fixture
def matrices() -> list[np.ndarray]:
    draw = np.random.default_rng(2)
    return [draw.normal(size=shape).astype(np.float32) for shape in ((WIDTH, WIDTH), (WIDTH, COLUMNS), (COLUMNS, 3))]


@pytest.fixture
def model(matrices: list[np.ndarray], tmp_path: Path) -> Path:
    """Of each kind of matrix one: any, after the activation function, the head."""
    names = ["/query/MatMul", "/output/dense/MatMul", "/network/head/Gemm_MatMul"]
    nodes = [
        make_node("MatMul", ["activations", "0"], ["any"], name=names[0]),
        make_node("MatMul", ["activations", "1"], ["after"], name=names[1]),
        make_node("MatMul", ["after", "2"], ["head"], name=names[2]),
    ]
    graph = make_graph(
        nodes,
        "three",
        [make_tensor_value_info("activations", TensorProto.FLOAT, [1, "tokens", WIDTH])],
        [make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("any", "after", "head")],
        [numpy_helper.from_array(matrix, str(number)) for number, matrix in enumerate(matrices)],
    )
    path = tmp_path / "plain.onnx"
    onnx.save(make_model(graph, opset_imports=[make_opsetid("", 20)], ir_version=10), path)
    return path


def said(model: onnx.ModelProto, activations: np.ndarray) -> dict[str, np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = ["any", "after", "head"]
    return dict(zip(names, session.run(names, {"activations": activations}), strict=True))


def lost(found: np.ndarray, exact: np.ndarray) -> float:
    return float(np.square(found - exact).mean() / np.square(exact).mean())


def test_products_stay_near_what_they_were(model: Path, matrices: list[np.ndarray]) -> None:
    found = said(in_integers(model), ACTIVATIONS)
    assert lost(found["any"], ACTIVATIONS @ matrices[0]) < 0.01
    assert lost(found["after"], ACTIVATIONS @ matrices[1]) < 0.01
    assert lost(found["head"], found["after"] @ matrices[2]) < 1e-9


def test_a_large_value_in_one_token_does_not_blur_the_others(model: Path, matrices: list[np.ndarray]) -> None:
    loud = ACTIVATIONS.copy()
    loud[0, 2, 5] = 400.0
    small = in_integers(model)
    before, after = said(small, ACTIVATIONS)["after"][0], said(small, loud)["after"][0]
    others = [0, 1, 3, 4, 5, 6]
    assert np.array_equal(after[others], before[others])
    assert lost(after[2], loud[0, 2] @ matrices[1]) < 0.01


def test_no_weight_is_wide_enough_to_overflow(model: Path) -> None:
    """Without VNNI two products are added in 16 bits (docs/decisions/0022)."""
    integers = [tensor for tensor in in_integers(model).graph.initializer if tensor.data_type == TensorProto.INT8]
    widest = [int(np.abs(numpy_helper.to_array(tensor).astype(int)).max()) for tensor in integers]
    assert sorted(each for each in widest if each) == [11, 15]


def test_rounded_weights_have_few_values_a_column_and_stay_near() -> None:
    weights = np.random.default_rng(1).normal(size=(512, 8)).astype(np.float32) * np.arange(8, dtype=np.float32)
    values, sizes = rounded(weights, 15)
    assert np.abs(values).max() == 15
    assert np.square(values * sizes - weights).sum() < 0.01 * np.square(weights).sum()
    assert not values[:, 0].any()
