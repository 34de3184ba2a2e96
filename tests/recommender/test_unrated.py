"""Works that nobody rated, as mixtures of those that somebody did."""

import numpy as np
import pytest
from scipy import sparse

from recommender import unrated
from recommender.content import Content

COLD = np.array([False, False, False, True, False, True])
NOBODY = sparse.csr_array((1, 6), dtype=np.float32)


def learnt(seed=0):
    weights = np.random.default_rng(seed).random((4, 4)).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights


def filled(inner, content, cold, sample):
    weights = unrated.placed(inner, cold)
    unrated.fill(weights, content, cold, sample)
    return weights


@pytest.mark.parametrize("rows", [1, 256])
@pytest.mark.parametrize("features", [4, 40])
def test_rows_and_columns_are_ridge_regressions_on_the_features(monkeypatch, features, rows):
    monkeypatch.setattr(unrated, "BLOCK_ROWS", rows)
    made = np.random.default_rng(1).random((6, features)) * (
        np.random.default_rng(2).random((6, features)) < 0.5
    )
    content = Content.fit(sparse.csr_array(made))
    inner = learnt()

    weights = filled(inner, content, COLD, NOBODY)

    unit = content.unit.toarray()
    known, new = unit[~COLD], unit[COLD]
    mixture = np.linalg.solve(known @ known.T + 3 * np.eye(4), known @ new.T)
    np.testing.assert_allclose(weights[np.ix_(~COLD, ~COLD)], inner)
    np.testing.assert_allclose(weights[np.ix_(~COLD, COLD)], inner @ mixture, atol=1e-5)
    np.testing.assert_allclose(weights[np.ix_(COLD, ~COLD)], mixture.T @ inner, atol=1e-5)
    both = mixture.T @ inner @ mixture
    np.fill_diagonal(both, 0)
    np.testing.assert_allclose(weights[np.ix_(COLD, COLD)], both, atol=1e-5)


def test_a_work_without_features_stays_unknown():
    features = np.ones((6, 2))
    features[3] = 0

    weights = filled(learnt(), Content.fit(sparse.csr_array(features)), COLD, NOBODY)

    assert not weights[3].any()
    assert not weights[:, 3].any()
    assert weights[:, 5].any()


def test_new_works_stay_where_readers_know_all_others():
    content = Content.fit(sparse.csr_array(np.ones((6, 1))))
    everything = sparse.csr_array([[1, 1, 1, 0, 1, 0]], dtype=np.float32)

    weights = filled(learnt(), content, COLD, everything)

    assert (everything @ weights)[0, COLD].min() > 0


def test_new_works_are_lowered_where_they_would_outdo_those_that_readers_know():
    # All are about the same thing, and readers like each with the other but weakly.
    content = Content.fit(sparse.csr_array(np.ones((6, 1))))
    weak = np.full((4, 4), 0.01, dtype=np.float32)
    np.fill_diagonal(weak, 0)
    sample = sparse.csr_array([[0, 0, 1, 0, 0, 0]], dtype=np.float32)

    weights = filled(weak, content, COLD, sample)

    scores = (sample @ weights)[0]
    assert scores[COLD].max() <= scores[~COLD].max() + 1e-6
