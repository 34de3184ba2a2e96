"""The networks of RecBole (1.2.1) on the splits of `benchmarks/zoo.py`, which starts this file.

How it is driven: RecBole's own classes MultiVAE, RecVAE and BERT4Rec are built with their own
default configuration, of which the sizes, rates and counts that this project's models have too are
set to ours. RecBole's trainer and data loaders are left out, as they know no readers without
training data: the matrix that RecBole's autoencoders look readers up in holds all of them, losses
are asked for those to be learnt from, answers for the others, of whom it holds what is known.
BERT4Rec gets its batches from RecBole's own MaskItemSequence; one whole list a reader and epoch
(RecBole's loader would add every beginning of it), shuffled in each, as ours, unless it is told the
order. Adam, batches, epochs, the readers set aside
and stopping by their NDCG@100 are the same as ours. Runs in an environment of its own, with
`pip install --no-deps recbole==1.2.1` and what it imports (torch, numpy<2, scipy, pandas<3, tqdm,
colorlog, colorama, scikit-learn, pyyaml, tensorboard, thop, tabulate, texttable, psutil).
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import recbole
import torch
import yaml
from numpy.typing import NDArray
from recbole.data.interaction import Interaction
from recbole.data.transform import MaskItemSequence
from recbole.model.general_recommender.multivae import MultiVAE
from recbole.model.general_recommender.recvae import RecVAE
from recbole.model.sequential_recommender.bert4rec import BERT4Rec
from scipy import sparse
from torch import Tensor
from zoo import halves, kept

from recommender.choosing import Aside
from recommender.contenders import Data, likes_of
from recommender.evaluation import Fold, accuracy, only, ranked
from recommender.interactions import LIKE, Matrix
from recommender.zoo import bert4rec, multvae, recvae
from recommender.zoo.schedule import Schedule

COMMON = {
    "USER_ID_FIELD": "user_id",
    "ITEM_ID_FIELD": "item_id",
    "NEG_PREFIX": "neg_",
    "LIST_SUFFIX": "_list",
    "ITEM_LIST_LENGTH_FIELD": "item_length",
    "device": "cpu",
}


Lists = list[NDArray[np.int64]]


class Config(dict[str, Any]):
    """RecBole's settings, which it reads by index, and asks for by attribute."""

    def __getattr__(self, name: str) -> object:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def configured(model: str, **ours: object) -> Config:
    """RecBole's defaults for `model`, with `ours` above them."""
    path = Path(recbole.__file__).parent / "properties" / "model" / f"{model}.yaml"
    return Config(COMMON | yaml.safe_load(path.read_text(encoding="utf-8")) | ours)


@dataclass
class Readers:
    """What RecBole asks a dataset: how many there are, and who has what. Item 0 is padding."""

    likes: Matrix

    def num(self, field: str) -> int:
        return self.likes.shape[0] if field == "user_id" else self.likes.shape[1] + 1

    def history_item_matrix(self) -> tuple[Tensor, Tensor, Tensor]:
        counts = np.diff(self.likes.indptr)
        items = np.zeros((len(counts), counts.max()), dtype=np.int64)
        items[np.arange(counts.max()) < counts[:, None]] = self.likes.indices + 1
        there = torch.from_numpy(items)
        return there, (there > 0).float(), torch.from_numpy(counts)


class Peer:
    """A model of RecBole: `epoch()` trains it once, `scores` asks it as ours are asked."""

    def __init__(
        self, module: torch.nn.Module, schedule: Schedule, rate: float, readers: int
    ) -> None:
        self.module, self.batch, self.readers = module, schedule.batch, readers
        self.rate = rate

    def batches(self) -> Iterator[Tensor]:
        yield from torch.randperm(self.readers).split(self.batch)

    def step(self, loss: Tensor, optimiser: torch.optim.Optimizer) -> None:
        self.module.zero_grad()
        loss.backward()
        optimiser.step()


class Autoencoder(Peer):
    """MultiVAE and RecVAE, which look readers up by their row."""

    def __init__(self, name: str, likes: Matrix, asked: list[Matrix]) -> None:
        ours = {"multvae": multvae, "recvae": recvae}[name]
        shape = ours.SHAPE
        readers = Readers(sparse.csr_array(sparse.vstack([likes, *asked])))
        module: MultiVAE | RecVAE
        if name == "multvae":
            module = MultiVAE(
                configured(
                    "MultiVAE",
                    mlp_hidden_size=[shape.hidden],
                    latent_dimension=2 * shape.latent,  # it counts means and variances
                    dropout_prob=shape.dropout,
                    anneal_cap=shape.beta,
                    total_anneal_steps=shape.anneal_steps / shape.beta,
                ),
                readers,
            )
        else:
            module = RecVAE(
                configured(
                    "RecVAE",
                    hidden_dimension=shape.hidden,
                    latent_dimension=shape.latent,
                    dropout_prob=shape.dropout,
                    gamma=shape.gamma,
                    n_enc_epochs=shape.encoder_passes,
                ),
                readers,
            )
            module.update_prior()
        super().__init__(module, ours.SCHEDULE, shape.learning_rate, likes.shape[0])
        self.name = name
        # Where the rows of each fold begin.
        starts = likes.shape[0] + np.cumsum([0] + [part.shape[0] for part in asked])
        self.rows = {_key(part): int(start) for part, start in zip(asked, starts, strict=False)}
        parts = (module.encoder, module.decoder) if name == "recvae" else (module,)
        self.optimisers = [torch.optim.Adam(part.parameters(), lr=self.rate) for part in parts]

    def epoch(self) -> None:
        if self.name == "multvae":
            for rows in self.batches():
                loss = self.module.calculate_loss({"user_id": rows})
                self.step(loss, self.optimisers[0])
            return
        for _ in range(recvae.SHAPE.encoder_passes):  # as RecBole's RecVAETrainer does
            for rows in self.batches():
                self.step(self.module.calculate_loss({"user_id": rows}, True), self.optimisers[0])
        self.module.update_prior()
        for rows in self.batches():
            self.step(self.module.calculate_loss({"user_id": rows}, False), self.optimisers[1])

    def scores(self, folded: Matrix, /) -> NDArray[np.float32]:
        start = self.rows[_key(likes_of(folded))]
        rows = torch.arange(start, start + folded.shape[0])
        with torch.inference_mode():
            found = self.module.full_sort_predict({"user_id": rows})
        return found.view(len(rows), -1).numpy()[:, 1:]


class Bert(Peer):
    """BERT4Rec, which is given lists of items."""

    def __init__(self, likes: Matrix, read: Lists, seed: int, *, ordered: bool) -> None:
        shape = bert4rec.SHAPE
        self.length = shape.length
        config = configured(
            "BERT4Rec",
            hidden_size=shape.width,
            inner_size=4 * shape.width,
            n_layers=shape.blocks,
            n_heads=shape.heads,
            hidden_dropout_prob=shape.dropout,
            attn_dropout_prob=shape.dropout,
            mask_ratio=shape.masked,
            ft_ratio=shape.last,
            layer_norm_eps=1e-12,  # as in the file, where plain YAML sees a string
            MAX_ITEM_LIST_LENGTH=shape.length,
        )
        self.dataset = Readers(likes)
        self.mask = MaskItemSequence(config)  # it writes into config what the model reads
        module = BERT4Rec(config, self.dataset)
        super().__init__(module, bert4rec.SCHEDULE, shape.learning_rate, likes.shape[0])
        self.seed, self.read, self.ordered = seed, read, ordered
        self.optimiser = torch.optim.Adam(module.parameters(), lr=self.rate)

    def epoch(self) -> None:
        drawn = np.random.default_rng(int(torch.randint(2**31, ())))
        read = self.read if self.ordered else [drawn.permutation(one) for one in self.read]
        items, lengths = self._padded(read)
        for rows in self.batches():
            told = Interaction({"item_id_list": items[rows], "item_length": lengths[rows]})
            self.step(self.module.calculate_loss(self.mask(self.dataset, told)), self.optimiser)

    def scores_in_order(self, folded: Matrix, order: Matrix, /) -> NDArray[np.float32]:
        return self._scores(lists(likes_of(folded), only(order, folded.data >= LIKE), self.seed))

    def scores(self, folded: Matrix, /) -> NDArray[np.float32]:
        return self._scores(lists(likes_of(folded), None, self.seed))

    def _scores(self, read: Lists) -> NDArray[np.float32]:
        items, lengths = self._padded(read)
        with torch.inference_mode():
            told = {"item_id_list": items, "item_length": lengths}
            found: NDArray[np.float32] = self.module.full_sort_predict(told).numpy()
        return found[:, 1:]

    def _padded(self, read: Lists) -> tuple[Tensor, Tensor]:
        cut = [words[-self.length :] for words in read]
        items = np.zeros((len(cut), self.length), dtype=np.int64)
        for row, words in zip(items, cut, strict=True):
            row[: len(words)] = words
        return torch.from_numpy(items), torch.tensor([len(words) for words in cut])


def lists(likes: Matrix, order: Matrix | None, seed: int) -> Lists:
    """The items of each reader, 1 and up, in order, or shuffled as ours are."""
    return bert4rec.shuffled(likes, seed) if order is None else bert4rec.sentences_of(likes, order)


def _key(likes: Matrix) -> tuple[int, bytes]:
    return likes.shape[0], likes.indices.tobytes()


def trained(peer: Autoencoder | Bert, quality: Callable[[], float], schedule: Schedule) -> int:
    """Train as `recommender.zoo.loop` does; how many epochs it took."""
    best, waited, kept, epoch = -1.0, 0, {}, 0
    while epoch < schedule.epochs and waited < schedule.patience:
        peer.module.train()
        peer.epoch()
        peer.module.eval()
        found = quality()
        epoch, waited = epoch + 1, waited + 1
        if found > best:
            best, waited = found, 0
            kept = {name: value.clone() for name, value in peer.module.state_dict().items()}
    peer.module.load_state_dict(kept)
    return epoch


def main() -> None:
    """Fit one model on one split; print NDCG@100, Recall@20, epochs and seconds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--likes", type=Path, required=True, help="as zoo.keep writes them")
    parser.add_argument("--model", choices=["multvae", "recvae", "bert4rec"], required=True)
    parser.add_argument("--hide", choices=["any", "last"], default="any")
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(told.seed)
    random.seed(told.seed)  # RecBole hides words by it
    data, test = halves(kept(told.likes), told.seed, told.hide)
    ordered = told.hide == "last"  # else nobody is told, theirs as little as ours
    if not ordered:
        data, test = Data(data.ratings), Fold(test.known, test.wanted)
    aside = Aside.of(data, told.seed, last=ordered)
    start = time.perf_counter()
    if told.model == "bert4rec":
        told_lists = lists(aside.rest, aside.order, told.seed)
        peer, schedule = (
            Bert(aside.rest, told_lists, told.seed, ordered=ordered),
            bert4rec.SCHEDULE,
        )
    else:
        asked = [likes_of(part.known) for part in (aside.folded, test)]
        peer = Autoencoder(told.model, aside.rest, asked)
        schedule = {"multvae": multvae, "recvae": recvae}[told.model].SCHEDULE
    epochs = trained(peer, lambda: aside.quality(peer), schedule)
    seconds = time.perf_counter() - start
    found = accuracy(ranked(peer, test, 100), test.wanted, (20, 100))
    figures = {name: float(values.mean()) for name, values in found.items()}
    print(json.dumps({**figures, "epochs": epochs, "seconds": seconds}))


if __name__ == "__main__":
    main()
