"""What a model learns from: ratings and readers' likes, cleaned, a tenth of readers set aside."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from db import catalogue, feedback, ratings
from db.catalogue import Work
from db.engine import Database
from db.tables import Verdict
from recommender.interactions import LIKE, Interactions, Step, clean
from recommender.splits import held_out
from tasks.errors import NothingToDo

LIKED = 8  # half-stars: what a reader's 👍 counts as beside star ratings
LIKES = 10  # a bot reader needs so many before they train the model; serving never asks
ENOUGH_READERS = 500  # real readers after cleaning; from here on simulated ones are left out

Triple = tuple[str, int, int]  # reader ("source:rater" or "reader:<id>"), webtoon id, half-stars


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that training reads, as of one moment."""

    works: tuple[Work, ...]
    real: tuple[Triple, ...]
    simulated: tuple[Triple, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Half-stars of those who remain after cleaning, split by who is held out of every fit.

    Both parts have all works as columns, in the catalogue's order and named by their keys.
    `demo`: simulated readers are among them. `steps`: what each step of the cleaning left.
    """

    fit: Interactions
    aside: Interactions
    works: tuple[Work, ...]
    demo: bool
    steps: tuple[Step, ...]


def read(database: Database) -> Snapshot:
    """Works, ratings and verdicts of one moment. Raises Unreachable."""
    with database.read() as session:
        return Snapshot(
            works=tuple(catalogue.works(session)),
            real=(
                *ratings.triples(session, simulated=False),
                *_likes(feedback.for_training(session)),
            ),
            simulated=tuple(ratings.triples(session, simulated=True)),
        )


def prepare(snapshot: Snapshot) -> Material:
    """Cleans (three stars and more, ten of a reader and of a work) and splits.

    Simulated ratings join while fewer than 500 real readers remain.
    Raises NothingToDo when nothing remains to learn from.
    """
    if not snapshot.works:
        raise NothingToDo("There are no works yet: import a catalogue first.")
    if not snapshot.real and not snapshot.simulated:
        raise NothingToDo("There are no ratings and no reader with ten likes yet.")
    triples: tuple[Triple, ...] = snapshot.real
    cleaned, steps = _cleaned(snapshot.works, triples)
    made_up: set[str] = set()
    if len(cleaned.readers) < ENOUGH_READERS and snapshot.simulated:
        triples += snapshot.simulated
        made_up = {reader for reader, _, _ in snapshot.simulated}
        cleaned, steps = _cleaned(snapshot.works, triples)
    aside = np.fromiter(map(held_out, cleaned.readers), dtype=bool, count=len(cleaned.readers))
    if not len(aside):
        raise NothingToDo(
            f"Of {len(triples)} ratings nothing is left to learn from: a reader and a work count "
            "from ten ratings of three stars or more."
        )
    if aside.all():
        raise NothingToDo(
            f"All {len(aside)} readers who remain after cleaning are of the tenth that is held out."
        )
    every = np.ones(len(cleaned.items), dtype=bool)
    return Material(
        fit=cleaned.take(~aside, every),
        aside=cleaned.take(aside, every),
        works=snapshot.works,
        demo=not made_up.isdisjoint(cleaned.readers),
        steps=steps,
    )


def _likes(verdicts: Iterable[tuple[int, int, Verdict]]) -> list[Triple]:
    by_reader: dict[int, list[int]] = {}
    for reader, webtoon, verdict in verdicts:
        if verdict is Verdict.LIKE:
            by_reader.setdefault(reader, []).append(webtoon)
    return [
        (f"reader:{reader}", webtoon, LIKED)
        for reader, liked in by_reader.items()
        if len(liked) >= LIKES
        for webtoon in liked
    ]


def _cleaned(
    works: tuple[Work, ...], triples: tuple[Triple, ...]
) -> tuple[Interactions, tuple[Step, ...]]:
    """All half-stars, also low ones, of the readers and works in the core of the likes."""
    keys = {work.id: work.key for work in works}
    # A snapshot may hold ratings of a work that was deleted by hand.
    known = [triple for triple in triples if triple[1] in keys]
    everything = Interactions.from_triples(
        [reader for reader, _, _ in known],
        [keys[webtoon] for _, webtoon, _ in known],
        [half_stars for _, _, half_stars in known],
    )
    core, steps = clean(everything, LIKE, minimum=10)
    kept = everything.take(
        _among(everything.readers, core.readers), _among(everything.items, core.items)
    )
    return kept.aligned(tuple(keys.values())), steps


def _among(ids: tuple[str, ...], kept: tuple[str, ...]) -> NDArray[np.bool_]:
    wanted = set(kept)
    return np.fromiter((id_ in wanted for id_ in ids), dtype=bool, count=len(ids))
