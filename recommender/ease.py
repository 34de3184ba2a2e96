"""EASE: one matrix in closed form, learnt from who likes what together."""

from contextlib import AbstractContextManager
from typing import Any, Self, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from recommender.errors import BadParameter, PenaltyTooSmall, TooFewInteractions
from recommender.gram import gram
from recommender.interactions import AnyMatrix, Matrix, checked
from recommender.linear import Linear
from recommender.memory import refuse_too_much

# Below this many items one BLAS thread: several would wait for each other more than they work.
ONE_THREAD_ITEMS = 2_000
# OpenBLAS's dpotrf crashes from here on when it runs in two threads.
ONE_THREAD_ITEMS_FLOAT64 = 16_000
MIRROR_ROWS = 512
MOST_L2 = 1e30  # the inverse of much more is 0 in float32


class Ease(Linear):
    """Embarrassingly Shallow Autoencoder (Steck 2019, https://arxiv.org/abs/1905.03375)."""

    kind = "ease"

    @classmethod
    def fit(
        cls,
        likes: AnyMatrix,
        l2: float,
        *,
        dropout: float = 0.0,
        dtype: DTypeLike = np.float32,
        memory_bytes: int | None = None,
    ) -> Self:
        """Fit EASE to `likes`, shape (readers, items), with ridge penalty `l2` > 0.

        Minimises ||X - XB||² + l2·||B||² subject to diag(B) = 0, in closed form (Steck 2019,
        section 3.1). `dropout` p in [0, 1) adds p/(1-p)·diag(XᵀX) to the penalty, which holds back
        popular items (EDLAE, Steck 2020). `weights` is C-ordered, of `dtype` float32 or float64;
        the fit needs one such matrix, which must fit in `memory_bytes`; where absent, that is all
        memory of the machine or its container, less the 256 MiB kept for the rest.
        Raises BadInteractions, TooFewInteractions if no two items share a reader, BadParameter for
        another `dropout` or `dtype`, PenaltyTooSmall, CatalogueTooLarge.
        """
        found = checked(likes)
        precision = np.dtype(dtype)
        _refuse_bad_parameters(l2, dropout, precision)
        _refuse_too_little(found)
        items = found.shape[1]
        refuse_too_much(items, items**2, precision.itemsize, memory_bytes)
        buffer = np.empty((items, items), dtype=precision)
        with blas_threads(buffer):
            gram(found, buffer)
        facts = {"l2": float(l2), "dropout": float(dropout), "readers": found.shape[0]}
        return cls(solve(buffer, l2, dropout), facts)


def solve(buffer: NDArray[Any], l2: float, dropout: float = 0.0) -> NDArray[Any]:
    """B in closed form from XᵀX in the upper triangle of `buffer`, which becomes B.

    The arguments are those of `Ease.fit`. Raises PenaltyTooSmall, with `buffer` then undefined.
    """
    # Imported here, so that a process that only serves does not carry LAPACK.
    from scipy.linalg import get_lapack_funcs  # noqa: PLC0415

    potrf, potri = cast(Any, get_lapack_funcs(("potrf", "potri"), (buffer,)))
    diagonal = np.einsum("ii->i", buffer)
    diagonal += l2 + dropout / (1 - dropout) * diagonal
    with blas_threads(buffer):
        # buffer.T is Fortran-ordered: LAPACK works in place, and its lower triangle is our upper.
        _, failed = potrf(buffer.T, lower=1, clean=0, overwrite_a=1)
        if failed == 0:
            _, failed = potri(buffer.T, lower=1, overwrite_c=1)
    if failed:
        raise PenaltyTooSmall(
            f"found l2 = {l2:g}, with which {buffer.dtype} cannot tell the {len(buffer)} items "
            "apart; expected a larger one"
        )
    _mirror(buffer)
    buffer /= -diagonal.copy()  # B = -P / diag(P), column by column
    diagonal[:] = 0
    return buffer


def refuse_bad_penalty(l2: float) -> None:
    """Raise PenaltyTooSmall unless `l2` is above 0, and BadParameter if it is beyond all use."""
    if l2 > MOST_L2:
        raise BadParameter(f"found l2 = {l2!r}, expected at most {MOST_L2:g}")
    if not l2 > 0:
        raise PenaltyTooSmall(f"found l2 = {l2!r}, expected a number above 0")


def blas_threads(matrix: NDArray[Any]) -> AbstractContextManager[object]:
    """As many BLAS threads as suit (items, items) `matrix`, until the context ends."""
    import scipy.linalg.blas  # noqa: F401, PLC0415 - limits reach only what is loaded
    from threadpoolctl import (  # type: ignore[import-untyped]  # noqa: PLC0415
        threadpool_limits,
    )

    wide = matrix.dtype == np.float64 and len(matrix) >= ONE_THREAD_ITEMS_FLOAT64
    one = wide or len(matrix) < ONE_THREAD_ITEMS
    return cast(
        AbstractContextManager[object],
        threadpool_limits(limits=1 if one else None, user_api="blas"),
    )


def _mirror(upper: NDArray[Any]) -> None:
    for start in range(0, len(upper), MIRROR_ROWS):
        stop = min(start + MIRROR_ROWS, len(upper))
        corner = np.triu(upper[start:stop, start:stop])
        upper[start:stop, start:stop] = corner + np.triu(corner, 1).T
        upper[stop:, start:stop] = upper[start:stop, stop:].T


def _refuse_bad_parameters(l2: float, dropout: float, dtype: np.dtype[Any]) -> None:
    refuse_bad_penalty(l2)
    if not 0 <= dropout < 1:
        raise BadParameter(f"found dropout = {dropout!r}, expected 0 <= dropout < 1")
    if dtype not in (np.float32, np.float64):
        raise BadParameter(f"found dtype {dtype}, expected float32 or float64")


def _refuse_too_little(likes: Matrix) -> None:
    most = int(np.diff(likes.indptr).max(initial=0))
    if most < 2:
        raise TooFewInteractions(
            f"found {likes.shape[0]} readers with at most {most} item(s) each, "
            "expected a reader with two"
        )
