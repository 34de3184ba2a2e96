"""How long one answer and one fit take: `python benchmarks/scoring.py`."""

import time
from collections.abc import Callable

import numpy as np
from scipy import sparse

from recommender import default_model
from recommender.ease import Ease
from recommender.interactions import Matrix


def random_likes(readers: int, items: int, entries: int, seed: int = 0) -> Matrix:
    """About `entries` likes (readers, items), popular items first."""
    generator = np.random.default_rng(seed)
    chance = 1 / np.arange(10, items + 10)
    chance *= entries / readers / chance.sum()
    liked = generator.random((readers, items)) < np.minimum(chance, 0.6)
    return sparse.csr_array(liked.astype(np.float32))


def timed(work: Callable[[], object], repeats: int) -> str:
    """Median and 99th percentile of `repeats` runs, in microseconds."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        work()
        taken.append(time.perf_counter_ns() - start)
    median, high = np.percentile(taken, [50, 99]) / 1_000
    return f"median {median:,.0f} µs, p99 {high:,.0f} µs"


def main() -> None:
    """Print the figures, each with the size of its data."""
    wide = random_likes(2_000, 3_000, 120_000)
    generator = np.random.default_rng(1)
    liked, disliked = (generator.choice(3_000, n, replace=False) for n in (50, 5))
    ease = Ease.fit(wide, l2=100.0)
    model = default_model.fit(wide * 8, l2=100.0)
    print("3,000 items, 50 likes, one reader")
    print("  Ease.scores_of:                  ", timed(lambda: ease.scores_of(liked), 5_000))
    print("  default.scores_of:               ", timed(lambda: model.scores_of(liked), 5_000))
    print(
        "  default.scores_of and 5 dislikes:",
        timed(lambda: model.scores_of(liked, disliked), 5_000),
    )
    print("  default.explain:                 ", timed(lambda: model.explain(liked, 7), 5_000))
    crawl = random_likes(1_759, 972, 105_000)
    print(f"1,759 readers, 972 items, {crawl.nnz:,} likes")
    print("  Ease.fit:                        ", timed(lambda: Ease.fit(crawl, l2=100.0), 20))
    print("  default.fit with its own l2:     ", timed(lambda: default_model.fit(crawl * 8), 3))


if __name__ == "__main__":
    main()
