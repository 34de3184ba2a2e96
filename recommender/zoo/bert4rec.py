"""BERT4Rec: a reader's likes as a sentence, of which hidden words are guessed (Sun et al. 2019).

"BERT4Rec: Sequential Recommendation with Bidirectional Encoder Representations from Transformer",
https://arxiv.org/abs/1904.06690.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from recommender.choosing import Aside
from recommender.contenders import Data, Progress, likes_of
from recommender.errors import BadParameter
from recommender.evaluation import of_the_same, only
from recommender.interactions import LIKE, AnyMatrix, Matrix, checked
from recommender.zoo.loop import Phase, quiet_torch, train
from recommender.zoo.schedule import Schedule, fingerprint

PADDING = 0  # items are 1..items, the mask is items + 1
DEVIATION = 0.02  # of the first weights, as in BERT
CHUNK = 16  # sentences that go through the network together


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes, and how it is trained: a share `masked` of each sentence is hidden.

    Of a share `last` of the sentences it is only the last word, as when it is asked. `length` is
    that of a sentence with the mask; of a longer one the end counts.
    """

    width: int = 64
    blocks: int = 2
    heads: int = 2
    dropout: float = 0.2
    length: int = 100
    masked: float = 0.4
    last: float = 0.1
    learning_rate: float = 1e-3

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise BadParameter(f"found width = {self.width}, expected a multiple of {self.heads}")
        if not 0 < self.masked < 1:
            raise BadParameter(f"found masked = {self.masked}, expected 0 < masked < 1")


SHAPE = Shape()
SCHEDULE = Schedule(epochs=100, patience=15, batch=32)


class Block(nn.Module):
    """Attention of every word to every other, then a layer for each (section 3.3)."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, shape.dropout
        self.queries_keys_values = nn.Linear(shape.width, 3 * shape.width)
        self.heard = nn.Linear(shape.width, shape.width)
        self.thought = nn.Sequential(
            nn.Linear(shape.width, 4 * shape.width),
            nn.GELU(),
            nn.Linear(4 * shape.width, shape.width),
        )
        self.norms = nn.ModuleList(nn.LayerNorm(shape.width) for _ in range(2))

    def forward(self, words: Tensor, real: Tensor) -> Tensor:
        """`words` (batch, length, width); `real` (batch, length) is False where there is none."""
        batch, length, width = words.shape
        parts = self.queries_keys_values(words).view(batch, length, 3, self.heads, -1)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)  # (batch, heads, length, width/heads)
        heard = F.scaled_dot_product_attention(
            queries,
            keys,
            values,
            attn_mask=real[:, None, None, :],
            dropout_p=self.dropout if self.training else 0.0,
        )
        heard = self.heard(heard.transpose(1, 2).reshape(batch, length, width))
        words = self.norms[0](words + F.dropout(heard, self.dropout, self.training))
        thought = F.dropout(self.thought(words), self.dropout, self.training)
        found: Tensor = self.norms[1](words + thought)
        return found


class Bert(nn.Module):
    """Sentences of items, with their places, to a guess at each hidden word."""

    def __init__(self, items: int, shape: Shape) -> None:
        super().__init__()
        self.items, self.mask, self.dropout = items, items + 1, shape.dropout
        self.words = nn.Embedding(items + 2, shape.width, padding_idx=PADDING)
        self.places = nn.Embedding(shape.length, shape.width)
        self.norm = nn.LayerNorm(shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.guess = nn.Sequential(
            nn.Linear(shape.width, shape.width), nn.GELU(), nn.LayerNorm(shape.width)
        )
        self.bias = nn.Parameter(torch.zeros(items))
        self.apply(_start)

    def logits(self, sentences: Tensor, asked: Tensor) -> Tensor:
        """(number asked, items) for `sentences` (batch, length); `asked` marks places in them."""
        words = self.words(sentences) + self.places.weight[: sentences.shape[1]]
        words = F.dropout(self.norm(words), self.dropout, self.training)
        real = sentences != PADDING
        for block in self.blocks:
            words = block(words, real)
        guess = self.guess(words[asked])
        return F.linear(guess, self.words.weight[1 : self.items + 1], self.bias)


@dataclass(frozen=True, slots=True)
class Bert4Rec:
    """The trained network, asked what comes after a reader's likes.

    `seed` shuffles the likes of a reader of whom no order is known.
    """

    network: Bert
    items: int
    length: int
    seed: int
    threads: int = 1

    def scores(self, folded: AnyMatrix, /) -> NDArray[np.float32]:
        """Scores (readers, items) for the half-stars `folded`, in an arbitrary but fixed order.

        Below three stars says nothing. Raises BadInteractions.
        """
        likes = likes_of(checked(folded, self.items))
        return self._scores(shuffled(likes, self.seed))

    def scores_in_order(self, folded: AnyMatrix, order: Matrix, /) -> NDArray[np.float32]:
        """As `scores`, with the likes in the `order` given. Raises BadInteractions."""
        ratings = checked(folded, self.items)
        told = of_the_same(order, ratings)
        read = sentences_of(likes_of(ratings), only(told, ratings.data >= LIKE))
        return self._scores(read)

    def _scores(self, sentences: Sequence[NDArray[np.int64]]) -> NDArray[np.float32]:
        mask = np.array([self.network.mask])
        asked = padded([np.append(words, mask) for words in sentences], self.length)
        found = np.empty((len(sentences), self.items), dtype=np.float32)
        with quiet_torch(self.threads), torch.inference_mode():
            for start in range(0, len(found), 256):
                part = asked[start : start + 256]
                found[start : start + 256] = self.network.logits(part, part == self.network.mask)
        return found


@dataclass(slots=True)
class _Learner:
    network: Bert
    sentences: Tensor
    shape: Shape
    ordered: bool
    readers: int = field(init=False)
    phases: Sequence[Phase] = field(init=False)

    def __post_init__(self) -> None:
        self.readers = len(self.sentences)
        adam = torch.optim.Adam(self.network.parameters(), lr=self.shape.learning_rate)
        self.phases = (Phase(self._loss, adam),)

    def _loss(self, rows: Tensor, step: int) -> Tensor:  # noqa: ARG002 - as all losses
        sentences = self._read(rows)
        counts = (sentences != PADDING).sum(dim=1)
        hidden = self._hidden(sentences, counts)
        total = torch.zeros(())
        # Sentences of like length together: half of the batch would be padding otherwise.
        for part in torch.split(counts.argsort(), CHUNK):
            longest = int(counts[part].max())
            words, asked = sentences[part, :longest], hidden[part, :longest]
            logits = self.network.logits(words.masked_fill(asked, self.network.mask), asked)
            total = total + F.cross_entropy(logits, words[asked] - 1, reduction="sum")
        return total / hidden.sum()

    def _read(self, rows: Tensor) -> Tensor:
        sentences = self.sentences[rows]
        if self.ordered:
            return sentences
        drawn = torch.rand(sentences.shape).masked_fill(sentences == PADDING, 2.0)
        return sentences.gather(1, drawn.argsort(dim=1))[:, : self.shape.length]

    def _hidden(self, sentences: Tensor, counts: Tensor) -> Tensor:
        """Which words to hide: at least one of each sentence."""
        drawn = torch.rand(sentences.shape).masked_fill(sentences == PADDING, 2.0)
        hidden = drawn < self.shape.masked
        hidden |= drawn == drawn.min(dim=1, keepdim=True).values
        alone = torch.rand(len(sentences)) < self.shape.last
        ends = torch.arange(sentences.shape[1]) == counts[:, None] - 1
        return torch.where(alone[:, None], ends, hidden)


def fit(
    data: Data,
    seed: int,
    progress: Progress,
    *,
    shape: Shape = SHAPE,
    schedule: Schedule = SCHEDULE,
) -> Bert4Rec:
    """BERT4Rec with the weights of the epoch that is best on a tenth of readers.

    With an order it is best at what comes last, which is what it is made for.
    Without one each reader's likes are shuffled in each epoch anew, so that their places say
    nothing; what is left falls far behind models of the set (benchmarks/zoo.py). One fixed order
    would be worse still: its accidents are learnt by heart.
    Raises BadInteractions, BadParameter; TooFewInteractions where there is nobody to set aside;
    with a folder for checkpoints as `loop.train`.
    """
    aside = Aside.of(data, seed, last=True)
    likes = aside.rest
    ordered = aside.order is not None
    read = sentences_of(likes, likes if aside.order is None else aside.order)
    sentences = padded(read, shape.length) if ordered else padded(read)
    with quiet_torch(schedule.threads, seed):
        network = Bert(likes.shape[1], shape)
    model = Bert4Rec(network, likes.shape[1], shape.length, seed, schedule.threads)
    train(
        _Learner(network, sentences, shape, ordered),
        lambda: aside.quality(model),
        schedule,
        seed=seed,
        progress=progress,
        about={"model": "bert4rec", **asdict(shape), "data": fingerprint(data)},
    )
    return model


def sentences_of(likes: Matrix, order: Matrix) -> list[NDArray[np.int64]]:
    """The items of each reader from the first to the last, as words 1..items."""
    found = []
    for start, stop in zip(likes.indptr, likes.indptr[1:], strict=False):
        first_to_last = np.argsort(order.data[start:stop], kind="stable")
        found.append(likes.indices[start:stop][first_to_last].astype(np.int64) + 1)
    return found


def shuffled(likes: Matrix, seed: int) -> list[NDArray[np.int64]]:
    """The items of each reader in an order that hangs on nothing but the seed and the items."""
    found = []
    for start, stop in zip(likes.indptr, likes.indptr[1:], strict=False):
        items = likes.indices[start:stop].astype(np.int64)
        found.append(np.random.default_rng([seed, *items]).permutation(items) + 1)
    return found


def padded(sentences: Sequence[NDArray[np.int64]], length: int | None = None) -> Tensor:
    """The last `length` words of each, (sentences, the longest of them) int64, padded behind."""
    cut = [words[-length:] if length else words for words in sentences]
    found = np.full((len(cut), max(map(len, cut), default=0)), PADDING, dtype=np.int64)
    for row, words in zip(found, cut, strict=True):
        row[: len(words)] = words
    return torch.from_numpy(found)


def _start(layer: nn.Module) -> None:
    if isinstance(layer, nn.Linear | nn.Embedding):
        nn.init.normal_(layer.weight, std=DEVIATION)
    if isinstance(layer, nn.Linear):
        nn.init.zeros_(layer.bias)
