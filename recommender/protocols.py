"""Ways to split ratings into what models learn from and what they are asked: by reader, or by time.

A split depends on the ratings and its seed alone. Low ratings are learnt from and shown; what is
to be found are likes. The order is told only where what is hidden came last: of ratings hidden at
random in between, a model that expects what comes next would learn and be asked the wrong thing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from recommender.contenders import Data
from recommender.errors import BadInteractions, TooFewInteractions
from recommender.evaluation import (
    KNOWN_SHARE,
    Fold,
    Slates,
    in_order,
    only,
    parted,
    split,
    without_the_last,
)
from recommender.interactions import LIKE, Matrix

FOLDS = 5
HIDDEN_SHARE = 0.1  # of the works, where what is asked are works that nobody rated
FAVOURITES = 3  # genres of a reader


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Ratings to be split: whole half-stars 1..10 (readers, items), canonical CSR.

    `times` (ratings,), in the order of `ratings.data`, says when; `features` (items, features) and
    `genres` (items, genres) what the items are about.
    """

    ratings: Matrix
    times: NDArray[np.float64] | None = None
    features: Matrix | None = None
    genres: Matrix | None = None

    def order(self) -> Matrix | None:
        """What each reader rated first: 1, 2, 3, ...; None without times."""
        if self.times is None:
            return None
        readers = np.repeat(np.arange(self.ratings.shape[0]), np.diff(self.ratings.indptr))
        places = np.lexsort((self.times, readers))
        # Their ranks among all, as moments do not fit into float32.
        moments = np.empty(len(places), dtype=np.float32)
        moments[places] = np.arange(len(places)) - self.ratings.indptr[readers] + 1
        form = (moments, self.ratings.indices, self.ratings.indptr)
        return sparse.csr_array(form, shape=self.ratings.shape)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What to fit on, what to ask, and the row in `Told.ratings` of each reader who is asked."""

    data: Data
    fold: Fold
    readers: NDArray[np.intp]


Protocol = Callable[[Told, int], Split]


def strong(told: Told, seed: int) -> Split:
    """Readers no model has seen: fit on four fifths of readers, ask the others for a fifth each.

    Five seeds in a row (0 to 4, 5 to 9, ...) ask every reader once. Raises TooFewInteractions.
    """
    rest, aside = _fifth(told, seed)
    whole = parted(told.ratings[aside], seed, LIKE)
    asked = whole.asked()
    return Split(Data(told.ratings[rest], told.features), whole.take(asked), aside[asked])


def strong_in_order(told: Told, seed: int) -> Split:
    """The readers of `strong`, asked for what they liked among the last fifth that they rated.

    Raises BadInteractions without times, TooFewInteractions.
    """
    order = told.order()
    if order is None:
        raise BadInteractions("found no times of the ratings, expected one for each")
    rest, aside = _fifth(told, seed)
    whole = without_the_last(told.ratings[aside], order[aside], LIKE)
    asked = whole.asked()
    data = Data(told.ratings[rest], told.features, order[rest])
    return Split(data, whole.take(asked), aside[asked])


def weak(told: Told, seed: int) -> Split:
    """Readers the model knows: fit on four fifths of what each rated, ask for the rest.

    Raises TooFewInteractions.
    """
    whole = parted(told.ratings, seed, LIKE)
    asked = whole.asked()
    return Split(Data(whole.known, told.features), whole.take(asked), asked)


def by_time(told: Told, seed: int) -> Split:  # noqa: ARG001 -- as the other protocols
    """The future: fit on what was rated before a moment, ask for what was liked from then on.

    Four fifths of the ratings are from before that moment, the same for everyone, whatever the
    seed. Raises BadInteractions without times, TooFewInteractions.
    """
    if told.times is None:
        raise BadInteractions("found no times of the ratings, expected one for each")
    moment = np.quantile(told.times, KNOWN_SHARE)
    before = told.times < moment
    likes = told.ratings.data >= LIKE
    whole = split(told.ratings, before, ~before & likes, told.order())
    asked = whole.asked()
    learnt = np.flatnonzero(np.diff(whole.known.indptr))
    seen = whole.take(learnt)
    return Split(Data(seen.known, told.features, seen.order), whole.take(asked), asked)


PROTOCOLS: Mapping[str, Protocol] = MappingProxyType(
    {"strong": strong, "weak": weak, "time": by_time}
)


def few_likes(fold: Fold, count: int, seed: int) -> tuple[Fold, NDArray[np.intp]]:
    """The same readers as if they had just come: `count` of their known likes are all one knows.

    All their other likes are to be found. Also which rows of `fold` have so many; there may be
    none.
    """
    liked = np.flatnonzero(fold.known.data >= LIKE)
    likes = only(fold.known, fold.known.data >= LIKE)
    draw = np.random.default_rng([seed, count]).random(likes.nnz).astype(np.float32)
    places = in_order(sparse.csr_array((draw, likes.indices, likes.indptr), shape=likes.shape))
    known = np.zeros(fold.known.nnz, dtype=bool)
    known[liked[places.data <= count]] = True
    shown = _shown(fold, known)
    rest = sparse.csr_array(likes - shown.known + fold.wanted)
    rest.eliminate_zeros()
    rest.sort_indices()
    rows = np.flatnonzero((np.diff(shown.known.indptr) == count) & (np.diff(rest.indptr) > 0))
    return Fold(shown.known, rest, shown.order).take(rows), rows


@dataclass(frozen=True, slots=True, eq=False)
class Cold:
    """A split in which a tenth of the works was never rated; `hidden` (items,) says which.

    `rows` are the rows of the split's fold that want one of these.
    """

    data: Data
    fold: Fold
    rows: NDArray[np.intp]
    hidden: NDArray[np.bool_]


def cold_works(found: Split, seed: int) -> Cold:
    """Takes all ratings of a tenth of the rated works away; the likes of these are to be found.

    Likes of them that were known are wanted too, as no model hears of them. There may be no reader
    who wants any.
    """
    ratings, fold = found.data.ratings, found.fold
    rated = np.unique(ratings.indices)
    chosen = np.random.default_rng([seed, FOLDS]).permutation(rated)
    hidden = np.zeros(ratings.shape[1], dtype=bool)
    hidden[chosen[: max(1, round(HIDDEN_SHARE * len(rated)))]] = True
    stay = ~hidden[ratings.indices]
    order = found.data.order
    data = Data(
        only(ratings, stay),
        found.data.features,
        None if order is None else in_order(only(order, stay)),
    )
    away = hidden[fold.known.indices]
    shown = _shown(fold, ~away)
    likes = only(fold.known, away & (fold.known.data >= LIKE))
    wanted = sparse.csr_array(likes + only(fold.wanted, hidden[fold.wanted.indices]))
    wanted.sort_indices()
    rows = np.flatnonzero((np.diff(shown.known.indptr) > 0) & (np.diff(wanted.indptr) > 0))
    return Cold(data, Fold(shown.known, wanted, shown.order).take(rows), rows, hidden)


def random_within_favourites(cold: Cold, genres: Matrix, k: int, seed: int) -> Slates:
    """`k` of the hidden works at random, those of a reader's three favourite genres first.

    What somebody who knows no more than genres would do: the bar for `cold_works`. (readers, k).
    """
    liked = only(cold.fold.known, cold.fold.known.data >= LIKE)
    liked.data = np.ones_like(liked.data)
    counts = (liked @ genres).toarray()
    places = np.argsort(np.argsort(-counts, axis=1, kind="stable"), axis=1)
    favourites = ((places < FAVOURITES) & (counts > 0)).astype(np.float32)
    columns = np.flatnonzero(cold.hidden)
    within = (favourites @ genres[columns].T) > 0
    draw = np.random.default_rng([seed, k]).random(within.shape)
    slates = np.full((len(within), k), -1, dtype=np.int32)
    best = np.argsort(draw - within, axis=1)[:, :k]
    slates[:, : best.shape[1]] = columns[best]
    return slates


def recall_at_random(cold: Cold, k: int) -> NDArray[np.float64]:
    """Recall@k of the hidden works in random order, as expected of each reader, (readers,).

    What `cold_works` is read beside: with 40 hidden works it is a half for k = 20.
    """
    hidden = int(cold.hidden.sum())
    wanted = np.diff(cold.fold.wanted.indptr)
    return np.asarray(wanted * min(1.0, k / hidden) / np.minimum(wanted, k), dtype=np.float64)


def _fifth(told: Told, seed: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The rows of the readers to learn from, and of a fifth to ask."""
    readers = told.ratings.shape[0]
    shuffled = np.random.default_rng(seed // FOLDS).permutation(readers)
    aside = np.sort(np.array_split(shuffled, FOLDS)[seed % FOLDS])
    rest = np.setdiff1d(shuffled, aside)
    if not len(rest) or not len(aside):
        raise TooFewInteractions(f"found {readers} readers, expected {FOLDS} and more")
    return rest, aside


def _shown(fold: Fold, known: NDArray[np.bool_]) -> Fold:
    """The same readers, of whose known entries (entries,) only `known` is told."""
    order = None if fold.order is None else in_order(only(fold.order, known))
    return Fold(only(fold.known, known), fold.wanted, order)
