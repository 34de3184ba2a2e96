"""XᵀX of a sparse matrix, into memory that is already there."""

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender import kernels
from recommender.interactions import Matrix

# scipy calls these two wherever it picks rows or makes them dense, but makes new arrays each time,
# which takes as long again. They are not promised: without them all goes the dense way.
gather: Any
add: Any
try:
    from scipy.sparse._sparsetools import csr_row_index as gather
    from scipy.sparse._sparsetools import csr_todense as add
except ImportError:
    gather = add = None

# What one step of the scatter below costs in those of BLAS: decides on the way, no result.
DENSE_STEPS = 100
THREADS = 2
BLOCK_BYTES = 16 << 20  # of dense rows, or of indices: bounds what lies beside the result
PIECE = 1 << 18  # entries gathered at once: few calls of Python, and they stay in the cache
BLOCK_STEPS = 1 << 21
MOST_BLOCKS = 64
MOST_COMPILED = 32  # as little lies beside those
SHEET_BYTES = 3 << 20  # of entries that are transposed at once

Rows: TypeAlias = sparse.csr_array[Any, tuple[int, int]]
Columns: TypeAlias = sparse.csc_array[Any]


def gram(likes: Matrix, out: NDArray[Any]) -> None:
    """Fill the upper triangle of `out` (items, items), C-ordered, with XᵀX; likes may weigh.

    Below it are numbers without a meaning, but numbers, whatever the memory held before: who adds
    to whole blocks of rows meets no NaN. Dense where the matrix is dense enough for BLAS to win,
    otherwise in steps that are as many as there are pairs of items in the readers' rows.
    """
    if not likes.has_canonical_format:
        likes = likes.copy()
        likes.sum_duplicates()
    readers, items = likes.shape
    counts = np.diff(likes.indptr).astype(np.float64)
    steps = float(counts @ counts)
    if gather is None or readers * float(items) ** 2 <= DENSE_STEPS * steps:
        _dense(likes, out)
    else:
        _scattered(likes, out, steps)


def _dense(likes: Matrix, out: NDArray[Any]) -> None:
    from scipy.linalg import get_blas_funcs  # noqa: PLC0415 - only training needs it

    out[:] = 0
    (syrk,) = get_blas_funcs(("syrk",), (out,))
    block = max(1, BLOCK_BYTES // (likes.shape[1] * out.itemsize))
    for start in range(0, likes.shape[0], block):
        rows = likes[start : start + block].toarray().astype(out.dtype, copy=False)
        # Transposed views are Fortran-ordered, so BLAS copies nothing; its lower is our upper.
        syrk(1.0, rows.T, beta=1.0, c=out.T, lower=1, overwrite_c=1)


def _scattered(likes: Matrix, out: NDArray[Any], steps: float) -> None:
    """A row of XᵀX is the sum of the rows of those readers who like its item.

    Nothing of the size of the result is made beside it. The blocks of rows take turns in threads,
    which pays as neither scipy's code nor numba's holds the interpreter lock.
    """
    compiled = kernels.scatter(steps)
    most = MOST_COMPILED if compiled else MOST_BLOCKS
    blocks = int(np.clip(steps // BLOCK_STEPS, 2 * THREADS, most))  # the first have most to do
    # Short indices are moved in half the time, but they are a copy.
    index = np.dtype(np.int32 if 4 * likes.nnz <= BLOCK_BYTES else likes.indices.dtype)
    places = [part.astype(index, copy=False) for part in (likes.indices, likes.indptr)]
    data = likes.data.astype(out.dtype, copy=False)
    ones = likes.nnz == 0 or data.min() == data.max() == 1
    by_reader = sparse.csr_array((data, *places), shape=likes.shape)
    fill = _fill
    if compiled:
        short = np.uint16 if len(out) <= 1 << 16 else np.uint32
        fill = partial(_fill_by, compiled, likes.indices.astype(short))
    edges = np.linspace(0, len(out), min(blocks, len(out)) + 1).astype(int)
    together = max(1, blocks * SHEET_BYTES // max(1, 8 * likes.nnz))
    starts = by_reader.indptr[:-1].copy()
    pending: deque[Future[None]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for sheet in range(0, len(edges) - 1, together):
            columns = edges[sheet : sheet + together + 1]
            by_item = by_reader[:, columns[0] : columns[-1]].tocsc()
            for first, last in pairwise(columns):
                block = by_item[:, first - columns[0] : last - columns[0]]
                rows = out[first:last]
                pending.append(pool.submit(fill, rows, by_reader, block, starts.copy(), ones))
                starts += np.bincount(block.indices, minlength=len(starts)).astype(starts.dtype)
                if len(pending) > THREADS:  # so that few blocks are held at once
                    pending.popleft().result()
            del by_item, block  # before the next are made
        for future in pending:
            future.result()


def _fill(
    out: NDArray[Any], by_reader: Rows, block: Columns, starts: NDArray[Any], ones: bool
) -> None:
    """Set `out`, the rows of XᵀX of the items of `block` (readers, some items).

    `starts` (readers,) is where in each reader's row the items of the block begin. scipy has what
    gathers rows and what adds sparse ones to dense ones, in compiled code.
    """
    ends = by_reader.indptr[1:]
    # As if row 2u + 1 of a matrix were the end of reader u's row: the same arrays, cut elsewhere.
    cuts = np.zeros(2 * len(starts) + 1, dtype=ends.dtype)
    cuts[1::2], cuts[2::2] = starts, ends
    who, edges = block.indices, block.indptr
    lengths = (ends - starts)[who]
    reach = np.zeros(len(who) + 1, dtype=np.int64)
    np.cumsum(lengths, out=reach[1:])
    room = max(PIECE, int(lengths.max(initial=0)))
    indices, data = np.empty(room, dtype=ends.dtype), np.empty(room, dtype=out.dtype)
    out[:] = 0
    start = 0
    while start < len(who):
        # As many readers' ends as there is room for, be it in the middle of an item.
        stop = int(reach.searchsorted(reach[start] + room, side="right")) - 1
        rows = 2 * who[start:stop] + 1
        gather(len(rows), rows, cuts, by_reader.indices, by_reader.data, indices, data)
        if not ones:
            own = np.repeat(block.data[start:stop], lengths[start:stop])
            data[: len(own)] *= own
        above = int(edges.searchsorted(start, side="right")) - 1
        below = int(edges.searchsorted(stop, side="left"))
        within = reach[np.clip(edges[above : below + 1], start, stop)] - reach[start]
        items = out[above:below]
        add(*items.shape, within.astype(ends.dtype), indices, data, items)
        start = stop


def _fill_by(  # noqa: PLR0917 - the first two are bound, and the rest are those of _fill
    compiled: kernels.Scatter,
    items: NDArray[Any],
    out: NDArray[Any],
    by_reader: Rows,
    block: Columns,
    starts: NDArray[Any],
    ones: bool,
) -> None:
    """What `_fill` does, without gathering; `items` are the indices of `by_reader`, shorter."""
    who = block.indices
    none = by_reader.data[:0]
    amounts, values = (none, none) if ones else (block.data, by_reader.data)
    ends = by_reader.indptr[1:]
    compiled(out, block.indptr, amounts, starts[who], ends[who], items, values)
