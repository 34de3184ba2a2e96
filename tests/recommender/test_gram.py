"""XᵀX by BLAS and by scattering: the same numbers, whatever the matrix and however it is cut."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from recommender import gram, kernels

WAYS = {"dense": 10**9, "scattered": 0}
numba_only = pytest.mark.skipif(kernels.find_spec("numba") is None, reason="needs numba")
FILLS = ["scipy", "loops", pytest.param("numba", marks=numba_only)]


def filled(likes, dtype=np.float32):
    """What gram makes of memory that held NaN."""
    out = np.full((likes.shape[1], likes.shape[1]), np.nan, dtype=dtype)
    gram.gram(likes, out)
    assert np.isfinite(out).all()
    return np.triu(out)


@pytest.fixture(scope="module", params=FILLS)
def scatter(request):
    """By what the blocks are filled: None for scipy, the kernel's plain loops, or compiled."""
    if request.param == "numba":
        return kernels._compiled(kernels._scatter)
    return kernels._scatter if request.param == "loops" else None


@pytest.fixture(params=WAYS)
def way(request, monkeypatch):
    monkeypatch.setattr(gram, "DENSE_STEPS", WAYS[request.param])


def test_three_readers_worked_by_hand(way):
    likes = sparse.csr_array(np.array([[1, 1, 0], [1, 0, 2], [0, 0, 3]], dtype=np.float32))

    assert filled(likes).tolist() == [[2, 1, 2], [0, 1, 0], [0, 0, 13]]


@given(
    rows=arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 7), st.integers(1, 9)),
        elements=st.sampled_from([0, 0, 1, 0.5, 3]),
    ),
    piece=st.integers(1, 12),
    blocks=st.integers(1, 5),
    sheet=st.integers(1, 3).map(lambda entries: 8 * entries),
)
@settings(deadline=None, max_examples=60)
def test_however_it_is_cut_the_sum_is_the_same(scatter, rows, piece, blocks, sheet):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "scatter", lambda steps: scatter)
        patch.setattr(gram, "MOST_BLOCKS", blocks)
        patch.setattr(gram, "MOST_COMPILED", blocks)
        patch.setattr(gram, "PIECE", piece)
        patch.setattr(gram, "SHEET_BYTES", sheet)
        out = np.full((rows.shape[1], rows.shape[1]), np.nan, dtype=np.float32)

        gram._scattered(sparse.csr_array(rows), out, steps=1e12)

    np.testing.assert_array_equal(np.triu(out), np.triu(rows.T @ rows))
    assert np.isfinite(out).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_weights_count_in_every_number_type(way, dtype, index):
    generator = np.random.default_rng(0)
    rows = generator.random((80, 50)).astype(np.float32) * (generator.random((80, 50)) < 0.2)
    likes = sparse.csr_array(rows)
    places = [part.astype(index) for part in (likes.indices, likes.indptr)]
    likes = sparse.csr_array((likes.data, *places), shape=likes.shape)

    found = filled(likes, dtype)

    np.testing.assert_allclose(found, np.triu(rows.T.astype(dtype) @ rows), rtol=1e-5)


def test_rows_out_of_order_and_entries_stored_twice_are_added_up_first(way):
    likes = sparse.csr_array(
        (np.array([1, 2, 1], np.float32), np.array([2, 0, 2]), np.array([0, 3])), shape=(1, 3)
    )

    # The reader's row is (2, 0, 2).
    assert filled(likes).tolist() == [[4, 0, 4], [0, 0, 0], [0, 0, 4]]
    assert likes.nnz == 3  # the matrix given is left as it was


def test_an_item_more_popular_than_a_piece_is_added_up_in_several(monkeypatch, way):
    monkeypatch.setattr(gram, "PIECE", 10)
    likes = sparse.csr_array(np.ones((64, 3), dtype=np.float32))

    assert filled(likes).tolist() == [[64, 64, 64], [0, 64, 64], [0, 0, 64]]


def test_a_scipy_without_what_scatters_leaves_it_to_blas(monkeypatch):
    monkeypatch.setattr(gram, "DENSE_STEPS", 0)
    monkeypatch.setattr(gram, "gather", None)

    assert filled(sparse.csr_array(np.eye(3, 2, dtype=np.float32))).tolist() == [[1, 0], [0, 1]]


def test_readers_and_items_without_likes_leave_zeros(way):
    rows = np.zeros((5, 6), dtype=np.float32)
    rows[2, [1, 4]] = 1

    found = filled(sparse.csr_array(rows))

    assert np.argwhere(found).tolist() == [[1, 1], [1, 4], [4, 4]]


def test_beside_the_result_there_is_little(scatter, monkeypatch):
    if scatter is kernels._scatter:
        pytest.skip("plain loops are slow, and hold what the compiled ones hold")
    generator = np.random.default_rng(0)
    readers, items, each = 4_000, 2_000, 20
    indices = np.sort(generator.integers(0, items, (readers, each)), axis=1).ravel()
    likes = sparse.csr_array(
        (np.ones(len(indices), np.float32), indices, np.arange(0, len(indices) + 1, each)),
        shape=(readers, items),
    )
    likes.sum_duplicates()
    likes.data[:] = 1
    out = np.empty((items, items), dtype=np.float32)
    monkeypatch.setattr(gram, "PIECE", 1 << 12)
    monkeypatch.setattr(gram, "BLOCK_STEPS", 1 << 16)
    monkeypatch.setattr(kernels, "scatter", lambda steps: scatter)

    tracemalloc.start()
    try:
        gram._scattered(likes, out, steps=1e9)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    # The indices once more, shorter, and a few pieces; a dense product alone would be 16 MB.
    assert peak < 2_500_000
