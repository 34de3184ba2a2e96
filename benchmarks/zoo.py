"""The model zoo on held-out readers: `python benchmarks/zoo.py --ratings FILE`.

FILE is ratings.csv of MovieLens (latest-small), or ml-100k.inter as RecBole ships it. Ratings of
three stars and more count as likes; readers and items with ten of them stay. A fifth of readers is
held out for each seed (`--seeds`). First table: a fifth of what each of them likes is hidden at
random, the order is not told. Second table, where order matters: the last fifth is hidden, and
BERT4Rec is told the order, or not. With `--recbole PYTHON`, an environment with RecBole (see
peers/recbole_zoo.py), the networks are compared with RecBole's on the same splits; exits with 1 if
one of ours is more than 2 % behind. `--models` and `--tables` name some of them.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from scipy import sparse

from recommender.contenders import CONTENDERS, Data, Model
from recommender.evaluation import Fold, accuracy, only, ranked
from recommender.interactions import LIKE
from recommender.protocols import Told, strong, strong_in_order

Hide = Literal["any", "last"]

PLAIN = ("popularity", "knn", "als", "ease", "multvae", "recvae", "bert4rec")
NETWORKS = ("multvae", "recvae", "bert4rec")
AT_LEAST = 0.98  # of the NDCG@100 of the published implementation
PEER = Path(__file__).parent / "peers" / "recbole_zoo.py"
FIGURES = ("ndcg@100", "recall@20")


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ratings", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--models", default=",".join(PLAIN))
    parser.add_argument("--tables", default="plain,order")
    parser.add_argument("--recbole", type=Path, help="python of an environment with RecBole")
    told = parser.parse_args()
    models, tables = told.models.split(","), told.tables.split(",")
    likes = read(told.ratings)
    readers, items = likes.ratings.shape
    print(f"{readers} readers, {items} items, {likes.ratings.nnz:,} likes; {told.seeds} seeds")
    found: dict[tuple[str, Hide], list[float]] = {}
    if "plain" in tables:
        print(f"{'a fifth hidden at random':28} NDCG@100 Recall@20  seconds")
        for name in models:
            found[name, "any"] = row(likes, told.seeds, name, "any", ordered=False)
    if "order" in tables:
        print(f"{'the last fifth hidden':28} NDCG@100 Recall@20  seconds")
        row(likes, told.seeds, "ease", "last", ordered=False)
        row(likes, told.seeds, "bert4rec", "last", ordered=False)
        found["bert4rec", "last"] = row(likes, told.seeds, "bert4rec", "last", ordered=True)
    if told.recbole is not None and not beside(told.recbole, likes, found):
        sys.exit(1)


def read(path: Path) -> Told:
    """The likes of `webtoonctl evaluate --data`: in half-stars, of the 10-core, and when."""
    # Not at the top: the peer imports this file where there is no database.
    from tasks.evaluating_data import from_files  # noqa: PLC0415

    told = from_files(path, None, 5).told
    likes = told.ratings.data >= LIKE
    return Told(only(told.ratings, likes), None if told.times is None else told.times[likes])


def keep(likes: Told, path: Path) -> None:
    """Write what `kept` reads: the peer knows no more than numpy."""
    parts = {name: getattr(likes.ratings, name) for name in ("data", "indices", "indptr", "shape")}
    times = {} if likes.times is None else {"times": likes.times}
    np.savez(path, **parts, **times)


def kept(path: Path) -> Told:
    """The likes that were written by `keep`."""
    with np.load(path) as found:
        form = tuple(found[name] for name in ("data", "indices", "indptr"))
        ratings = sparse.csr_array(form, shape=tuple(found["shape"]))
        return Told(ratings, found.get("times"))


def halves(likes: Told, seed: int, hide: Hide) -> tuple[Data, Fold]:
    """Whom to learn from, what the others show and want; with the order where that is hidden."""
    found = (strong if hide == "any" else strong_in_order)(likes, seed)
    return found.data, found.fold


def row(likes: Told, seeds: int, name: str, hide: Hide, *, ordered: bool) -> list[float]:
    """Print the means over the seeds; NDCG@100 of each."""
    found = np.array(list(figures(likes, seeds, name, hide, ordered=ordered)))
    how = ", told the order" if ordered else ""
    ndcg, recall, seconds = found.mean(axis=0)
    print(f"  {name + how:26} {ndcg:8.4f} {recall:9.4f} {seconds:8.1f}", flush=True)
    return [float(value) for value in found[:, 0]]


def figures(
    likes: Told, seeds: int, name: str, hide: Hide, *, ordered: bool
) -> Iterator[tuple[float, float, float]]:
    """NDCG@100, Recall@20 and the seconds of the fit, for each seed."""
    for seed in range(seeds):
        data, fold = halves(likes, seed, hide)
        if not ordered:
            data, fold = Data(data.ratings), Fold(fold.known, fold.wanted)
        start = time.perf_counter()
        model: Model = CONTENDERS[name].fit(data, seed, told_nobody)
        seconds = time.perf_counter() - start
        by_reader = accuracy(ranked(model, fold, 100), fold.wanted, (20, 100))
        yield *(float(by_reader[figure].mean()) for figure in FIGURES), seconds


def told_nobody(_share: float) -> None:
    """No progress."""


def beside(python: Path, likes: Told, found: dict[tuple[str, Hide], list[float]]) -> bool:
    """Print RecBole's NDCG@100 beside ours; whether all of ours reach 98 % of it."""
    print(f"{'beside RecBole':28} NDCG@100     ours    share  seconds")
    enough = True
    for (name, hide), ours in found.items():
        if name not in NETWORKS:
            continue
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "likes.npz"
            keep(likes, file)
            command = [str(python), str(PEER), "--likes", str(file)]
            told = [run(command, name, hide, seed) for seed in range(len(ours))]
        theirs = float(np.mean([one["ndcg@100"] for one in told]))
        share = float(np.mean(ours)) / theirs
        seconds = float(np.mean([one["seconds"] for one in told]))
        title = name if hide == "any" else f"{name}, told the order"
        print(
            f"  {title:26} {theirs:8.4f} {np.mean(ours):8.4f} {share:8.3f} {seconds:8.1f}",
            flush=True,
        )
        enough &= share >= AT_LEAST
    return enough


def run(command: list[str], name: str, hide: Hide, seed: int) -> dict[str, float]:
    """What the peer says of one model on one split."""
    options = ["--model", name, "--hide", hide, "--seed", str(seed)]
    # It splits with this file, and this project's code.
    paths = os.pathsep.join(str(folder) for folder in Path(__file__).parents[:2])
    done = subprocess.run(
        [*command, *options],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": paths},
    )
    if done.returncode:
        sys.exit(f"{' '.join(command + options)} ended with {done.returncode}:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
