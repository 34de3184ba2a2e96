"""Readers as dense rows of likes, for the networks that look at all items at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recommender.choosing import Aside
from recommender.contenders import Data, Progress, likes_of
from recommender.interactions import AnyMatrix, Matrix, checked
from recommender.zoo.loop import Learner, quiet_torch, train
from recommender.zoo.schedule import Schedule, fingerprint


class Autoencoder(Protocol):
    """A network that says what a reader with these likes may like besides."""

    def logits(self, likes: Tensor) -> Tensor:
        """(readers, items) for `likes` (readers, items), without any chance in it."""
        ...


Network = TypeVar("Network", bound=Autoencoder)


def dense(likes: Matrix, rows: Tensor | None = None) -> Tensor:
    """The `rows` of `likes`, or all of them, as a tensor (readers, items) float32."""
    picked = likes if rows is None else likes[rows.numpy()]
    return torch.from_numpy(picked.toarray())


@dataclass(frozen=True, slots=True)
class Scorer:
    """A trained autoencoder, asked with half-stars."""

    network: Autoencoder
    items: int
    threads: int = 1

    def scores(self, folded: AnyMatrix, /) -> NDArray[np.float32]:
        """Scores (readers, items) for the half-stars `folded`; below three stars says nothing.

        Raises BadInteractions.
        """
        likes = likes_of(checked(folded, self.items))
        with quiet_torch(self.threads), torch.inference_mode():
            found: NDArray[np.float32] = self.network.logits(dense(likes)).numpy()
        return found


def trained(
    data: Data,
    seed: int,
    progress: Progress,
    schedule: Schedule,
    *,
    network: Callable[[int], Network],
    learner: Callable[[Network, Matrix], Learner],
    about: Mapping[str, Any],
) -> Scorer:
    """A `network` for so many items with the weights of the epoch best on a tenth of readers.

    `learner` trains it on the likes of the others; `about` tells its checkpoints from those of
    other networks. Raises BadInteractions, BadParameter; TooFewInteractions where there is nobody
    to set aside; with a folder for checkpoints as `loop.train`.
    """
    aside = Aside.of(data, seed)
    items = aside.rest.shape[1]
    with quiet_torch(schedule.threads, seed):
        made = network(items)
    scorer = Scorer(made, items, schedule.threads)
    train(
        learner(made, aside.rest),
        lambda: aside.quality(scorer),
        schedule,
        seed=seed,
        progress=progress,
        about={**about, "data": fingerprint(data)},
    )
    return scorer


def spread(layers: nn.Module) -> None:
    """Start the linear `layers` with Xavier's normal weights and zero biases."""
    for layer in layers.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
