"""What a model learns from: ratings and readers' likes, cleaned, a tenth of readers set aside."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from db import catalogue, feedback, ratings
from db.catalogue import Work
from db.engine import Database
from db.ratings import Crawled
from db.tables import Verdict
from recommender.interactions import Interactions, Step
from recommender.splits import held_out
from tasks.cleaning import Cleaned, Triple, cleaned
from tasks.errors import NothingToDo

LIKED = 8  # half-stars: what a reader's 👍 counts as beside star ratings
LIKES = 10  # a bot reader needs so many before they train the model; serving never asks
ENOUGH_READERS = 500  # real readers after cleaning; from here on simulated ones are left out


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that training reads, as of one moment; `elsewhere` it only counts."""

    works: tuple[Work, ...]
    real: tuple[Triple, ...]
    simulated: tuple[Triple, ...]
    elsewhere: Crawled = field(default_factory=Crawled)


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """The ratings that training takes, cleaned, and those by people alone.

    The same, unless simulated ones joined in (`joined`). `demo`: some of these readers remain.
    """

    taken: Cleaned
    real: Cleaned
    joined: bool
    demo: bool


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
            elsewhere=ratings.crawled(session, elsewhere=True),
        )


def choose(snapshot: Snapshot) -> Chosen:
    """Cleans what real people said, and simulated ratings too while fewer than 500 remain."""
    real = cleaned(snapshot.works, snapshot.real, snapshot.elsewhere)
    if len(real.kept.readers) >= ENOUGH_READERS or not snapshot.simulated:
        return Chosen(real, real, joined=False, demo=False)
    both = cleaned(snapshot.works, snapshot.real + snapshot.simulated, snapshot.elsewhere)
    made_up = {reader for reader, _, _ in snapshot.simulated}
    return Chosen(both, real, joined=True, demo=not made_up.isdisjoint(both.kept.readers))


def prepare(snapshot: Snapshot) -> Material:
    """Cleans (three stars and more, ten of a reader and of a work) and splits.

    Simulated ratings join while fewer than 500 real readers remain.
    Raises NothingToDo when nothing remains to learn from.
    """
    if not snapshot.works:
        raise NothingToDo("There are no works yet: import a catalogue first.")
    if not snapshot.real and not snapshot.simulated:
        if snapshot.elsewhere.rows:
            raise NothingToDo(
                f"None of the {snapshot.elsewhere.rows} crawled ratings is of a work that is "
                "matched with one of ours yet."
            )
        raise NothingToDo("There are no ratings and no reader with ten likes yet.")
    chosen = choose(snapshot)
    kept, steps = chosen.taken.kept, chosen.taken.steps
    aside = np.fromiter(map(held_out, kept.readers), dtype=bool, count=len(kept.readers))
    if not len(aside):
        raise NothingToDo(
            f"Of {steps[0].rows} ratings nothing is left to learn from: a reader and a work count "
            "from ten ratings of three stars or more."
        )
    if aside.all():
        raise NothingToDo(
            f"All {len(aside)} readers who remain after cleaning are of the tenth that is held out."
        )
    every = np.ones(len(kept.items), dtype=bool)
    return Material(
        fit=kept.take(~aside, every),
        aside=kept.take(aside, every),
        works=snapshot.works,
        demo=chosen.demo,
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
