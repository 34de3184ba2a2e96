"""Which works to ask a new reader about: a tree of questions, each chosen by what its answers did.

The tree is ternary, as people like a work, don't, or haven't read it (Golbandi, Koren, Lempel 2011,
"Adaptive bootstrapping of recommender systems using decision trees"). Where their trees make groups
of like tastes, this one asks for what is wanted in the end: each question is the one after which
NDCG@10 of the model itself rises most, for the readers it learnt from as they answer on the way
there. What is stored names works and no reader.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from recommender import aversion, metrics
from recommender.default import DefaultModel
from recommender.interactions import LIKE, AnyMatrix, Matrix
from recommender.rank import top
from recommender.stars import half_stars

LEVELS = 7  # two more than are asked: what cannot be asked, or was said before, uses one up
LEARNT = 5  # of them; the last two take what was next best above
BRANCHES = 3
UNREAD = 2  # the branch; 0 is for a like, 1 for a dislike
CANDIDATES = 100  # of the works about which a word tells most
RANKED = 300  # of the works most liked, among which those asked for are looked for
DRAWS = 6  # of what a reader may tell, each for a sitting of its own
SITTINGS = 3_000  # of all readers, at most
TOLD_SHARE = 0.8  # of the ratings: the other likes are what is asked for
PRIOR = 200.0  # sittings that count for as much as those of the node above
K = 10  # NDCG@10 chooses

Answers = Mapping[int, bool | None]  # item row -> liked, disliked, or not read


def ask(tree: NDArray[np.integer[Any]], said: Answers, masked: NDArray[np.bool_]) -> int | None:
    """The item row to ask about next, None where the tree knows no more.

    `tree` (nodes,) holds an item row at each node; below node n follow 3n + 1 for those who like
    it, 3n + 2 for those who don't, 3n + 3 for those who haven't read it. What was `said` is not
    asked again, and what is `masked` (items,) is as if it had not been read.
    """
    node = 0
    while node < len(tree):
        item = int(tree[node])
        if item not in said and not masked[item]:
            return item
        node = BRANCHES * node + 1 + _branch(said.get(item))
    return None


def _branch(answer: bool | None) -> int:
    return UNREAD if answer is None else int(not answer)


def plan(
    model: DefaultModel,
    ratings: AnyMatrix,
    unasked: NDArray[np.bool_] | None = None,
    seed: int = 0,
) -> NDArray[np.int32]:
    """The tree of questions (nodes,) for `model`, learnt from half-stars `ratings` (readers, items)
    that it was fitted to; see `ask`.

    Items that `unasked` (items,) marks are in no question. A reader's answer is what the bots make
    of stars: three and more are liked, less is disliked, what was not rated is not read. A node
    with few readers leans on the one above it. Alike for the same seed. Empty where nothing may
    be asked, or was rated. Raises BadInteractions.
    """
    halves = half_stars(ratings, items=len(model.weights))
    candidates = _candidates(model, unasked)
    if not len(candidates):
        return np.empty(0, dtype=np.int32)
    panel = _Panel.of(model, halves, candidates, np.random.default_rng(seed))
    tree, nodes = [], np.zeros(len(panel.quality), dtype=np.intp)
    barred = np.zeros((1, len(candidates)), dtype=bool)
    expected = np.zeros(barred.shape)
    for level in range(min(LEVELS, len(candidates))):
        if level < LEARNT:
            gains, there = panel.gains(nodes, len(barred))
            weight = PRIOR if level else 0.0
            expected = (gains + weight * expected) / np.maximum(there + weight, 1)[:, None]
        chosen = np.where(barred, -np.inf, expected).argmax(axis=1)
        tree.append(candidates[chosen])
        nodes = BRANCHES * nodes + panel.answer(chosen[nodes])
        barred[np.arange(len(barred)), chosen] = True
        barred, expected = (np.repeat(each, BRANCHES, axis=0) for each in (barred, expected))
    return np.concatenate(tree).astype(np.int32)


def _candidates(model: DefaultModel, unasked: NDArray[np.bool_] | None) -> NDArray[np.intp]:
    telling = model.popularity if model.informative is None else model.informative
    mask = telling <= 0
    return top(telling, mask if unasked is None else mask | unasked, CANDIDATES)


@dataclass(slots=True, eq=False)
class _Panel:
    """Sittings of readers who may tell 80 % of what they rated; their other likes are to be found.

    `replies` (sittings, candidates) are branches. `scores` (sittings, ranked) are of what they have
    told so far, -inf for what they may tell; `wanted` marks what is to be found, and `quality`
    (sittings,) says how well it is. `effects` (2, candidates, ranked) is what a like or dislike of
    each candidate adds to the scores.
    """

    replies: NDArray[np.int8]
    scores: NDArray[np.float32]
    wanted: NDArray[np.bool_]
    effects: NDArray[np.float32]
    quality: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        model: DefaultModel,
        halves: Matrix,
        candidates: NDArray[np.intp],
        generator: np.random.Generator,
    ) -> Self:
        """The panel before anybody was asked anything."""
        order = generator.permutation(halves.shape[0])
        ranked = top(model.popularity, None, RANKED)
        columns = np.union1d(ranked, candidates)
        stars = halves[np.tile(order, DRAWS)[:SITTINGS]][:, columns].toarray()
        told = generator.random(stars.shape, dtype=np.float32) < TOLD_SHARE
        ours, theirs = np.searchsorted(columns, ranked), np.searchsorted(columns, candidates)
        wanted = ((stars >= LIKE) & ~told)[:, ours]
        sitting = np.flatnonzero(wanted.any(axis=1))
        stars, told, wanted = stars[sitting], told[sitting] & (stars[sitting] > 0), wanted[sitting]
        replies = np.where(told, (stars < LIKE).astype(np.int8), np.int8(UNREAD))[:, theirs]
        scores = np.where(told[:, ours], np.float32(-np.inf), model.lean(0)[ranked])
        taken = aversion.amounts(model.weights, model.near, candidates)[:, ranked]
        effects = [model.weights[candidates][:, ranked], -model.dislike_weight * taken]
        quality = _quality(scores, wanted)
        return cls(replies, scores, wanted, np.array(effects, dtype=np.float32), quality)

    def gains(
        self, nodes: NDArray[np.intp], count: int
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """What asking about each candidate would add to the quality, summed by node (count,
        candidates), and how many sittings are at each (count,); `nodes` (sittings,) says where."""
        found = np.zeros((count, self.replies.shape[1]))
        for candidate, replies in enumerate(self.replies.T):
            rows = np.flatnonzero(replies != UNREAD)
            scores = self.scores[rows] + self.effects[replies[rows], candidate]
            gain = _quality(scores, self.wanted[rows]) - self.quality[rows]
            found[:, candidate] = np.bincount(nodes[rows], gain, minlength=count)
        return found, np.bincount(nodes, minlength=count)

    def answer(self, asked: NDArray[np.intp]) -> NDArray[np.int8]:
        """Asks each sitting about a candidate of `asked` (sittings,); the branches (sittings,)."""
        branches = self.replies[np.arange(len(asked)), asked]
        rows = np.flatnonzero(branches != UNREAD)
        self.scores[rows] += self.effects[branches[rows], asked[rows]]
        self.quality[rows] = _quality(self.scores[rows], self.wanted[rows])
        return branches


def _quality(scores: NDArray[np.float32], wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """NDCG@10 (sittings,) of `scores` (sittings, ranked); ties fall anyhow."""
    kept = min(K, scores.shape[1])
    costs = np.negative(scores)
    best = np.argpartition(costs, kept - 1, axis=1)[:, :kept]
    order = np.argsort(np.take_along_axis(costs, best, axis=1), axis=1, kind="stable")
    hits = np.zeros((len(scores), K), dtype=bool)
    hits[:, :kept] = np.take_along_axis(wanted, np.take_along_axis(best, order, axis=1), axis=1)
    return metrics.ndcg(hits, wanted.sum(axis=1), K)
