"""Popularity and content: what answers before there is anything to learn from."""

import numpy as np
import pytest
from scipy import sparse

from recommender.content import Content, binary
from recommender.errors import BadInteractions, TooFewInteractions, UnknownItem
from recommender.popularity import Popularity, lean


def test_popularity_is_the_share_of_readers_who_like_an_item():
    model = Popularity.fit(sparse.csr_array([[1.0, 0, 0], [3.0, 1.0, 0], [0, 0, 0], [1.0, 0, 0]]))

    scores = model.scores(sparse.csr_array((2, 3)))

    assert scores.tolist() == [[0.75, 0.25, 0], [0.75, 0.25, 0]]
    assert model.scores_of([1]).tolist() == [0.75, 0.25, 0]


def test_no_like_contributes_to_popularity():
    model = Popularity.fit(sparse.csr_array([[1.0, 1.0]]))

    assert model.explain([0], 1).tolist() == [0]
    with pytest.raises(UnknownItem):
        model.explain([0], 2)
    with pytest.raises(UnknownItem):
        model.scores_of([2])


def test_popularity_needs_a_reader_and_the_right_columns():
    with pytest.raises(TooFewInteractions):
        Popularity.fit(sparse.csr_array((0, 3)))
    with pytest.raises(BadInteractions):
        Popularity.fit(sparse.csr_array((1, 3))).scores(sparse.csr_array((1, 2)))


def test_content_is_the_cosine_of_features_weighed_by_rarity():
    model = Content.fit(sparse.csr_array([[1, 1], [1, 0], [0, 0]]))

    # idf of the first feature is log(1 + 3/2), of the second log(1 + 3/1).
    common, rare = np.log(2.5), np.log(4)
    expected = common / np.hypot(common, rare)
    by_item = [model.scores_of([row]) for row in range(3)]
    np.testing.assert_allclose(by_item, [[0, expected, 0], [expected, 0, 0], [0, 0, 0]], atol=1e-6)


def test_a_shared_rarity_brings_items_nearer_than_a_shared_commonplace():
    features = sparse.csr_array([[1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 0, 1], [1, 0, 1]])

    model = Content.fit(features)

    # Item 0 shares the common first feature with item 1 and the rarer second with item 2.
    assert model.scores_of([0])[2] > model.scores_of([0])[1]


def test_a_content_score_is_the_sum_of_its_explanation():
    generator = np.random.default_rng(0)
    features = sparse.csr_array((generator.random((20, 6)) < 0.4).astype(float))
    model = Content.fit(features)
    liked = np.zeros((1, 20))
    liked[0, [1, 5, 9]] = 1

    for item in range(20):
        contributions = model.explain([1, 5, 9], item)

        np.testing.assert_allclose(contributions.sum(), model.scores_of([1, 5, 9])[item], atol=1e-6)
        assert ((contributions >= 0) & (contributions <= 1 + 1e-6)).all()
    np.testing.assert_allclose(
        model.scores(sparse.csr_array(liked))[0], model.scores_of([1, 5, 9]), atol=1e-6
    )
    np.testing.assert_allclose(
        model.scores_of([1, 5, 9]),
        model.cosines(np.array([1, 5, 9]), np.arange(20)).sum(axis=0),
        atol=1e-6,
    )


def test_likes_that_resemble_nothing_leave_exactly_nothing():
    # Three features each, of different rarity, so that no length is a round number.
    names = [[f"{row}a", f"{row}b", "c" * (row % 2 + 1)] for row in range(4)]
    alone = binary([["x", "y", "z"], ["u", "v", "w", "t"], *names])
    model = Content.fit(alone)
    likes = sparse.csr_array(([1.0, 1.0], ([0, 0], [0, 1])), shape=(1, 6))

    one_by_one = [model.scores_of([row]).tolist() for row in (0, 1)]

    assert one_by_one == [[0] * 6] * 2
    assert model.scores_of([0, 1]).tolist() == [0] * 6
    assert model.scores(likes).tolist() == [[0] * 6]
    # A work that the others do resemble gets nothing from itself either.
    assert model.scores_of([2])[2] == 0


def test_features_are_ones_for_each_name_an_item_has_however_often():
    found = binary([["genre:a", "author:b", "genre:a"], [], ["author:b", "author:a"]])

    assert found.toarray().tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 1]]
    assert (found.dtype, binary([]).shape) == (np.float32, (0, 0))


def test_content_without_any_feature_is_refused():
    with pytest.raises(TooFewInteractions, match="found no feature on any of 3 items"):
        Content.fit(sparse.csr_array((3, 2)))
    with pytest.raises(BadInteractions):
        Content.fit(sparse.csr_array([[1.0, -1.0]]))


def test_who_said_little_is_led_to_what_most_like_and_the_less_so_the_more_they_say():
    popularity = np.array([0.4, 0.1, 0.025, 0], dtype=np.float32)

    first, many = (lean(popularity, 10**9, likes) for likes in (1, 40))

    # Logarithms two doublings apart: a deviation of √(8/3) doublings. Unrated is as the last.
    step = 2 / np.sqrt(8 / 3)
    np.testing.assert_allclose(first, 0.05 * step * np.array([1, 0, -1, -1]), atol=1e-5)
    np.testing.assert_allclose(many, first / 2, atol=1e-6)


def test_where_nobody_liked_anything_there_is_nowhere_to_lean():
    assert not lean(np.zeros(3, dtype=np.float32), 0, 0).any()
