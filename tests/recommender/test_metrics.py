"""The numbers that judge a ranking, by hand and beside those of trec_eval."""

import numpy as np
import pytest
import pytrec_eval
from scipy import sparse

from recommender.evaluation import Fold, accuracy, ranked
from recommender.interactions import checked


def test_a_ranking_worked_by_hand():
    slates = np.array([[3, 0, 2], [1, -1, -1]])
    wanted = checked(np.array([[1, 1, 1, 0, 1], [0, 1, 0, 0, 0]]))

    found = accuracy(slates, wanted, (1, 3))

    # First reader: four wanted, found at ranks 2 and 3. Ideally at 1, 2 and 3.
    ideal = 1 + 1 / np.log2(3) + 1 / 2
    np.testing.assert_allclose(found["ndcg@3"], [(1 / np.log2(3) + 1 / 2) / ideal, 1])
    np.testing.assert_allclose(found["recall@3"], [2 / 3, 1])
    np.testing.assert_allclose(found["ndcg@1"], [0, 1])
    np.testing.assert_allclose(found["recall@1"], [0, 1])


def test_a_place_that_is_not_filled_finds_nothing():
    wanted = checked(np.array([[1, 0, 0, 1]]))

    found = accuracy(np.array([[-1, -1]]), wanted, (2,))

    assert (found["ndcg@2"].tolist(), found["recall@2"].tolist()) == ([0], [0])


class Fixed:
    """Scores that are there already."""

    def __init__(self, scores):
        self.rows = scores

    def scores(self, folded):
        return self.rows


@pytest.mark.parametrize("items", [30, 300])
def test_ndcg_and_recall_are_those_of_trec_eval(items):
    generator = np.random.default_rng(items)
    readers = 40
    known = generator.random((readers, items)) < 0.1
    wanted = (generator.random((readers, items)) < 0.2) & ~known
    wanted[:, 0], known[:, 0] = True, False
    # Whole numbers, all different: trec_eval keeps scores as 32-bit floats and has its own ties.
    scores = np.array([generator.permutation(items) for _ in range(readers)], dtype=np.float32)
    fold = Fold(checked(known.astype(float)), checked(wanted.astype(float)))
    ks = (1, 10, 20, 50, 100)

    ours = accuracy(ranked(Fixed(scores), fold, 100), fold.wanted, ks)

    told = {
        f"r{row}": {f"i{item}": 1 for item in np.flatnonzero(wanted[row])} for row in range(readers)
    }
    run = {
        f"r{row}": {f"i{item}": float(scores[row, item]) for item in np.flatnonzero(~known[row])}
        for row in range(readers)
    }
    cuts = ",".join(map(str, ks))
    evaluator = pytrec_eval.RelevanceEvaluator(told, {f"ndcg_cut.{cuts}", f"recall.{cuts}"})
    theirs = evaluator.evaluate(run)
    count = wanted.sum(axis=1)
    for k in ks:
        ndcg = [theirs[f"r{row}"][f"ndcg_cut_{k}"] for row in range(readers)]
        recall = np.array([theirs[f"r{row}"][f"recall_{k}"] for row in range(readers)])
        np.testing.assert_allclose(ours[f"ndcg@{k}"], ndcg, rtol=0, atol=1e-9)
        # trec_eval divides by all that is wanted, we by as many as k can hold.
        within_reach = recall * count / np.minimum(count, k)
        np.testing.assert_allclose(ours[f"recall@{k}"], within_reach, rtol=0, atol=1e-9)


def test_the_same_ranking_is_worth_the_same_however_many_readers_there_are():
    wanted = sparse.csr_array(np.eye(3000, 5))[np.arange(3000) % 5]
    slates = np.tile(np.arange(5), (3000, 1))

    found = accuracy(slates, wanted, (5,))["ndcg@5"]

    np.testing.assert_allclose(found.reshape(-1, 5), np.tile(found[:5], (600, 1)))
