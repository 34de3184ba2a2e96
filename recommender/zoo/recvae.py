"""RecVAE: Mult-VAE with a prior that remembers, and encoder and decoder in turn (Shenbin 2020).

"RecVAE: A New Variational Autoencoder for Top-N Recommendations with Implicit Feedback",
https://arxiv.org/abs/1912.11160.
"""

import math
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

LAYERS = 5
NORM_EPS = 0.1  # of the authors' code
# Of the prior's three Gaussians: the standard one, the encoder of the last epoch, a wide one.
MIXTURE = (0.15, 0.75, 0.1)
WIDE_LOG_VARIANCE = 10.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes, and how it is trained: the KL term weighs `gamma` times the reader's likes."""

    hidden: int = 600
    latent: int = 200
    dropout: float = 0.5
    gamma: float = 0.005
    encoder_passes: int = 3
    learning_rate: float = 5e-4


SHAPE = Shape()
SCHEDULE = Schedule(epochs=100, patience=15, batch=100)


class Encoder(nn.Module):
    """Likes to mean and log variance of z, (readers, latent) each; every layer sees all before."""

    def __init__(self, items: int, shape: Shape) -> None:
        super().__init__()
        sizes = [items] + [shape.hidden] * (LAYERS - 1)
        self.layers = nn.ModuleList(nn.Linear(size, shape.hidden) for size in sizes)
        self.norms = nn.ModuleList(nn.LayerNorm(shape.hidden, eps=NORM_EPS) for _ in sizes)
        self.mean = nn.Linear(shape.hidden, shape.latent)
        self.log_variance = nn.Linear(shape.hidden, shape.latent)

    def forward(self, likes: Tensor, dropout: float = 0.0) -> tuple[Tensor, Tensor]:
        """Figure 2 of the paper; `dropout` hides that share of the likes, in evaluation too."""
        hidden = F.dropout(F.normalize(likes), dropout)
        before = torch.zeros((), dtype=likes.dtype)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            hidden = norm(F.silu(layer(hidden) + before))
            before = before + hidden
        return self.mean(hidden), self.log_variance(hidden)


class RecVae(nn.Module):
    """A deep encoder, a linear decoder, and a prior that knows the encoder of the epoch before."""

    def __init__(self, items: int, shape: Shape) -> None:
        super().__init__()
        self.encoder = Encoder(items, shape)
        self.decoder = nn.Linear(shape.latent, items)
        spread(self)
        self.before = Encoder(items, shape).requires_grad_(False)
        self.remember()

    def remember(self) -> None:
        """Make today's encoder the one of the prior."""
        self.before.load_state_dict(self.encoder.state_dict())

    def logits(self, likes: Tensor) -> Tensor:
        """What the decoder makes of the mean of z, (readers, items)."""
        logits: Tensor = self.decoder(self.encoder(likes)[0])
        return logits

    def loss(self, likes: Tensor, gamma: float, dropout: float) -> Tensor:
        """The negative ELBO of section 3, the mean over readers, from one z of each."""
        mean, log_variance = self.encoder(likes, dropout)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        log_likelihood = (F.log_softmax(self.decoder(z), dim=1) * likes).sum(dim=1)
        divergence = (log_density(z, mean, log_variance) - self._log_prior(z, likes)).sum(dim=1)
        return (gamma * likes.sum(dim=1) * divergence - log_likelihood).mean()

    def _log_prior(self, z: Tensor, likes: Tensor) -> Tensor:
        """log p(z | old parameters, likes) of each coordinate, (readers, latent): section 3.3."""
        zero = torch.zeros((), dtype=z.dtype)
        with torch.no_grad():
            mean, log_variance = self.before(likes)
        parts = (
            log_density(z, zero, zero),
            log_density(z, mean, log_variance),
            log_density(z, zero, zero + WIDE_LOG_VARIANCE),
        )
        weighed = [part + math.log(share) for part, share in zip(parts, MIXTURE, strict=True)]
        return torch.logsumexp(torch.stack(weighed), dim=0)


def log_density(z: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
    """Of a Gaussian at `z`, coordinate by coordinate."""
    return -(log_variance + math.log(2 * math.pi) + (z - mean) ** 2 / log_variance.exp()) / 2


@dataclass(slots=True)
class _Learner:
    network: RecVae
    likes: Matrix
    shape: Shape
    readers: int = field(init=False)
    phases: Sequence[Phase] = field(init=False)

    def __post_init__(self) -> None:
        self.readers = self.likes.shape[0]
        network, rate = self.network, self.shape.learning_rate
        encoder = torch.optim.Adam(network.encoder.parameters(), lr=rate)
        decoder = torch.optim.Adam(network.decoder.parameters(), lr=rate)
        # Section 3.4: the encoder learns to see through noise, the decoder sees all likes.
        self.phases = (
            Phase(self._noisy_loss, encoder, self.shape.encoder_passes),
            Phase(self._loss, decoder, prepare=network.remember),
        )

    def _noisy_loss(self, rows: Tensor, step: int) -> Tensor:  # noqa: ARG002 - as all losses
        likes = dense(self.likes, rows)
        return self.network.loss(likes, self.shape.gamma, self.shape.dropout)

    def _loss(self, rows: Tensor, step: int) -> Tensor:  # noqa: ARG002
        return self.network.loss(dense(self.likes, rows), self.shape.gamma, dropout=0.0)


def fit(
    data: Data,
    seed: int,
    progress: Progress,
    *,
    shape: Shape = SHAPE,
    schedule: Schedule = SCHEDULE,
) -> Scorer:
    """RecVAE with the weights of the epoch that is best on a tenth of readers.

    Raises as `dense.trained`.
    """
    return trained(
        data,
        seed,
        progress,
        schedule,
        network=lambda items: RecVae(items, shape),
        learner=lambda network, likes: _Learner(network, likes, shape),
        about={"model": "recvae", **asdict(shape)},
    )
