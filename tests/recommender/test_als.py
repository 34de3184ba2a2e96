"""Implicit ALS: folds readers in, and says so where its package is missing."""

import sys

import numpy as np
import pytest
from scipy import sparse

from recommender.choosing import quality_of
from recommender.contenders import Data, OfLikes, likes_of
from recommender.errors import BadInteractions, PackageMissing, TooFewInteractions
from recommender.evaluation import fold
from recommender.interactions import LIKE
from recommender.popularity import Popularity
from tests.recommender.clusters import in_clusters


@pytest.fixture
def als(monkeypatch):
    pytest.importorskip("implicit", reason="needs the extra zoo")
    from recommender import als

    monkeypatch.setattr(als, "FACTORS", (4, 8))
    monkeypatch.setattr(als, "ALPHAS", (3.0,))
    return als


def test_without_its_package_it_says_what_to_install(monkeypatch):
    from recommender import als

    monkeypatch.setitem(sys.modules, "implicit", None)

    with pytest.raises(PackageMissing, match=r"found no package implicit.*webtoonbot\[zoo\]"):
        als.fit_als(Data(in_clusters(20)), 0, lambda share: None)


def test_what_is_chosen_on_readers_set_aside_beats_popularity(als, capfd):
    ratings, others = in_clusters(200), fold(in_clusters(60, seed=1), threshold=LIKE)
    told = []

    model = als.fit_als(Data(ratings), 0, told.append)

    popular = OfLikes(Popularity.fit(likes_of(ratings)))
    assert quality_of(model, others) > 1.3 * quality_of(popular, others)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert capfd.readouterr() == ("", "")


def test_a_reader_is_folded_in_by_least_squares(als):
    model = als.factorised(likes_of(in_clusters(50)), 4, 3.0, 2.0, seed=0)
    likes = np.zeros((1, 40), dtype=np.float32)
    likes[0, [2, 5]] = 1

    scores = model.scores(sparse.csr_array(likes * 8))

    # x = (YᵀY + (2 - 1)·LᵀL + 3·I)⁻¹ · 2·Σ L, where L are the rows of Y that are liked.
    y = model.fitted.item_factors.astype(float)
    liked = y[[2, 5]]
    left = y.T @ y + liked.T @ liked + 3 * np.eye(4)
    expected = y @ np.linalg.solve(left, 2 * liked.sum(axis=0))
    np.testing.assert_allclose(scores[0], expected, rtol=1e-3, atol=1e-5)


def test_the_same_seed_gives_the_same_scores(als):
    ratings, others = in_clusters(60), in_clusters(5, seed=1)

    one, two = (als.fit_als(Data(ratings), 7, lambda share: None) for _ in range(2))

    assert np.array_equal(one.scores(others), two.scores(others))


def test_low_ratings_say_nothing_and_nothing_liked_gives_no_score(als):
    model = als.factorised(likes_of(in_clusters(50)), 4, 3.0, 2.0, seed=0)
    low = np.zeros((2, 40), dtype=np.float32)
    low[0, 3] = 5

    assert not model.scores(sparse.csr_array(low)).any()


def test_what_cannot_be_is_refused(als):
    model = als.factorised(likes_of(in_clusters(50)), 4, 3.0, 2.0, seed=0)

    with pytest.raises(BadInteractions, match="found 39 item columns, expected 40"):
        model.scores(sparse.csr_array((1, 39)))
    with pytest.raises(TooFewInteractions):
        als.fit_als(Data(sparse.csr_array((4, 5))), 0, lambda share: None)
