"""What ships: likes, low ratings, dislikes and content in one matrix."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from recommender import default_model
from recommender.ease import Ease
from recommender.errors import (
    ArtifactKind,
    BadInteractions,
    BadParameter,
    CatalogueTooLarge,
    PenaltyTooSmall,
    TooFewInteractions,
    UnknownItem,
)
from recommender.evaluation import difference, evaluate
from recommender.popularity import Popularity
from recommender.simulate import simulate

ITEMS = 60
ROWS = st.sets(st.integers(0, ITEMS - 1), max_size=8).map(sorted)


def features_of(items=ITEMS, kinds=12, seed=0):
    generator = np.random.default_rng(seed)
    return sparse.csr_array((generator.random((items, kinds)) < 0.25).astype(np.float32))


def ratings_of(readers=400, items=ITEMS, seed=0):
    made = simulate(features_of(items), np.arange(items), readers=readers, seed=seed)
    names = {name: row for row, name in enumerate(dict.fromkeys(made.readers))}
    rows = [names[name] for name in made.readers]
    shape = (readers, items)
    return sparse.csr_array((made.half_stars, (rows, made.items)), shape=shape, dtype=np.float32)


def without(ratings, items):
    kept = np.ones(ratings.shape[1], dtype=np.float32)
    kept[items] = 0
    return sparse.csr_array(ratings @ sparse.diags_array(kept))


COLD = [7, 31, 59]


@pytest.fixture(scope="module")
def model():
    return default_model.fit(without(ratings_of(), COLD), features_of())


def test_two_items_liked_by_the_same_readers_recommend_each_other():
    ratings = sparse.csr_array([[8, 8], [8, 8], [8, 2]])

    model = default_model.fit(ratings, l2=1.0)

    # A low rating is ½: XᵀX = [[3, 2.5], [2.5, 2.25]], and Λ = diag(2.47761, 2.10821). The
    # inverse is [[.24731, -.14186], [-.14186, .31083]]; B_12 = .14186 / √.31083 = .25445 and
    # B_21 = .14186 / √.24731 = .28527; the three readers' scores have a root mean square of .25078.
    np.testing.assert_allclose(model.weights, [[0, 1.01466], [1.13752, 0]], atol=1e-4)
    np.testing.assert_allclose(model.popularity, [1, 2 / 3])


def test_five_stars_say_more_than_three(model):
    folded = np.zeros((3, ITEMS))
    folded[0, 3], folded[1, 3], folded[2, 3] = 6, 8, 10

    scores = model.scores(sparse.csr_array(folded))

    for stars, strength in zip(scores, (0.9, 1.0, 1.1), strict=True):
        np.testing.assert_allclose(stars, strength * model.weights[3], rtol=1e-6)


def test_a_low_rating_is_nearness_at_half_the_strength(model):
    folded = np.zeros((1, ITEMS))
    folded[0, [3, 4]] = 8, 2

    scores = model.scores(sparse.csr_array(folded))

    np.testing.assert_allclose(scores[0], model.weights[3] + model.weights[4] / 2, atol=1e-6)


def test_a_dislike_takes_away_what_the_item_would_recommend_and_more_from_its_neighbours(model):
    likes = sparse.csr_array(([8.0], ([0], [3])), shape=(1, ITEMS))
    dislikes = sparse.csr_array(([True], ([0], [5])), shape=(1, ITEMS))

    change = (model.scores(likes, disliked=dislikes) - model.scores(likes))[0]

    expected = 0.39 * np.maximum(model.weights[5], 0)
    expected[model.near[5, :3]] += 0.29
    expected[model.near[5, 3:]] += 0.06
    expected[5] = 0
    np.testing.assert_allclose(change, -expected, atol=1e-6)
    assert model.near.shape == (ITEMS, 2 * 3)  # a twentieth of a small catalogue, of each kind


def test_a_dislike_is_not_a_low_rating(model):
    low = sparse.csr_array(([2.0], ([0], [5])), shape=(1, ITEMS))
    none = sparse.csr_array((1, ITEMS))

    assert not np.allclose(model.scores(low), model.scores(none, disliked=low > 0))


@given(liked=ROWS, disliked=ROWS, low=ROWS, item=st.integers(0, ITEMS - 1))
@settings(deadline=None)
def test_every_score_is_the_sum_of_its_explanation(model, liked, disliked, low, item):
    contributions = model.explain(liked, item, disliked, low)

    assert len(contributions) == len(liked) + len(disliked) + len(low)
    total = model.scores_of(liked, disliked, low)[item]
    np.testing.assert_allclose(contributions.sum(), total, atol=1e-5)
    assert (contributions[len(liked) : len(liked) + len(disliked)] <= 0).all()


@given(liked=ROWS.filter(bool), disliked=ROWS, item=st.integers(0, ITEMS - 1))
@settings(deadline=None)
def test_taking_a_like_away_changes_the_score_by_exactly_its_contribution(
    model, liked, disliked, item
):
    contributions = model.explain(liked, item, disliked)

    before, after = (model.scores_of(rows, disliked)[item] for rows in (liked, liked[1:]))
    np.testing.assert_allclose(before - after, contributions[0], atol=1e-5)


@given(liked=ROWS, disliked=ROWS, low=ROWS)
@settings(deadline=None)
def test_one_reader_and_a_matrix_of_readers_are_scored_alike(model, liked, disliked, low):
    low = sorted(set(low) - set(liked))
    folded, marks = np.zeros((2, ITEMS)), np.zeros((2, ITEMS), dtype=bool)
    folded[0, liked], folded[0, low], marks[0, disliked] = 8, 3, True

    together = model.scores(sparse.csr_array(folded), disliked=sparse.csr_array(marks))

    np.testing.assert_allclose(together[0], model.scores_of(liked, disliked, low), atol=1e-5)
    assert not together[1].any()
    assert together.dtype == model.scores_of(liked).dtype == np.float32


def test_items_nobody_liked_are_cold_and_still_found(model):
    assert np.flatnonzero(model.cold).tolist() == COLD
    assert not model.popularity[COLD].any()

    relatives = np.argsort(-model.weights[:, 7])[:3]

    scores = model.scores_of(relatives)
    assert scores[7] > 0
    # Found among what its nearest relatives recommend, but not in place of all else.
    rank = int((scores > scores[7]).sum())
    assert rank < 20


def test_a_like_of_a_cold_item_says_something_too(model):
    assert model.scores_of([7])[~model.cold].max() > 0


def test_cold_items_do_not_push_out_what_readers_love():
    items = 200
    ratings, features = ratings_of(readers=500, items=items), features_of(items)
    hidden = list(range(0, items, 10))
    shown = without(ratings, hidden)
    model = default_model.fit(shown[:400], features)

    scores = model.scores(shown[400:])
    scores[shown[400:].toarray() > 0] = -np.inf
    best = np.argsort(-scores, axis=1)[:, :20]

    # A tenth of the catalogue is cold; it appears about as often as its share.
    assert 0.02 < np.isin(best, hidden).mean() < 0.12


def test_what_nobody_rated_scores_nearly_as_high_as_what_readers_know():
    items = 200
    ratings, features = ratings_of(readers=500, items=items), features_of(items)
    cold = np.arange(items) % 10 == 0
    shown = without(ratings, cold)
    model = default_model.fit(shown[:400], features, l2=100.0)

    scores, unknown = model.scores(shown[400:]), shown[400:].toarray() == 0
    highest = [
        np.quantile(scores[unknown & columns], [0.95, 0.97, 0.99]).mean()
        for columns in (cold, ~cold)
    ]

    # Much lower and it is never found, higher and it takes the place of what is known.
    assert 0.75 < highest[0] / highest[1] < 1.05


def test_likeness_stands_in_for_a_few_readers_and_no_more():
    likeness = sparse.csr_array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]])

    found = []
    for readers in (6, 15):
        # The first two items are liked together, the first and the third are about the same.
        pairs = np.kron(np.eye(2), np.ones((readers, 2)))
        ratings = sparse.csr_array(8 * pairs)
        weights = default_model.fit(ratings, likeness, l2=100.0).weights
        found.append("likeness" if weights[0, 2] > weights[0, 1] else "readers")

    assert found == ["likeness", "readers"]


def test_without_features_cold_items_score_zero():
    model = default_model.fit(without(ratings_of(), COLD))

    assert not model.weights[:, COLD].any()
    assert not model.weights[COLD].any()


def test_an_empty_table_is_answered_by_content():
    features = sparse.csr_array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 0]])

    model = default_model.fit(sparse.csr_array((0, 4)), features)

    assert model.cold.all()
    assert np.argsort(-model.scores_of([0]))[:2].tolist() == [1, 3]
    assert model.scores_of([0])[2] == 0


def test_an_empty_table_without_features_is_refused():
    with pytest.raises(TooFewInteractions, match="expected one or the other"):
        default_model.fit(sparse.csr_array((0, 4)))
    with pytest.raises(TooFewInteractions):
        default_model.fit(sparse.csr_array([[1, 2, 3, 4]]), sparse.csr_array((4, 2)))


def test_likes_that_never_meet_leave_popularity():
    model = default_model.fit(sparse.csr_array([[8, 0], [8, 0], [0, 8]]))

    assert not model.weights.any()
    np.testing.assert_allclose(model.popularity, [2 / 3, 1 / 3], rtol=1e-6)


def test_ratings_below_three_stars_are_no_likes_that_meet():
    # Each reader likes one of two items and rates the other low.
    model = default_model.fit(sparse.csr_array([[8, 2], [8, 2], [2, 8]]))

    assert not model.weights.any()
    np.testing.assert_allclose(model.popularity, [2 / 3, 1 / 3], rtol=1e-6)


def test_the_facts_tell_what_the_weights_were_made_with(model):
    told = {name: model.facts[name] for name in ("l2", "tilt", "dropout", "rank", "ridge", "share")}

    assert told["l2"] > 0
    assert {**told, "l2": 1} == {
        "l2": 1,
        "tilt": 0.2,
        "dropout": 0.33,
        "rank": 30,
        "ridge": 3,  # of the mixtures that stand for the cold items
        "share": 0.06,
    }
    assert model.facts["spectral"] > 0


def test_the_facts_do_not_tell_what_was_not_applied():
    few = default_model.fit(ratings_of(readers=20), l2=10.0)  # too few for thirty directions
    apart = default_model.fit(sparse.csr_array([[8, 0], [0, 8]]), features_of(2))

    assert (few.facts["share"], few.facts["spectral"], few.facts["rank"]) == (0, 0, 0)
    assert "ridge" not in few.facts
    assert apart.facts == {"dislike_weight": 1, "readers": 2, "rows": 2}


@pytest.mark.parametrize("value", [0.5, 7.5, 11, -2, np.nan])
def test_what_is_no_half_star_is_refused(value, model):
    ratings = sparse.csr_array([[8, value], [8, 8]])

    with pytest.raises(BadInteractions, match=r"found .* expected"):
        default_model.fit(ratings)
    with pytest.raises(BadInteractions):
        model.scores(sparse.csr_array(([value], ([0], [0])), shape=(1, ITEMS)))


def test_matrices_that_do_not_fit_together_are_refused(model):
    with pytest.raises(BadInteractions, match="found features of 59 items, expected 60"):
        default_model.fit(ratings_of(), features_of(59))
    with pytest.raises(BadInteractions, match="found dislikes of 2 readers, expected 1"):
        model.scores(sparse.csr_array((1, ITEMS)), disliked=sparse.csr_array((2, ITEMS)))
    with pytest.raises(UnknownItem):
        model.scores_of([0], [ITEMS])
    with pytest.raises(UnknownItem):
        model.explain([0], ITEMS)


@pytest.mark.parametrize("weight", [-1.0, np.nan, np.inf])
def test_a_weight_of_dislikes_out_of_range_is_refused(weight):
    with pytest.raises(BadParameter, match="found dislike_weight"):
        default_model.fit(ratings_of(), dislike_weight=weight)


@pytest.mark.parametrize("readers", [0, 400])
@pytest.mark.parametrize("l2", [-1.0, 0.0, np.nan])
def test_a_penalty_that_is_not_positive_is_refused_whatever_there_is_to_learn(l2, readers):
    with pytest.raises(PenaltyTooSmall, match="found l2"):
        default_model.fit(ratings_of()[:readers], features_of(), l2=l2)


def test_a_catalogue_that_does_not_fit_is_refused_before_any_work():
    # Half of a million items liked: a matrix of all, and beside it one of half as many a side.
    liked = sparse.csr_array(np.ones((1, 500_000)) * 8)
    ratings = sparse.csr_array(sparse.hstack([liked, sparse.csr_array((1, 500_000))]))

    with pytest.raises(CatalogueTooLarge, match=r"1,000,000 items, whose matrix takes 4,656.6 GiB"):
        default_model.fit(ratings, sparse.csr_array((1_000_000, 1)))


def test_the_same_seed_gives_the_same_model():
    one, other = (default_model.fit(ratings_of(), features_of(), seed=3) for _ in range(2))

    np.testing.assert_array_equal(one.weights, other.weights)
    assert one.facts == other.facts


def test_saved_and_loaded_it_answers_the_same(model, tmp_path):
    ids = [f"naver:{n}" for n in range(ITEMS)]

    digest = model.save(tmp_path / "m", ids=ids, extra={"demo": True})
    loaded = default_model.load(tmp_path / "m", digest)

    np.testing.assert_array_equal(loaded.scores_of([1, 2], [3]), model.scores_of([1, 2], [3]))
    np.testing.assert_array_equal(loaded.popularity, model.popularity)
    np.testing.assert_array_equal(loaded.cold, model.cold)
    assert loaded.facts == {**model.facts, "ids": ids, "demo": True}
    assert loaded.ids == tuple(ids)
    with pytest.raises(ArtifactKind):
        Ease.load(tmp_path / "m")
    with pytest.raises(UnknownItem, match="found 1 item ids, expected 60"):
        model.save(tmp_path / "other", ids=["naver:1"])


def test_it_beats_popularity_for_readers_it_never_saw():
    ratings = ratings_of(readers=600, items=120)
    features = features_of(120)

    shipped = evaluate(default_model.fit(ratings[:450], features), ratings[450:], threshold=6)
    popular = evaluate(
        Popularity.fit(sparse.csr_array(ratings[:450] >= 6)), ratings[450:], threshold=6
    )

    assert difference(shipped, popular, "ndcg@20").low > 0.05
