"""The strongest directions of who likes what."""

import numpy as np
from scipy import sparse

from recommender.spectral import Spectral


def likes_of(readers=60, items=40, seed=0):
    generator = np.random.default_rng(seed)
    return sparse.csr_array((generator.random((readers, items)) < 0.2).astype(np.float32))


def test_the_weights_are_the_projection_on_the_strongest_directions_of_the_normalised_matrix():
    likes = likes_of()
    dense = likes.toarray().astype(np.float64)
    per_reader, per_item = dense.sum(axis=1) + 1, dense.sum(axis=0) + 1

    spectral = Spectral.fit(likes, rank=5)

    normalised = dense / np.sqrt(np.outer(per_reader, per_item))
    strongest = np.linalg.svd(normalised)[2][:5].T
    root = np.sqrt(per_item)
    expected = (strongest @ strongest.T) * root[None, :] / root[:, None]
    np.fill_diagonal(expected, 0)
    weights = np.zeros((40, 40), dtype=np.float32)
    spectral.add_to(weights, 1.0, rows=16)
    np.testing.assert_allclose(weights, expected, atol=1e-4)
    np.testing.assert_allclose(spectral.scores(likes), dense @ expected, atol=1e-3)


def test_fewer_readers_or_items_than_directions_have_none():
    assert Spectral.fit(likes_of(readers=6), rank=5) is None
    assert Spectral.fit(likes_of(items=6), rank=5) is None


def test_the_same_likes_have_the_same_directions():
    one, other = (Spectral.fit(likes_of(), rank=5) for _ in range(2))

    np.testing.assert_array_equal(one.left, other.left)
    np.testing.assert_array_equal(one.right, other.right)
