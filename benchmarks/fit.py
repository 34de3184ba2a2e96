"""Times a fit of EASE against its floor, and weighs it: `python benchmarks/fit.py`.

The floor is what LAPACK takes for the Cholesky factor and the inverse of a matrix of that size in
float32, spotrf and spotri: no exact fit can do with less. Beside it stand the Gram matrix alone,
ours and by scipy's sparse product, the first touch of so much memory (the host of a virtual machine
may take a second to give back what lay idle, which a fit pays and the floor does not), and
`np.linalg.inv` of the matrix in float64, where the size allows for it. All take turns in one
process, and ratios are medians over the rounds; memory is measured in a process of its own, as the
highest resident size above that before the fit, with the data and all modules loaded. The likes are
made up: the numbers of likes are log-normal, the popularity of items falls like a power. Exits with
1 if a goal is missed; run it on a machine that does nothing else. `--sizes small,large,huge`.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from numpy.typing import NDArray
from peers.ours import load_kernels
from peers.parent import Child, wait_for_quiet
from scipy import sparse
from scipy.linalg import get_lapack_funcs

from recommender.ease import Ease, blas_threads
from recommender.gram import gram
from recommender.interactions import Matrix, checked

L2 = 300.0
MOST_FLOORS, MOST_BYTES = 1.15, 1.1
SMALL_SECONDS = 20e-3
GRAM_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Size:
    """How much is fitted, and how often; `slow` ones are left out where they would take minutes."""

    readers: int
    items: int
    entries: int
    rounds: int
    slow: bool = False


SIZES = {
    "small": Size(1_759, 972, 105_000, rounds=31),
    "large": Size(100_000, 10_000, 5_000_000, rounds=3, slow=True),
    "huge": Size(138_000, 20_000, 10_000_000, rounds=1, slow=True),
}


def popular_likes(size: Size, seed: int = 0) -> Matrix:
    """About `size.entries` likes (readers, items), 1.0 each; every reader has two and more."""
    generator = np.random.default_rng(seed)
    counts = generator.lognormal(sigma=0.9, size=size.readers)
    # Who is drawn twice for a reader counts once: a tenth more is drawn, about.
    counts = np.maximum(2, counts * 1.1 * size.entries / counts.sum()).astype(int)
    counts = np.minimum(counts, size.items // 3)
    chance = generator.permutation(np.arange(10, size.items + 10) ** -0.8)
    drawn = generator.choice(size.items, size=int(counts.sum()), p=chance / chance.sum())
    readers = np.repeat(np.arange(size.readers), counts)
    cells = np.unique(readers * size.items + drawn)
    found = (np.ones(len(cells), np.float32), np.divmod(cells, size.items))
    return checked(sparse.csr_array(found, shape=(size.readers, size.items)).sorted_indices())


def floor(matrix: NDArray[np.float32]) -> None:
    """The inverse in place, and nothing else."""
    potrf, potri = get_lapack_funcs(("potrf", "potri"), (matrix,))
    with blas_threads(matrix):
        potrf(matrix.T, lower=1, clean=0, overwrite_a=1)
        potri(matrix.T, lower=1, overwrite_c=1)


def sparse_gram(likes: Matrix) -> NDArray[np.float32]:
    """The product as most would write it."""
    return (likes.T @ likes).toarray()


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def times(likes: Matrix, size: Size) -> dict[str, NDArray[np.float64]]:
    """The seconds of each in every round (rounds,), in turns."""
    items = size.items
    buffer = np.empty((items, items), dtype=np.float32)

    def ready() -> None:
        gram(likes, buffer)
        np.einsum("ii->i", buffer)[:] += L2

    found: dict[str, list[float]] = {}
    for number in range(size.rounds + 1):  # the first is for warming up
        ready()
        deeds: dict[str, Callable[[], object]] = {
            "floor": lambda: floor(buffer),
            "Ease.fit": lambda: Ease.fit(likes, L2),
            "gram": lambda: gram(likes, buffer),
            "first touch": lambda: np.ones((items, items), dtype=np.float32),
        }
        if not size.slow:
            deeds["scipy's gram"] = partial(sparse_gram, likes)
            deeds["np.linalg.inv"] = lambda: np.linalg.inv(np.eye(items) + buffer)
        for name, deed in deeds.items():
            wait_for_quiet()
            taken = seconds(deed)
            if number or size.rounds == 1:
                found.setdefault(name, []).append(taken)
        if size.rounds == 1:
            break
    return {name: np.array(taken) for name, taken in found.items()}


def said(goal: str, met: bool) -> bool:
    """Prints whether a goal is met; whether it is."""
    print(f"    goal: {goal}: {'met' if met else 'MISSED'}")
    return met


def report(name: str, size: Size) -> bool:
    """Prints the figures of one size; whether its goals are met."""
    likes = popular_likes(size)
    print(f"{name}: {size.readers:,} readers, {size.items:,} items, {likes.nnz:,} likes, float32")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "likes.npz"
        sparse.save_npz(path, likes)
        with Child("ours", path, L2) as child:
            peak = child.fit().peak
    found = times(likes, size)
    # Of each round, as a machine's pace drifts.
    shares = {what: float(np.median(taken / found["floor"])) for what, taken in found.items()}
    for what, taken in found.items():
        seconds_ = float(np.median(taken))
        print(f"  {what:<14} {1e3 * seconds_:>10,.1f} ms   {shares[what]:6.2f} x the floor")
    matrix = 4 * size.items**2
    print(f"  {'memory':<14} {peak / 2**20:>10,.1f} MiB  {peak / matrix:6.2f} x the matrix")
    if name == "small":
        return said("a fit in 20 ms", np.median(found["Ease.fit"]) <= SMALL_SECONDS)
    share = shares["gram"] / shares["Ease.fit"]
    met = said(f"a fit in {MOST_FLOORS} floors", shares["Ease.fit"] <= MOST_FLOORS)
    met &= said(f"the Gram matrix in a tenth of the fit ({share:.3f})", share <= GRAM_SHARE)
    return met & said(f"memory of {MOST_BYTES} matrices", peak <= MOST_BYTES * matrix)


def main() -> int:
    """Prints the figures; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="small,large,huge", help=f"of {', '.join(SIZES)}")
    names = parser.parse_args().sizes.split(",")
    load_kernels()
    met = [report(name, SIZES[name]) for name in names]
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
