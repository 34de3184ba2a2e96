"""Mult-VAE: a variational autoencoder with a multinomial likelihood (Liang et al. 2018).

"Variational Autoencoders for Collaborative Filtering", https://arxiv.org/abs/1802.05814.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recommender.contenders import Data, Progress
from recommender.interactions import Matrix
from recommender.zoo.dense import Scorer, dense, spread, trained
from recommender.zoo.loop import Phase
from recommender.zoo.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Shape:
    """The network of section 4.4 (items, hidden, latent, hidden, items) and how it is trained.

    beta, the weight of the KL term, rises to `beta` in `anneal_steps` updates and stays there.
    """

    hidden: int = 600
    latent: int = 200
    dropout: float = 0.5
    beta: float = 0.5
    anneal_steps: int = 1_000
    learning_rate: float = 1e-3
    weight_decay: float = 0.0


SHAPE = Shape()
SCHEDULE = Schedule(epochs=200, patience=20, batch=100)


class MultVae(nn.Module):
    """q(z | x) is a Gaussian, p(x | z) a multinomial; both are networks with one hidden layer."""

    def __init__(self, items: int, shape: Shape) -> None:
        super().__init__()
        self.dropout = shape.dropout
        self.encoder = nn.Sequential(
            nn.Linear(items, shape.hidden), nn.Tanh(), nn.Linear(shape.hidden, 2 * shape.latent)
        )
        self.decoder = nn.Sequential(
            nn.Linear(shape.latent, shape.hidden), nn.Tanh(), nn.Linear(shape.hidden, items)
        )
        spread(self)

    def encode(self, likes: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of z, (readers, latent) each."""
        hidden = F.dropout(F.normalize(likes), self.dropout, self.training)
        mean, log_variance = self.encoder(hidden).chunk(2, dim=1)
        return mean, log_variance

    def logits(self, likes: Tensor) -> Tensor:
        """f(mean of z), (readers, items): the prediction of section 3.5."""
        logits: Tensor = self.decoder(self.encode(likes)[0])
        return logits

    def loss(self, likes: Tensor, beta: float) -> Tensor:
        """The negative ELBO with the KL term weighed by `beta` (equation 7), mean over readers."""
        mean, log_variance = self.encode(likes)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        log_likelihood = (F.log_softmax(self.decoder(z), dim=1) * likes).sum(dim=1)
        divergence = (log_variance.exp() + mean**2 - 1 - log_variance).sum(dim=1) / 2
        return (beta * divergence - log_likelihood).mean()


@dataclass(slots=True)
class _Learner:
    network: MultVae
    likes: Matrix
    shape: Shape
    readers: int = field(init=False)
    phases: Sequence[Phase] = field(init=False)

    def __post_init__(self) -> None:
        self.readers = self.likes.shape[0]
        adam = torch.optim.Adam(
            self.network.parameters(),
            lr=self.shape.learning_rate,
            weight_decay=self.shape.weight_decay,
        )
        self.phases = (Phase(self._loss, adam),)

    def _loss(self, rows: Tensor, step: int) -> Tensor:
        risen = min(1.0, step / self.shape.anneal_steps)
        return self.network.loss(dense(self.likes, rows), self.shape.beta * risen)


def fit(
    data: Data,
    seed: int,
    progress: Progress,
    *,
    shape: Shape = SHAPE,
    schedule: Schedule = SCHEDULE,
) -> Scorer:
    """Mult-VAE with the weights of the epoch that is best on a tenth of readers.

    Raises as `dense.trained`.
    """
    return trained(
        data,
        seed,
        progress,
        schedule,
        network=lambda items: MultVae(items, shape),
        learner=lambda network, likes: _Learner(network, likes, shape),
        about={"model": "mult-vae", **asdict(shape)},
    )
