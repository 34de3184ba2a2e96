"""Every model that can be compared: by its name, one way to fit it and one way to ask it.

What a model needs is imported when it is fitted, so that the names cost nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from recommender.errors import BadParameter, PackageMissing
from recommender.interactions import LIKE, AnyMatrix, Matrix, checked

if TYPE_CHECKING:  # it is loaded when it is fitted
    from recommender.default import DefaultModel

Progress = Callable[[float], None]  # told the share of the fit that is done, 0..1


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """What a model may learn from.

    `ratings` (readers, items) are whole half-stars 1..10, of which 6 and more are likes;
    `features` (items, features), not negative, say what the items are about; `order` has the
    pattern of `ratings` and says which the reader rated first: 1, 2, 3, ... It is None where
    nobody knows.
    """

    ratings: Matrix
    features: Matrix | None = None
    order: Matrix | None = None


class Model(Protocol):
    """Anything that scores folded-in readers."""

    def scores(self, folded: Matrix, /) -> NDArray[np.float32]:
        """Scores (readers, items) for the half-stars `folded` (readers, items)."""
        ...


@runtime_checkable
class Ordered(Protocol):
    """A model that also asks what a reader rated first."""

    def scores_in_order(self, folded: Matrix, order: Matrix, /) -> NDArray[np.float32]:
        """As `Model.scores`; `order` (readers, items) as in `Data`."""
        ...


Fit = Callable[[Data, int, Progress], Model]


@dataclass(frozen=True, slots=True)
class Contender:
    """A model by its name; `needs` names the package without which it cannot be fitted.

    `fit(data, seed, progress)` chooses the model's parameters on readers of `data` that it sets
    aside itself, where it has any to choose. `reads`: it learns what the items are about, so it
    can tell those apart that nobody rated; `only`: it learns nothing else, so it needs features.
    """

    name: str
    title: str
    fit: Fit
    needs: str | None = None
    reads: bool = False
    only: bool = False

    @property
    def available(self) -> bool:
        """Whether the package it needs is installed."""
        return self.needs is None or find_spec(self.needs) is not None

    @property
    def slow(self) -> bool:
        """Whether it takes minutes where the others take seconds: it is trained step by step."""
        return self.needs == "torch"


@dataclass(frozen=True, slots=True)
class OfLikes:
    """A model that knows likes alone, asked with half-stars: what is below 6 it never hears of."""

    model: Model

    def scores(self, folded: AnyMatrix, /) -> NDArray[np.float32]:
        """Scores (readers, items) for the half-stars `folded` (readers, items)."""
        return self.model.scores(likes_of(folded))


@dataclass(frozen=True, slots=True)
class AsServed:
    """The default model as the bots rank by it: with what is popular ahead for who said little."""

    model: "DefaultModel"

    def scores(self, folded: AnyMatrix, /) -> NDArray[np.float32]:
        """Scores (readers, items) for the half-stars `folded` (readers, items)."""
        likes = np.diff(likes_of(folded).indptr)
        counts, places = np.unique(likes, return_inverse=True)
        ahead = np.array([self.model.lean(int(count)) for count in counts])
        return np.asarray(self.model.scores(folded) + ahead[places], dtype=np.float32)


def likes_of(ratings: AnyMatrix) -> Matrix:
    """The likes among half-stars (readers, items), as 1.0."""
    found = checked(ratings).copy()
    found.data = (found.data >= LIKE).astype(np.float32)
    found.eliminate_zeros()
    return found


def contender(name: str) -> Contender:
    """The contender of this name, to be fitted here.

    Raises BadParameter for a name there is not, PackageMissing without the package it needs.
    """
    try:
        found = CONTENDERS[name]
    except KeyError:
        raise BadParameter(
            f"found the model {name!r}, expected one of {', '.join(CONTENDERS)}"
        ) from None
    if not found.available:
        raise PackageMissing(f"found no package {found.needs}, which the model {name} needs")
    return found


def _default(data: Data, seed: int, _progress: Progress) -> Model:
    from recommender.default import DefaultModel  # noqa: PLC0415

    return AsServed(DefaultModel.fit(data.ratings, data.features, seed))


def _ease(data: Data, seed: int, _progress: Progress) -> Model:
    from recommender.ease import Ease  # noqa: PLC0415
    from recommender.tuning import best_l2, most_liked  # noqa: PLC0415

    likes = likes_of(data.ratings)
    l2 = best_l2(likes[:, most_liked(likes)], seed=seed)
    return OfLikes(Ease.fit(likes, l2))


def _popularity(data: Data, _seed: int, _progress: Progress) -> Model:
    from recommender.popularity import Popularity  # noqa: PLC0415

    return OfLikes(Popularity.fit(likes_of(data.ratings)))


def _content(data: Data, _seed: int, _progress: Progress) -> Model:
    from recommender.content import Content  # noqa: PLC0415

    if data.features is None:
        raise BadParameter("found no item features, which the model content needs")
    return OfLikes(Content.fit(data.features))


def _imported(module: str, function: str, data: Data, seed: int, progress: Progress) -> Model:
    fit: Fit = getattr(import_module(module), function)
    return fit(data, seed, progress)


def _lazily(module: str, function: str) -> Fit:
    """`function` of recommender's `module`, which is loaded when it is called."""
    return partial(_imported, f"recommender.{module}", function)


# In the order in which they are told; ease is what the others are tested against.
CONTENDERS: Mapping[str, Contender] = MappingProxyType(
    {
        found.name: found
        for found in (
            Contender("default", "What ships", _default, reads=True),
            Contender("ease", "EASE", _ease),
            Contender("popularity", "Popularity", _popularity),
            Contender("content", "Content", _content, reads=True, only=True),
            Contender("knn", "Item neighbours", _lazily("neighbours", "fit_knn")),
            Contender("als", "Implicit ALS", _lazily("als", "fit_als"), needs="implicit"),
            Contender("multvae", "Mult-VAE", _lazily("zoo", "fit_multvae"), needs="torch"),
            Contender("recvae", "RecVAE", _lazily("zoo", "fit_recvae"), needs="torch"),
            Contender("bert4rec", "BERT4Rec", _lazily("zoo", "fit_bert4rec"), needs="torch"),
        )
    }
)
