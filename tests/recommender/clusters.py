"""Readers of four tastes, whom any model that looks at people tells apart."""

import numpy as np
from scipy import sparse

ITEMS = 40


def in_clusters(readers, seed=0):
    """Half-stars (readers, 40): six likes among the ten items of one of four clusters each, and
    three ratings of anything.
    """
    generator = np.random.default_rng(seed)
    ratings = np.zeros((readers, ITEMS), dtype=np.float32)
    for row in ratings:
        first = 10 * generator.integers(4)
        row[first + generator.permutation(10)[:6]] = generator.integers(6, 11, size=6)
        row[generator.permutation(ITEMS)[:3]] = generator.integers(1, 11, size=3)
    return sparse.csr_array(ratings)
