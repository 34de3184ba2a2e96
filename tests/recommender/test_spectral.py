"""The strongest directions of who likes what."""

import numpy as np
import pytest
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


@pytest.mark.parametrize(
    "likes",
    [
        np.ones((30, 20)),
        np.kron(np.eye(3), np.ones((10, 7))),
        np.eye(25)[np.arange(60) % 25],
    ],
    ids=["all liked", "three circles", "one like each"],
)
def test_directions_that_are_not_there_are_not_made_up(likes):
    found = [Spectral.fit(sparse.csr_array(likes, dtype=np.float32), rank=10) for _ in range(2)]

    independent = min(10, np.linalg.matrix_rank(likes))
    assert [each.left.shape[1] for each in found] == [independent] * 2
    weights = [each.left @ each.right.T for each in found]
    np.testing.assert_allclose(weights[0], weights[1], atol=1e-5)


def test_the_same_likes_have_the_same_directions():
    one, other = (Spectral.fit(likes_of(), rank=5) for _ in range(2))

    np.testing.assert_array_equal(one.left, other.left)
    np.testing.assert_array_equal(one.right, other.right)
