"""The one loop that trains every network of the zoo: early stopping, seeds, progress, checkpoints.

A learner brings its network, its optimisers and the losses; the loop decides on which readers,
in which order, how long, and which weights are kept.
"""

import copy
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from recommender.contenders import Progress
from recommender.errors import BadParameter
from recommender.zoo import checkpoint
from recommender.zoo.schedule import Schedule

State = dict[str, Tensor]


@dataclass(frozen=True, slots=True)
class Phase:
    """`passes` over all readers in each epoch, in which `optimiser` follows `loss`.

    `loss(rows, step)` is that of the readers `rows` (batch,) int64; `step` counts the updates of
    the phase from 0. `prepare` is called before the first pass of an epoch.
    """

    loss: Callable[[Tensor, int], Tensor]
    optimiser: Optimizer
    passes: int = 1
    prepare: Callable[[], None] = lambda: None


class Learner(Protocol):
    """A network to be trained on `readers`."""

    @property
    def network(self) -> nn.Module:
        """What is trained, and kept."""
        ...

    @property
    def phases(self) -> Sequence[Phase]:
        """What an epoch consists of."""
        ...

    @property
    def readers(self) -> int:
        """How many there are; losses are asked for rows 0..readers-1."""
        ...


@dataclass(slots=True)
class History:
    """How the training went: the quality after each epoch, and the weights of the best."""

    qualities: list[float] = field(default_factory=list)
    best: State = field(default_factory=dict)

    @property
    def best_epoch(self) -> int:
        """The epoch (from 0) with the highest quality, of equals the first."""
        return int(np.argmax(self.qualities))

    def over(self, schedule: Schedule) -> bool:
        """Whether the epochs are used up, or `patience` of them brought nothing better."""
        done = len(self.qualities)
        waited = done - 1 - self.best_epoch if done else 0
        return done >= schedule.epochs or waited >= schedule.patience


def train(
    learner: Learner,
    quality: Callable[[], float],
    schedule: Schedule,
    *,
    seed: int,
    progress: Progress,
    about: Mapping[str, Any] = MappingProxyType({}),
) -> History:
    """Train until `quality`, asked after each epoch, has not risen for `schedule.patience` epochs.

    The network is left in evaluation mode with its best weights. Every epoch has its own seed,
    derived from `seed`, so that a run that goes on from a checkpoint is the run it would have
    been. A checkpoint in `schedule.folder` is gone on from if it is of the same `about` (plain
    JSON: model, data, parameters), seed and batch. The state of torch's global generator and
    thread count is afterwards what it was.
    Raises BadParameter for a checkpoint of another fit and where the loss is no longer a number,
    ArtifactNotWritten, ArtifactDamaged.
    """
    fit = {**about, "seed": seed, "batch": schedule.batch}
    history = History()
    if schedule.folder is not None:
        checkpoint.resume(schedule.folder, learner, history, fit)
    with quiet_torch(schedule.threads):
        while not history.over(schedule):
            epoch = len(history.qualities)
            torch.manual_seed(_seed_of(seed, epoch))
            learner.network.train()
            run_epoch(learner, epoch, schedule.batch)
            learner.network.eval()
            with torch.inference_mode():
                history.qualities.append(quality())
            if history.best_epoch == epoch:
                history.best = copy.deepcopy(learner.network.state_dict())
            last = history.over(schedule)
            if schedule.folder is not None and (last or (epoch + 1) % schedule.every == 0):
                checkpoint.keep(schedule.folder, learner, history, fit)
            if not last:
                progress((epoch + 1) / schedule.epochs)
    progress(1.0)
    learner.network.load_state_dict(history.best)
    learner.network.eval()
    return history


def run_epoch(learner: Learner, epoch: int, batch: int) -> None:
    """Every phase over all readers in random order. Raises BadParameter if a loss is no number."""
    steps = math.ceil(learner.readers / batch)
    for phase in learner.phases:
        phase.prepare()
        for number in range(phase.passes):
            first = (epoch * phase.passes + number) * steps
            shuffled = torch.randperm(learner.readers)
            for step, rows in enumerate(torch.split(shuffled, batch), start=first):
                # All of them: another phase's parameters have gathered gradients too.
                learner.network.zero_grad()
                loss = phase.loss(rows, step)
                if not torch.isfinite(loss):
                    raise BadParameter(
                        f"found the loss {loss.item()} in epoch {epoch}, expected a number; "
                        "try a smaller learning rate"
                    )
                torch.autograd.backward(loss)
                phase.optimiser.step()


@contextmanager
def quiet_torch(threads: int, seed: int | None = None) -> Iterator[None]:
    """Torch with `threads` threads, its global generator seeded if asked, and both put back."""
    before = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.manual_seed(_seed_of(seed, 0) + 1)
        torch.set_num_threads(threads)
        try:
            yield
        finally:
            torch.set_num_threads(before)


def _seed_of(seed: int, epoch: int) -> int:
    return int(np.random.default_rng([seed, epoch]).integers(2**62))
