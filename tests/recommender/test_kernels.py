"""The compiled pass over the weights: the same numbers as numpy's, with and without numba."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recommender import kernels, update

ROOT = Path(__file__).parents[2]
numba_only = pytest.mark.skipif(kernels.find_spec("numba") is None, reason="needs numba")


@pytest.fixture
def uncached():
    kernels._compiled.cache_clear()
    yield
    kernels._compiled.cache_clear()


def made(rank, items=40, rows=7, dtype=np.float32):
    generator = np.random.default_rng(rank)
    shapes = [(rows, items), (items,), (rows, rank), (rank, items)]
    return [generator.normal(size=shape).astype(dtype) for shape in shapes]


@pytest.mark.parametrize("rank", [1, 2, 8])
def test_a_pass_by_numpy_and_by_its_plain_loops_is_the_formula(rank):
    block, scale, left, right = made(rank)
    expected = block * scale + left @ right
    by_numpy, by_loops = block.copy(), block.copy()

    update._scaled_sum(by_numpy, scale, left, right)
    kernels._scaled_sum(by_loops, scale, left, right)

    np.testing.assert_allclose(by_numpy, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(by_loops, expected, rtol=1e-5, atol=1e-6)


@numba_only
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_compiled_does_the_same(dtype):
    block, scale, left, right = made(3, dtype=dtype)
    expected = block * scale + left @ right
    work = kernels.scaled_sum(kernels.LEAST_ITEMS, rank=3)

    work(block, scale, left, right)

    np.testing.assert_allclose(block, expected, rtol=1e-5, atol=1e-6)


def test_few_items_and_many_rows_are_left_to_numpy():
    assert kernels.scaled_sum(kernels.LEAST_ITEMS - 1, rank=1) is None
    assert kernels.scaled_sum(kernels.LEAST_ITEMS, rank=kernels.MOST_RANK + 1) is None


def test_a_small_matrix_of_pairs_is_left_to_scipy_unless_numba_is_loaded_anyhow(monkeypatch):
    monkeypatch.delitem(sys.modules, "numba", raising=False)

    assert kernels.scatter(kernels.LEAST_STEPS - 1) is None


def test_without_numba_there_is_nothing_compiled(monkeypatch, uncached):
    monkeypatch.setattr(kernels, "find_spec", lambda name: None)

    assert kernels.scaled_sum(kernels.LEAST_ITEMS, rank=1) is None
    assert kernels.scatter(kernels.LEAST_STEPS) is None


@numba_only
def test_where_nothing_can_be_kept_it_is_compiled_without(monkeypatch, uncached):
    import numba

    compiled = numba.njit

    def closed(*, nogil, cache=False):
        if cache:
            raise RuntimeError("no locator available")
        return compiled(nogil=nogil)

    monkeypatch.setattr(numba, "njit", closed)
    block, scale, left, right = made(1)
    expected = block * scale + left @ right

    kernels.scaled_sum(kernels.LEAST_ITEMS, rank=1)(block, scale, left, right)

    np.testing.assert_allclose(block, expected, rtol=1e-5, atol=1e-6)


def test_neither_serving_nor_fitting_loads_numba():
    code = (
        "import sys, numpy as np, recommender.default, recommender.rank;"
        "from recommender.ease import Ease;"
        "model = Ease.fit(np.ones((3, 3)), l2=1.0); model.update(np.ones((1, 3)));"
        "print('numba' in sys.modules)"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=os.environ, capture_output=True, text=True
    )

    assert (found.stdout, found.stderr) == ("False\n", "")
