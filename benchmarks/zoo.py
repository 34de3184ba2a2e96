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
import csv
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np

from recommender.contenders import CONTENDERS, Data, Model
from recommender.evaluation import KNOWN_SHARE, Fold, accuracy, ranked, split
from recommender.interactions import LIKE, Interactions, clean
from recommender.protocols import Told, strong

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
    if told.recbole is not None and not beside(told.recbole, told.ratings, found):
        sys.exit(1)


def read(path: Path) -> Told:
    """Likes in half-stars of the 10-core, and when."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file, delimiter="\t" if path.suffix == ".inter" else ","))[1:]
    people, films, stars, times = zip(*rows, strict=True)
    told = Interactions.from_triples(people, films, 2 * np.array(stars, dtype=float))
    core, _ = clean(told)
    kept = told.take(np.isin(told.readers, core.readers), np.isin(told.items, core.items))
    likes = kept.values_from(LIKE)
    moments = dict(zip(zip(people, films, strict=True), map(float, times), strict=True))
    entries = zip(*likes.matrix.nonzero(), strict=True)
    when = [moments[likes.readers[reader], likes.items[item]] for reader, item in entries]
    return Told(likes.matrix, np.array(when))


def halves(likes: Told, seed: int, hide: Hide) -> tuple[Data, Fold]:
    """Whom to learn from, with the order; what the others show and want, and their order."""
    found = strong(likes, seed)
    if hide == "any":
        return found.data, found.fold
    order = likes.order()
    if order is None:
        raise ValueError("found no times")
    ratings, order = likes.ratings[found.readers], order[found.readers]
    counts = np.diff(ratings.indptr)
    shown = np.minimum(np.round(KNOWN_SHARE * counts), counts - 1)
    early = order.data <= np.repeat(shown, counts)
    return found.data, split(ratings, early, ~early, order)


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


def beside(python: Path, ratings: Path, found: dict[tuple[str, Hide], list[float]]) -> bool:
    """Print RecBole's NDCG@100 beside ours; whether all of ours reach 98 % of it."""
    print(f"{'beside RecBole':28} NDCG@100     ours    share  seconds")
    enough = True
    for (name, hide), ours in found.items():
        if name not in NETWORKS:
            continue
        told = [
            run([str(python), str(PEER)], ratings, name, hide, seed) for seed in range(len(ours))
        ]
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


def run(command: list[str], ratings: Path, name: str, hide: Hide, seed: int) -> dict[str, float]:
    """What the peer says of one model on one split."""
    options = ["--ratings", str(ratings), "--model", name, "--hide", hide, "--seed", str(seed)]
    # It reads and splits with this file, and this project's code.
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
