"""Readers as dense rows of likes, for the networks that look at all items at once."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from recommender.contenders import likes_of
from recommender.interactions import AnyMatrix, Matrix, checked
from recommender.zoo.loop import quiet_torch


class Autoencoder(Protocol):
    """A network that says what a reader with these likes may like besides."""

    def logits(self, likes: Tensor) -> Tensor:
        """(readers, items) for `likes` (readers, items), without any chance in it."""
        ...


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


def spread(layers: nn.Module) -> None:
    """Start the linear `layers` with Xavier's normal weights and zero biases."""
    for layer in layers.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_normal_(layer.weight)
            nn.init.zeros_(layer.bias)
