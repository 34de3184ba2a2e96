"""What numpy takes several passes for, compiled by numba where that is installed."""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, TypeAlias, cast

from numpy.typing import NDArray

# With fewer items numpy is done before numba, which takes a second, is there.
LEAST_ITEMS = 2_000
MOST_RANK = 8  # from here on BLAS is quicker, though it takes a pass more

ScaledSum: TypeAlias = Callable[[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]], None]


def scaled_sum(items: int, rank: int) -> ScaledSum | None:
    """What sets `block` (rows, items) to block · diag(scale) + left · right in one pass.

    Its arguments are `block`, `scale` (items,), `left` (rows, rank) and `right` (rank, items), all
    C-ordered and of one type. None where numpy does it better, or numba is not installed.
    """
    if items < LEAST_ITEMS or rank > MOST_RANK:
        return None
    return _compiled()


@cache
def _compiled() -> ScaledSum | None:
    if find_spec("numba") is None:
        return None
    import numba  # noqa: PLC0415 - optional, and slow to import

    # Threads are the caller's, so a process that forks later forks none of numba's.
    try:
        return cast(ScaledSum, numba.njit(nogil=True, cache=True)(_scaled_sum))
    except RuntimeError:  # nowhere to keep what was compiled: once more in the next process
        return cast(ScaledSum, numba.njit(nogil=True)(_scaled_sum))


def _scaled_sum(
    block: NDArray[Any], scale: NDArray[Any], left: NDArray[Any], right: NDArray[Any]
) -> None:
    rank, items = right.shape
    for i in range(len(block)):
        row = block[i]
        factor = left[i, 0]
        for j in range(items):
            row[j] = row[j] * scale[j] + factor * right[0, j]
        for k in range(1, rank):
            factor = left[i, k]
            for j in range(items):
                row[j] += factor * right[k, j]
