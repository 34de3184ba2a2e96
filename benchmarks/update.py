"""Times an update of EASE by one reader against a new fit: `python benchmarks/update.py`.

The likes are made up as in benchmarks/fit.py, 250 readers to 25 items; each of the readers who come
has 50 likes. With numba the pass over the weights is compiled (its import and compiler, a second or
two in each process, are not counted), without it numpy makes it. Drift is what 1,000 updates, one
reader each, leave between the model in float32 and a fit to all in float64, and what the float32
fit leaves. Exits with 1 if a goal is missed; run it on a machine that does nothing else.
"""

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from fit import L2, SIZES, Size, popular_likes, said, seconds
from scipy import sparse

from recommender import kernels
from recommender.ease import Ease
from recommender.interactions import Matrix

TIMES_CHEAPER = 150
MOST_DRIFT = 1e-5
ROUNDS = 30
DRIFT_UPDATES = 1_000


def newcomers(items: int, count: int) -> Matrix:
    """Readers (count, items) with 50 likes each."""
    size = Size(count, items, 0, rounds=0)
    likes = popular_likes(replace(size, entries=60 * count), seed=1)
    kept = [likes.indices[a : a + 50] for a in likes.indptr[:-1]]
    cells = (np.repeat(np.arange(count), [len(row) for row in kept]), np.concatenate(kept))
    return sparse.csr_array((np.ones(len(cells[0]), np.float32), cells), shape=(count, items))


def cost(items: int) -> bool:
    """Prints what a fit and an update cost; whether the one is dear enough beside the other."""
    size = Size(10 * items, items, 500 * items, rounds=0)
    likes = popular_likes(size)
    Ease.fit(likes[:500, :200], L2)  # imports
    model = Ease.fit(likes, L2)
    fit = seconds(lambda: Ease.fit(likes, L2))
    readers = newcomers(items, ROUNDS + 1)
    model.update(readers[[0]])  # imports and compiles
    taken = [seconds(lambda row=row: model.update(readers[[row]])) for row in range(1, ROUNDS + 1)]
    update = float(np.median(taken))
    print(
        f"{items:,} items, {size.readers:,} readers, {likes.nnz:,} likes: a fit {fit:.2f} s, "
        f"an update by one reader {1e3 * update:.1f} ms, {fit / update:.0f} times cheaper"
    )
    changed = sparse.csr_array(readers[[1]])
    began = time.perf_counter()
    model.update(readers[[0]], removed=changed)
    print(f"    a reader who changed {1e3 * (time.perf_counter() - began):.1f} ms")
    goal = f"an update {TIMES_CHEAPER} times as cheap as a fit"
    return said(goal, fit >= TIMES_CHEAPER * update)


def drift() -> bool:
    """Prints what many updates leave; whether it is little."""
    size = SIZES["small"]
    likes, coming = popular_likes(size), newcomers(size.items, DRIFT_UPDATES)
    model = Ease.fit(likes, L2)
    for row in range(DRIFT_UPDATES):
        model.update(coming[[row]])
    everybody = sparse.csr_array(sparse.vstack([likes, coming], format="csr"))
    exact = Ease.fit(everybody, L2, dtype=np.float64).weights
    left = [float(abs(found.weights - exact).max()) for found in (model, Ease.fit(everybody, L2))]
    print(
        f"{DRIFT_UPDATES:,} updates of {size.items:,} items in float32: no weight is further than "
        f"{left[0]:.1e} from a fit in float64 (a fit in float32: {left[1]:.1e})"
    )
    return said(f"a drift of at most {MOST_DRIFT:g}", left[0] <= MOST_DRIFT)


def main() -> int:
    """Prints the figures; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", default="5000,10000", help="how many items, one size or several")
    sizes = [int(items) for items in parser.parse_args().items.split(",")]
    print("with numba" if kernels.scaled_sum(max(sizes), 1) else "without numba")
    met = [drift(), *(cost(items) for items in sizes)]
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
