"""The tree of questions for a new reader: how it is walked, and what it asks."""

from itertools import product

import numpy as np
import pytest
from scipy import sparse

from recommender import default_model
from recommender.metrics import ndcg
from recommender.questions import LEVELS, ask, plan
from recommender.rank import top

NOBODY = np.zeros(40, dtype=bool)
LIKED, DISLIKED, UNREAD = True, False, None
HITS = 4  # what everybody likes
TASTES, OWN = 4, 9  # and the works of each taste


def of_tastes(readers, seed=0):
    """Half-stars (readers, 40): all like most of four hits, and seven of the nine works of one of
    four tastes; one in twenty of the rest is rated low."""
    generator = np.random.default_rng(seed)
    ratings = np.where(generator.random((readers, 40)) < 1 / 20, 3, 0).astype(np.float32)
    for row in ratings:
        first = HITS + OWN * generator.integers(TASTES)
        row[:HITS] = 8 * (generator.random(HITS) < 0.9)
        row[first + generator.permutation(OWN)[:7]] = 8
    return sparse.csr_array(ratings)


@pytest.fixture(scope="module")
def learnt():
    ratings = of_tastes(300)
    return default_model.fit(ratings, l2=20.0), ratings


@pytest.fixture(scope="module")
def tree(learnt):
    return plan(*learnt)


def ways(length):
    return product((LIKED, DISLIKED, UNREAD), repeat=length)


def questions(tree, answers, masked=NOBODY):
    """What is asked of somebody who answers so, in turn."""
    said, found = {}, []
    for answer in (*answers, None):
        item = ask(tree, said, masked)
        found.append(item)
        said[item] = answer
    return found


def test_each_answer_has_a_branch_of_its_own():
    tree = np.array([7, 1, 2, 3], dtype=np.int32)

    assert ask(tree, {}, NOBODY) == 7
    assert [ask(tree, {7: answer}, NOBODY) for answer in (LIKED, DISLIKED, UNREAD)] == [1, 2, 3]


def test_what_was_said_before_leads_on_without_a_question():
    tree = np.array([7, 1, 2, 3, *range(10, 19)], dtype=np.int32)

    assert ask(tree, {7: DISLIKED, 2: LIKED, 30: LIKED}, NOBODY) == 13


def test_what_may_not_be_asked_is_as_if_it_had_not_been_read():
    tree = np.array([7, 1, 2, 3, *range(10, 19)], dtype=np.int32)

    assert ask(tree, {}, NOBODY | (np.arange(40) == 7)) == 3


def test_a_tree_that_has_ended_or_never_began_asks_nothing():
    tree = np.array([7, 1, 2, 3], dtype=np.int32)

    assert ask(tree, {7: LIKED, 1: LIKED}, NOBODY) is None
    assert ask(np.empty(0, dtype=np.int32), {}, NOBODY) is None


def test_nobody_is_asked_the_same_twice(tree):
    for answers in ways(LEVELS - 1):
        asked = questions(tree, answers)
        assert None not in asked
        assert len(set(asked)) == LEVELS


def test_the_same_ratings_and_seed_give_the_same_tree(learnt, tree):
    np.testing.assert_array_equal(plan(*learnt), tree)


def test_the_tree_holds_a_work_for_each_way_to_answer_and_nothing_else(learnt, tree):
    few = default_model.fit(of_tastes(60), l2=20.0)

    assert tree.shape == ((3**LEVELS - 1) // 2,)  # however many readers there were
    assert plan(few, of_tastes(60)).shape == tree.shape
    assert tree.dtype == np.int32


def test_it_does_not_ask_what_everybody_likes(tree):
    assert not set(range(HITS)) & set(questions(tree, [UNREAD] * 3))


def test_whoever_likes_works_of_one_taste_is_found_sooner_than_by_asking_about_hits(learnt, tree):
    model, _ = learnt
    asked = of_tastes(200, seed=1).toarray()
    told = np.random.default_rng(2).random(asked.shape) < 0.8
    hits = np.argsort(-model.popularity, kind="stable")[:5]

    by_tree = quality(model, asked, told, lambda said: ask(tree, said, NOBODY))
    by_hits = quality(model, asked, told, lambda said: int(hits[len(said)]))

    assert by_tree > 1.2 * by_hits


def quality(model, asked, told, question):
    """NDCG@10 after five questions, the mean over the readers `asked` (readers, items)."""
    found = []
    for stars, tell in zip(asked, told, strict=True):
        wanted = (stars >= 6) & ~tell
        if not wanted.any():
            continue
        said = {}
        for _ in range(5):
            item = question(said)
            said[item] = stars[item] >= 6 if stars[item] and tell[item] else UNREAD
        likes = [i for i, answer in said.items() if answer]
        dislikes = [i for i, answer in said.items() if answer is not None and not answer]
        scores = model.scores_of(likes, dislikes) + model.lean(len(likes))
        best = top(scores, tell & (stars > 0), 10)
        found.append(ndcg(wanted[best][None], np.array([wanted.sum()]), 10)[0])
    return np.mean(found)


def test_what_must_not_be_asked_is_nowhere_in_the_tree(learnt, tree):
    unasked = np.isin(np.arange(40), np.unique(tree)[::2])

    other = plan(*learnt, unasked)

    assert len(other) == len(tree)
    assert not unasked[other].any()
    assert plan(*learnt, np.ones(40, dtype=bool)).size == 0


def test_three_works_make_a_tree_of_three_levels():
    ratings = sparse.csr_array(np.tile([[8, 9, 2], [9, 4, 9]], (10, 1)))
    tree = plan(default_model.fit(ratings, l2=1.0), ratings)

    assert len(tree) == 1 + 3 + 9
    assert all(sorted(questions(tree, answers)) == [0, 1, 2] for answers in ways(2))


def test_where_nobody_rated_there_is_nothing_to_ask():
    features = sparse.csr_array(np.eye(3))
    nobody = sparse.csr_array((0, 3))

    assert plan(default_model.fit(nobody, features), nobody).size == 0


def test_a_tree_is_saved_with_its_model_and_found_again(learnt, tree, tmp_path):
    model, ratings = learnt
    model = default_model.fit(ratings, l2=20.0)
    model.questions = tree
    model.save(tmp_path / "m")

    np.testing.assert_array_equal(default_model.load(tmp_path / "m").questions, tree)
    assert (tmp_path / "m" / "questions.npy").stat().st_size < 5_000


def test_a_model_without_a_tree_has_none_when_found_again(learnt, tmp_path):
    learnt[0].save(tmp_path / "m")

    assert default_model.load(tmp_path / "m").questions is None
