"""What numpy takes several passes for, compiled by numba where that is installed."""

import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, TypeAlias, cast

from numpy.typing import NDArray

# With less to do numpy is done before numba, which takes a second, is there.
LEAST_ITEMS = 2_000
LEAST_STEPS = 200_000_000
MOST_RANK = 8  # from here on BLAS is quicker, though it takes a pass more

Array: TypeAlias = NDArray[Any]
ScaledSum: TypeAlias = Callable[[Array, Array, Array, Array], None]
Scatter: TypeAlias = Callable[[Array, Array, Array, Array, Array, Array, Array], None]


def scaled_sum(items: int, rank: int) -> ScaledSum | None:
    """What sets `block` (rows, items) to block · diag(scale) + left · right in one pass.

    Its arguments are `block`, `scale` (items,), `left` (rows, rank) and `right` (rank, items), all
    C-ordered and of one type. None where numpy does it better, or numba is not installed.
    """
    if items < LEAST_ITEMS or rank > MOST_RANK:
        return None
    return cast(ScaledSum | None, _compiled(_scaled_sum))


def scatter(steps: float) -> Scatter | None:
    """What sets `block` (rows, items) to the sum of those readers' rows who like its items.

    Its arguments are `block`, C-ordered; `edges` (rows + 1,), which entries belong to each row;
    `amounts` (entries,), how much each counts; `starts` and `ends` (entries,), where the reader's
    row is in `indices` and `values`. Empty `amounts` and `values` stand for ones. None where so few
    `steps` are not worth it, or numba is not installed.
    """
    if steps < LEAST_STEPS and "numba" not in sys.modules:
        return None
    return cast(Scatter | None, _compiled(_scatter))


@cache
def _compiled(function: Callable[..., None]) -> Callable[..., None] | None:
    if find_spec("numba") is None:
        return None
    try:
        import numba  # noqa: PLC0415 - optional, and slow to import
    except ImportError:  # it refuses a numpy that is newer than it
        return None

    # Threads are the caller's, so a process that forks later forks none of numba's.
    try:
        return cast(Callable[..., None], numba.njit(nogil=True, cache=True)(function))
    except RuntimeError:  # nowhere to keep what was compiled: once more in the next process
        return cast(Callable[..., None], numba.njit(nogil=True)(function))


def _scaled_sum(block: Array, scale: Array, left: Array, right: Array) -> None:
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


def _scatter(  # noqa: PLR0917 - numba takes no names
    block: Array,
    edges: Array,
    amounts: Array,
    starts: Array,
    ends: Array,
    indices: Array,
    values: Array,
) -> None:
    one = block.dtype.type(1)
    block[:] = 0
    for i in range(len(block)):
        row = block[i]
        for entry in range(edges[i], edges[i + 1]):
            if len(values):
                amount = amounts[entry]
                for place in range(starts[entry], ends[entry]):
                    row[indices[place]] += amount * values[place]
            else:
                for place in range(starts[entry], ends[entry]):
                    row[indices[place]] += one
