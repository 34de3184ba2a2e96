"""EASE: one matrix in closed form, learnt from who likes what together."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Self, cast

import numpy as np
from numpy.typing import DTypeLike, NDArray

from recommender import update
from recommender.errors import (
    ArtifactVersion,
    BadInteractions,
    BadParameter,
    PenaltyTooSmall,
    TooFewInteractions,
)
from recommender.gram import gram
from recommender.interactions import AnyMatrix, Matrix, checked
from recommender.linear import Linear, square
from recommender.loading import array_of, refuse_bad_facts
from recommender.memory import give_back, refuse_too_much

# Below the first, one BLAS thread: several would wait for each other more than they work. Up to the
# second that depends: beside another program that wants the core, two take many times as long.
ONE_THREAD_ITEMS, IDLE_ONLY_ITEMS = 600, 2_000
# OpenBLAS's dpotrf crashes from here on when it runs in two threads.
ONE_THREAD_ITEMS_FLOAT64 = 16_000
TILE = 256  # items: two square tiles of them stay in the cache
MOST_L2 = 1e30  # the inverse of much more is 0 in float32


class Ease(Linear):
    """Embarrassingly Shallow Autoencoder (Steck 2019, https://arxiv.org/abs/1905.03375)."""

    kind = "ease"

    def __init__(
        self,
        weights: NDArray[Any],
        facts: Mapping[str, Any],
        diagonal: NDArray[np.float64] | None = None,
    ) -> None:
        """`diagonal` (items,) is that of P = (XᵀX + penalty)⁻¹: with B all that `update` needs."""
        super().__init__(weights, facts)
        self.diagonal = diagonal

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
        diagonal = np.empty(items, dtype=np.float64)
        with blas_threads(buffer):
            gram(found, buffer)
        if items >= IDLE_ONLY_ITEMS:
            give_back()
        facts = {"l2": float(l2), "dropout": float(dropout), "readers": found.shape[0]}
        return cls(solve(buffer, l2, dropout, diagonal), facts, diagonal)

    def update(self, added: AnyMatrix, removed: AnyMatrix | None = None) -> None:
        """Learn readers `added` (readers, items) and forget `removed` ones, as a new fit would.

        A reader who changed is removed as they were and added as they are. The answer is that of a
        fit to all readers but for rounding (Woodbury's identity), in one pass over the weights for
        every 256 readers; with dropout each item whose count changes is as dear as a reader. It
        happens in place: let nobody ask the model meanwhile. A mapped model is copied first.
        Raises, with the model as it was: BadInteractions for other columns, bad values, and for
        removed readers whom the model, as far as it can tell, never learnt; ArtifactVersion if it
        was saved without its diagonal; CatalogueTooLarge if there is no room for the copy.
        """
        items = len(self.weights)
        coming = checked(added, items=items)
        going = coming[:0] if removed is None else checked(removed, items=items)
        if self.diagonal is None:
            raise ArtifactVersion(
                "found a model saved without the diagonal of its inverse, expected one to update"
            )
        readers = int(self.facts["readers"])
        if going.shape[0] > readers:
            raise BadInteractions(
                f"found {going.shape[0]} removed readers, expected at most the {readers} learnt"
            )
        change = update.Change.of(coming, going, float(self.facts["dropout"]))
        change.refuse_unlearnt(self.weights, self.diagonal)
        if not self.weights.flags.writeable:
            refuse_too_much(items, items**2, self.weights.itemsize)
            self.weights = np.array(self.weights)
        self.diagonal = change.applied(self.weights, self.diagonal)
        self.facts["readers"] = readers + coming.shape[0] - going.shape[0]

    def _arrays(self) -> dict[str, NDArray[Any]]:
        found = super()._arrays()
        return found if self.diagonal is None else {**found, "diagonal": self.diagonal}

    @classmethod
    def _of(cls, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Self:
        weights = square(array_of(arrays, "weights"))
        if "diagonal" not in arrays:
            refuse_bad_facts(facts)
            return cls(weights, facts)
        refuse_bad_facts(facts, "readers", "dropout")  # what `update` needs beside it
        return cls(weights, facts, array_of(arrays, "diagonal", (len(weights),)))


def solve(
    buffer: NDArray[Any],
    l2: float,
    dropout: float = 0.0,
    diagonal: NDArray[np.float64] | None = None,
) -> NDArray[Any]:
    """B in closed form from XᵀX in the upper triangle of `buffer`, which becomes B.

    The arguments are those of `Ease.fit`; into `diagonal` (items,) goes that of the inverse.
    Raises PenaltyTooSmall, with `buffer` then undefined.
    """
    # Imported here, so that a process that only serves does not carry LAPACK.
    from scipy.linalg import get_lapack_funcs  # noqa: PLC0415

    potrf, potri = cast(Any, get_lapack_funcs(("potrf", "potri"), (buffer,)))
    own = np.einsum("ii->i", buffer)
    own += l2 + dropout / (1 - dropout) * own
    with blas_threads(buffer):
        # buffer.T is Fortran-ordered: LAPACK works in place, and its lower triangle is our upper.
        _, failed = potrf(buffer.T, lower=1, clean=0, overwrite_a=1)
        if failed == 0:
            _, failed = potri(buffer.T, lower=1, overwrite_c=1)
    if failed or not (np.isfinite(own) & (own > 0)).all():
        raise PenaltyTooSmall(
            f"found l2 = {l2:g}, with which {buffer.dtype} cannot tell the {len(buffer)} items "
            "apart; expected a larger one"
        )
    if diagonal is not None:
        diagonal[:] = own
    _divide(buffer, -own)
    own[:] = 0
    return buffer


def _divide(upper: NDArray[Any], divisors: NDArray[Any]) -> None:
    """Make of an upper triangle the whole symmetric matrix, each column divided by its divisor."""

    def stripe(start: int) -> None:
        own = slice(start, start + TILE)
        corner = np.triu(upper[own, own])
        upper[own, own] = (corner + np.triu(corner, 1).T) / divisors[own]
        for column in range(start + TILE, len(upper), TILE):
            other = slice(column, column + TILE)
            np.divide(upper[own, other].T, divisors[own], out=upper[other, own])
            upper[own, other] /= divisors[other]

    # No stripe reads or writes what belongs to another; long ones come first.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(stripe, range(0, len(upper), TILE)))


def refuse_bad_penalty(l2: float) -> None:
    """Raise PenaltyTooSmall unless `l2` is above 0, and BadParameter if it is beyond all use."""
    if l2 > MOST_L2:
        raise BadParameter(f"found l2 = {l2!r}, expected at most {MOST_L2:g}")
    if not l2 > 0:
        raise PenaltyTooSmall(f"found l2 = {l2!r}, expected a number above 0")


def blas_threads(matrix: NDArray[Any]) -> AbstractContextManager[object]:
    """As many BLAS threads as suit (items, items) `matrix`, until the context ends."""
    wide = matrix.dtype == np.float64 and len(matrix) >= ONE_THREAD_ITEMS_FLOAT64
    few = len(matrix) < ONE_THREAD_ITEMS or (len(matrix) < IDLE_ONLY_ITEMS and not _idle_core())
    return _blas().limited(one=wide or few)


def _idle_core() -> bool:
    """Whether no other process wants the core beside our own right now, as far as Linux tells."""
    try:
        running = int(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
        # BLAS's threads wait for their next work by asking for it over and over: those are ours.
        states = [(task / "stat").read_bytes() for task in Path("/proc/self/task").iterdir()]
    except (OSError, ValueError, IndexError):  # another system, or a thread that just ended
        return False
    return running - sum(b") R " in state for state in states) + 2 <= (os.cpu_count() or 1)


class _Blas:
    """The threads of BLAS, which are the whole process's: fits at once share one limit.

    The first sets it, one that needs a single thread tightens it, the last takes it away.
    """

    def __init__(self, controller: Any) -> None:  # noqa: ANN401 - threadpoolctl is untyped
        self._controller = controller
        self._lock = Lock()
        self._within = 0
        self._limits = ExitStack()

    @contextmanager
    def limited(self, *, one: bool) -> Iterator[None]:
        """One thread, or as many as there are, until this and all others within have ended."""
        with self._lock:
            self._within += 1
            if one:
                limit = self._controller.limit(limits=1, user_api="blas")
                self._limits.enter_context(limit)
        try:
            yield
        finally:
            with self._lock:
                self._within -= 1
                if not self._within:
                    self._limits.close()


@cache  # to look for the libraries takes as long as a small Gram matrix
def _blas() -> _Blas:
    import scipy.linalg.blas  # noqa: F401, PLC0415 - limits reach only what is loaded
    from threadpoolctl import (  # type: ignore[import-untyped]  # noqa: PLC0415
        ThreadpoolController,
    )

    return _Blas(ThreadpoolController())


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
