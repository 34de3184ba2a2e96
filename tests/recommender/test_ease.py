"""EASE in closed form: worked by hand, taken apart, and compared with plain linear algebra."""

import subprocess
import sys
from contextlib import ExitStack

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from threadpoolctl import threadpool_info

from recommender import ease, gram
from recommender.ease import Ease, blas_threads
from recommender.errors import (
    BadInteractions,
    BadParameter,
    CatalogueTooLarge,
    PenaltyTooSmall,
    TooFewInteractions,
    UnknownItem,
)


def random_likes(readers=60, items=25, density=0.2, seed=0):
    generator = np.random.default_rng(seed)
    return sparse.csr_array((generator.random((readers, items)) < density).astype(np.float32))


def reference(likes, l2, dropout=0.0):
    together = (likes.T @ likes).toarray().astype(np.float64)
    penalty = l2 + dropout / (1 - dropout) * np.diag(together)
    inverse = np.linalg.inv(together + np.diag(penalty))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


def test_two_items_always_read_together_recommend_each_other():
    model = Ease.fit(sparse.csr_array([[1.0, 1.0], [1.0, 1.0]]), l2=1.0)

    # G = [[3, 2], [2, 3]], P = [[3, -2], [-2, 3]] / 5, B = -P / diag(P).
    np.testing.assert_allclose(model.weights, [[0, 2 / 3], [2 / 3, 0]], rtol=1e-6)


def test_dropout_adds_its_share_of_how_often_an_item_is_liked_to_the_penalty():
    model = Ease.fit(sparse.csr_array([[1.0, 1.0], [1.0, 1.0]]), l2=1.0, dropout=0.5)

    # G = [[2 + 1 + 2, 2], [2, 5]], so B = 2 / 5.
    np.testing.assert_allclose(model.weights, [[0, 2 / 5], [2 / 5, 0]], rtol=1e-6)


@pytest.mark.parametrize("dense_steps", [0, 10**9])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("items", [25, 700])
def test_the_fit_in_place_equals_the_formula(monkeypatch, dense_steps, dropout, items):
    monkeypatch.setattr(gram, "DENSE_STEPS", dense_steps)
    likes = random_likes(items=items)

    model = Ease.fit(likes, l2=3.0, dropout=dropout, dtype=np.float64)

    np.testing.assert_allclose(model.weights, reference(likes, 3.0, dropout), atol=1e-9)


def test_blocks_of_any_size_give_the_same_fit(monkeypatch):
    likes = random_likes(readers=50, items=30)
    expected = Ease.fit(likes, l2=2.0).weights
    monkeypatch.setattr(gram, "BLOCK_BYTES", 7 * 30 * 4)

    blocks = [Ease.fit(likes, l2=2.0).weights]
    monkeypatch.setattr(gram, "DENSE_STEPS", 0)
    blocks.append(Ease.fit(likes, l2=2.0).weights)

    for found in blocks:
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize("dense_steps", [0, 10**9])
def test_nothing_of_what_the_memory_held_is_left_in_the_gram_matrix(monkeypatch, dense_steps):
    monkeypatch.setattr(gram, "DENSE_STEPS", dense_steps)
    likes = random_likes(items=40).astype(np.float32)
    out = np.full((40, 40), np.nan, dtype=np.float32)

    gram.gram(likes, out)

    np.testing.assert_array_equal(np.triu(out), np.triu((likes.T @ likes).toarray()))
    assert np.isfinite(out).all()


def test_a_reader_without_likes_changes_nothing():
    likes = random_likes()
    with_nobody = sparse.csr_array(
        sparse.vstack([likes[:30], likes[:0], 0 * likes[:4], likes[30:]])
    )

    found = Ease.fit(with_nobody, l2=2.0)

    np.testing.assert_allclose(found.weights, Ease.fit(likes, l2=2.0).weights, atol=1e-6)


def test_readers_who_like_everything_make_all_items_alike():
    model = Ease.fit(np.ones((7, 5)), l2=2.0)

    # By symmetry all weights are one b, with the least 7(1 - 4b)² + 2·4b²: b = 56 / 240.
    expected = np.full((5, 5), 7 / 30)
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(model.weights, expected, rtol=1e-5)


@pytest.mark.parametrize("tile", [1, 7, 30, 256])
def test_tiles_of_any_size_make_the_same_weights(monkeypatch, tile):
    likes = random_likes(items=30)
    monkeypatch.setattr(ease, "TILE", tile)

    model = Ease.fit(likes, l2=3.0, dtype=np.float64)

    np.testing.assert_allclose(model.weights, reference(likes, 3.0), atol=1e-9)


def test_the_diagonal_of_the_inverse_is_kept():
    likes = random_likes()

    model = Ease.fit(likes, l2=3.0)

    inverse = np.linalg.inv((likes.T @ likes).toarray().astype(np.float64) + 3 * np.eye(25))
    np.testing.assert_allclose(model.diagonal, np.diag(inverse), rtol=1e-5)


def test_float32_and_float64_recommend_the_same_twenty():
    likes = random_likes(readers=200, items=120, density=0.1)

    lists = [
        np.argsort(-Ease.fit(likes, l2=20.0, dtype=dtype).scores(likes), axis=1)[:, :20]
        for dtype in (np.float32, np.float64)
    ]

    # Neighbours in a list may be closer than float32 can tell; who is on the list may not differ.
    same = [set(one) == set(other) for one, other in zip(*lists, strict=True)]
    assert np.mean(same) >= 0.99


def test_weights_are_rows_in_memory_with_an_empty_diagonal():
    model = Ease.fit(random_likes(), l2=1.0)

    assert model.weights.flags.c_contiguous
    assert model.weights.dtype == np.float32
    assert not np.diag(model.weights).any()


def test_the_matrix_given_is_left_as_it_was():
    likes = random_likes()
    before = likes.copy()

    Ease.fit(likes, l2=1.0).scores(likes)

    assert (likes != before).nnz == 0


def test_a_reader_nobody_trained_on_gets_a_personal_answer():
    likes = sparse.csr_array(np.kron(np.eye(2), np.ones((4, 3))))
    model = Ease.fit(likes, l2=1.0)

    scores = model.scores(sparse.csr_array([[1.0, 0, 0, 0, 0, 0]]))

    assert set(np.argsort(-scores[0])[:2]) == {1, 2}


def test_one_reader_and_many_are_scored_alike():
    likes = random_likes()
    model = Ease.fit(likes, l2=1.0)

    one_by_one = np.array([model.scores_of(likes[[row]].indices) for row in range(60)])

    np.testing.assert_allclose(one_by_one, model.scores(likes), atol=1e-6)
    assert one_by_one.dtype == model.scores(likes).dtype == np.float32


@given(
    liked=st.sets(st.integers(0, 24), min_size=1).map(sorted),
    item=st.integers(0, 24),
    taken=st.randoms(use_true_random=False),
)
@settings(deadline=None)
def test_taking_a_like_away_lowers_the_score_by_exactly_its_contribution(liked, item, taken):
    model = Ease.fit(random_likes(), l2=1.0)
    gone = taken.randrange(len(liked))

    contributions = model.explain(liked, item)
    without = model.scores_of(liked[:gone] + liked[gone + 1 :])

    with_all = model.scores_of(liked)[item]
    np.testing.assert_allclose(contributions.sum(), with_all, atol=1e-6)
    np.testing.assert_allclose(with_all - contributions[gone], without[item], atol=1e-6)


def test_likes_can_weigh_more_or_less():
    model = Ease.fit(random_likes(), l2=1.0)

    scores = model.scores_of([3, 5], weights=[2.0, 0.5])

    np.testing.assert_allclose(scores, 2 * model.weights[3] + model.weights[5] / 2, atol=1e-6)
    np.testing.assert_allclose(model.explain([3, 5], 7, weights=[2.0, 0.5]).sum(), scores[7])


def test_a_reader_without_likes_scores_zero_everywhere():
    model = Ease.fit(random_likes(), l2=1.0)

    assert not model.scores_of([]).any()
    assert model.explain([], 3).shape == (0,)


@pytest.mark.parametrize(
    ("matrix", "error"),
    [
        ([[1.0, np.nan]], BadInteractions),
        ([[1.0, np.inf]], BadInteractions),
        ([[1.0, -1.0]], BadInteractions),
        ([[1.0, 1e300]], BadInteractions),
        ([[1.0, 0.0], [0.0, 1.0]], TooFewInteractions),
        ([[1.0], [1.0]], TooFewInteractions),
        (np.zeros((0, 0)), TooFewInteractions),
        (np.zeros((3, 4)), TooFewInteractions),
    ],
)
def test_what_cannot_be_learnt_from_is_refused(matrix, error):
    with pytest.raises(error, match=r"found .* expected"):
        Ease.fit(sparse.csr_array(np.asarray(matrix, dtype=np.float64)), l2=1.0)


def test_an_entry_stored_twice_is_refused():
    twice = sparse.coo_array(([1.0, 1.0], ([0, 0], [1, 1])), shape=(2, 2))

    with pytest.raises(BadInteractions, match="found 1 entries stored twice"):
        Ease.fit(twice, l2=1.0)


@pytest.mark.parametrize("l2", [0, -1.0, np.nan, 1e-30])
def test_a_penalty_that_is_too_small_is_refused(l2):
    # Two equal columns: without a penalty nothing tells them apart.
    with pytest.raises(PenaltyTooSmall, match="found l2"):
        Ease.fit(sparse.csr_array(np.ones((3, 2))), l2=l2)


@pytest.mark.parametrize(
    "choice",
    [{"dropout": 1.0}, {"dropout": -0.1}, {"dropout": np.nan}, {"dtype": np.int32}, {"l2": np.inf}],
)
def test_what_the_fit_does_not_offer_is_refused(choice):
    with pytest.raises(BadParameter, match=r"found .* expected"):
        Ease.fit(random_likes(), **{"l2": 1.0, **choice})


def test_a_catalogue_that_does_not_fit_is_refused_before_any_work():
    # A million items would take 3,725 GiB; the fit would not even get as far as the Gram matrix.
    likes = sparse.csr_array(([1.0, 1.0], ([0, 0], [0, 999_999])), shape=(1, 1_000_000))

    with pytest.raises(
        CatalogueTooLarge, match=r"1,000,000 items, whose matrix takes 3,725.3 GiB to fit"
    ):
        Ease.fit(likes, l2=1.0)


def test_the_memory_that_may_be_used_can_be_named():
    with pytest.raises(CatalogueTooLarge):
        Ease.fit(random_likes(), l2=1.0, memory_bytes=25 * 25 * 4 - 1)


@pytest.mark.parametrize("rows", [[25], [-1], [0.5], [[1]], ["1"]])
def test_rows_that_are_no_items_are_refused(rows):
    model = Ease.fit(random_likes(), l2=1.0)

    with pytest.raises(UnknownItem):
        model.scores_of(rows)


def test_a_fold_in_with_other_columns_is_refused():
    model = Ease.fit(random_likes(), l2=1.0)

    with pytest.raises(BadInteractions, match="found 24 item columns, expected 25"):
        model.scores(sparse.csr_array((1, 24)))


def test_saved_and_loaded_it_is_the_same_model_mapped_from_disk(tmp_path):
    model = Ease.fit(random_likes(), l2=1.0)

    digest = model.save(tmp_path / "m", ids=[f"naver:{n}" for n in range(25)], extra={"demo": True})
    loaded = Ease.load(tmp_path / "m", digest)

    np.testing.assert_array_equal(loaded.weights, model.weights)
    assert isinstance(loaded.weights.base, np.memmap)
    assert loaded.ids[:2] == ("naver:0", "naver:1")
    assert (loaded.facts["l2"], loaded.facts["demo"]) == (1.0, True)


def test_serving_loads_no_linear_algebra():
    code = (
        "import sys, recommender.default, recommender.artifact, recommender.rank;"
        "heavy = {'scipy.linalg', 'scipy.stats', 'scipy.sparse.linalg', 'torch', 'numba'};"
        "print(sorted(heavy & set(sys.modules)))"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout == "[]\n"


def test_fits_at_once_leave_blas_as_they_found_it():
    small, large = np.empty((2, 2)), np.empty((3_000, 0))
    threads = [each["num_threads"] for each in blas()]

    with ExitStack() as first, ExitStack() as second:
        first.enter_context(blas_threads(large))
        second.enter_context(blas_threads(small))
        first.close()
        within = [each["num_threads"] for each in blas()]
        first.enter_context(blas_threads(small))
        second.close()
        still = [each["num_threads"] for each in blas()]

    assert {*within, *still} == {1}
    assert [each["num_threads"] for each in blas()] == threads


def blas():
    return [each for each in threadpool_info() if each["user_api"] == "blas"]
