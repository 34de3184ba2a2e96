"""How long an answer and a fit take: `python benchmarks/scoring.py`.

Exits with 1 if a goal is missed; run it on a machine that does nothing else.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
from fit import said
from scipy import sparse

from recommender import default_model
from recommender.ease import Ease
from recommender.interactions import Matrix
from recommender.rank import top

# Microseconds for one reader's 20 best by EASE, by the number of items; and for 1,000 readers.
ANSWER_MICROSECONDS = {1_000: 40, 5_000: 130}
BATCH_ITEMS, BATCH_READERS, BATCH_MICROSECONDS = 1_000, 1_000, 20_000


def random_likes(readers: int, items: int, entries: int, seed: int = 0) -> Matrix:
    """About `entries` likes (readers, items), popular items first."""
    generator = np.random.default_rng(seed)
    chance = 1 / np.arange(10, items + 10)
    chance *= entries / readers / chance.sum()
    liked = generator.random((readers, items)) < np.minimum(chance, 0.6)
    return sparse.csr_array(liked.astype(np.float32))


def timed(work: Callable[[], object], repeats: int) -> tuple[float, str]:
    """The median of `repeats` runs in microseconds, and in words with their 99th percentile."""
    work()
    taken = []
    for _ in range(repeats):
        start = time.perf_counter_ns()
        work()
        taken.append(time.perf_counter_ns() - start)
    median, high = np.percentile(taken, [50, 99]) / 1_000
    return float(median), f"median {median:,.0f} µs, p99 {high:,.0f} µs"


def answers(items: int) -> bool:
    """Prints what one reader's 20 best cost, seen items masked; whether it is little enough."""
    model = Ease.fit(random_likes(2_000, items, 40 * 2_000), l2=100.0)
    liked = np.random.default_rng(1).choice(items, 50, replace=False)

    def answer() -> object:
        seen = np.zeros(items, dtype=bool)
        seen[liked] = True
        return top(model.scores_of(liked), seen, 20)

    median, words = timed(answer, 5_000)
    print(f"{items:,} items, 50 likes, one reader, the 20 best unseen: {words}")
    limit = ANSWER_MICROSECONDS[items]
    return said(f"at most {limit} µs", median <= limit)


def batch() -> bool:
    """Prints what the scores of many readers cost; whether it is little enough."""
    likes = random_likes(BATCH_READERS, BATCH_ITEMS, 50 * BATCH_READERS)
    model = Ease.fit(likes, l2=100.0)
    median, words = timed(lambda: model.scores(likes), 50)
    print(f"{BATCH_ITEMS:,} items, {BATCH_READERS:,} readers, {likes.nnz:,} likes, scores: {words}")
    limit = BATCH_MICROSECONDS
    return said(f"at most {limit / 1_000:.0f} ms", median <= limit)


def main() -> int:
    """Prints the figures, each with the size of its data; 1 if a goal is missed."""
    met = [answers(items) for items in ANSWER_MICROSECONDS] + [batch()]
    wide = random_likes(2_000, 3_000, 120_000)
    generator = np.random.default_rng(1)
    liked, disliked = (generator.choice(3_000, n, replace=False) for n in (50, 5))
    model = default_model.fit(wide * 8, l2=100.0)
    print("3,000 items, 50 likes, one reader")
    print("  default.scores_of:               ", timed(lambda: model.scores_of(liked), 5_000)[1])
    print(
        "  default.scores_of and 5 dislikes:",
        timed(lambda: model.scores_of(liked, disliked), 5_000)[1],
    )
    print("  default.explain:                 ", timed(lambda: model.explain(liked, 7), 5_000)[1])
    crawl = random_likes(1_759, 972, 105_000)
    print(f"1,759 readers, 972 items, {crawl.nnz:,} likes")
    print("  Ease.fit:                        ", timed(lambda: Ease.fit(crawl, l2=100.0), 20)[1])
    print("  default.fit with its own l2:     ", timed(lambda: default_model.fit(crawl * 8), 3)[1])
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    return int(not all(met))


if __name__ == "__main__":
    sys.exit(main())
