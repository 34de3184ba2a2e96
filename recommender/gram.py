"""XᵀX of a sparse matrix, into memory that is already there."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.interactions import Matrix

BLOCK_BYTES = 64 << 20  # bounds what lies beside the result
# What one step of a sparse product is taken to cost in dense ones: decides on the way, no result.
DENSE_STEPS = 400


def gram(likes: Matrix, out: NDArray[Any]) -> None:
    """Fill the upper triangle of `out` (items, items), C-ordered, with XᵀX.

    Below it are numbers without a meaning, but numbers, whatever the memory held before: who adds
    to whole blocks of rows meets no NaN. Dense where the matrix is dense enough for BLAS to win,
    otherwise sparse in blocks of items.
    """
    readers, items = likes.shape
    counts = np.diff(likes.indptr).astype(np.float64)
    if readers * float(items) ** 2 <= DENSE_STEPS * float(counts @ counts):
        _dense(likes, out)
    else:
        _sparse(likes, out)


def _dense(likes: Matrix, out: NDArray[Any]) -> None:
    from scipy.linalg import get_blas_funcs  # noqa: PLC0415 - only training needs it

    out[:] = 0
    (syrk,) = get_blas_funcs(("syrk",), (out,))
    block = max(1, BLOCK_BYTES // (likes.shape[1] * out.itemsize))
    for start in range(0, likes.shape[0], block):
        rows = likes[start : start + block].toarray().astype(out.dtype, copy=False)
        # Transposed views are Fortran-ordered, so BLAS copies nothing; its lower is our upper.
        syrk(1.0, rows.T, beta=1.0, c=out.T, lower=1, overwrite_c=1)


def _sparse(likes: Matrix, out: NDArray[Any]) -> None:
    items = likes.shape[1]
    by_item = sparse.csr_array(likes.T.tocsr()).astype(out.dtype)
    block = max(1, min(items // 16 + 1, BLOCK_BYTES // (items * 16)))

    def fill(start: int) -> None:
        stop = min(start + block, items)
        right = likes[:, start:].astype(out.dtype, copy=False)
        out[start:stop, :start] = 0
        out[start:stop, start:] = (by_item[start:stop] @ right).toarray()

    # scipy lets go of the interpreter lock in the product; long rows come first.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fill, range(0, items, block)))
