"""Agreement of two readers: kappa, its interval, and where nothing is said."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from pipeline.domain import Label
from service.agreement import FEWEST, Agreement, kappa

TABLES = st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=3, max_size=3).map(np.array)


def counted(*table: tuple[int, ...]) -> Agreement:
    pairs = zip(product(Label, Label), np.array(table).ravel(), strict=True)
    return Agreement(counts={pair: int(count) for pair, count in pairs if count})


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ([[75, 1, 4], [5, 4, 1], [0, 0, 10]], (0.676471, 0.504576, 0.848365)),
        ([[30, 5, 2], [4, 20, 3], [6, 1, 40]], (0.709497, 0.598530, 0.820464)),
    ],
)
def test_kappa_and_its_interval_are_those_of_another_package(
    table: list[list[int]], expected: tuple[float, ...]
) -> None:
    """Of statsmodels 0.15.0, `inter_rater.cohens_kappa`."""
    found = kappa(np.array(table))
    assert found is not None
    assert (found.value, found.low, found.high) == pytest.approx(expected, abs=1e-6)


@given(TABLES)
def test_an_interval_holds_its_kappa_or_there_is_none(table: np.ndarray) -> None:
    first, second = (np.repeat(index.ravel(), table.ravel()) for index in np.indices(table.shape))
    found = kappa(table) if table.sum() else None
    if found is None:
        assert len(set(first)) < 2 or len(set(second)) < 2
    else:
        assert found.value == pytest.approx(cohen_kappa_score(first, second))
        assert -1 <= found.low <= found.value <= found.high <= 1


def test_readers_who_always_agree_are_not_certain_to() -> None:
    found = kappa(np.diag([10, 10, 0]))
    assert found is not None
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(0.663, abs=1e-3)


@pytest.mark.parametrize(
    "table",
    [((20, 0, 0), (0, 0, 0), (0, 0, 0)), ((0, 20, 0), (0, 0, 0), (0, 0, 0)), ((18, 2, 0), (0, 0, 0), (0, 0, 0))],
)
def test_where_one_side_used_one_label_only_there_is_no_kappa(table: tuple[tuple[int, ...], ...]) -> None:
    found = counted(*table)
    assert found.kappa is None
    assert found.agreed is not None


def test_of_too_few_pairs_nothing_is_said() -> None:
    few = counted((FEWEST - 2, 0, 0), (0, 1, 0), (0, 0, 0))
    assert (few.pairs, few.agreed, few.kappa) == (FEWEST - 1, None, None)
    assert Agreement(counts={}).kappa is None
