"""The demo: a catalogue of well-known works that ships with us, and readers that are made up."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import resources

import numpy as np

from db import catalogue, ratings
from db.catalogue import Facts, Upserted, Work
from db.engine import Database
from db.ratings import Star
from recommender.simulate import simulate
from tasks.features import features_of

CATALOGUE_SOURCE = "naver"
RATINGS_SOURCE = "demo"
READERS = 1_759  # as many as the ratings this project is made for have
SEED = 20240601  # the catalogue's month; another seed is another crowd


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading the demo wrote: works, and simulated ratings (0: they were there already)."""

    works: Upserted
    ratings: int

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.works.new or self.works.changed or self.ratings)


def load(database: Database, now: datetime) -> Loaded:
    """Puts the demo's works and simulated ratings into the database, in one transaction.

    A second time writes only what differs from what ships. Raises Unreachable.
    """
    facts = list(shipped())
    order = {f"{CATALOGUE_SOURCE}:{fact.external_id}": n for n, fact in enumerate(facts)}
    with database.write() as session:
        works = catalogue.upsert(session, facts, now)
        known = [work for work in catalogue.works(session) if work.key in order]
        known.sort(key=lambda work: order[work.key])
        stars = made_up(known, READERS)
        told = [
            (f"{RATINGS_SOURCE}:{star.rater}", star.webtoon_id, star.half_stars) for star in stars
        ]
        if sorted(told) == sorted(ratings.triples(session, simulated=True)):
            return Loaded(works, 0)
        ratings.clear_simulated(session)
        written = ratings.upsert(session, RATINGS_SOURCE, stars, simulated=True)
    return Loaded(works, written)


def shipped() -> Iterator[Facts]:
    """The works of the demo catalogue, the most widely known first."""
    file = resources.files("tasks").joinpath("demo/catalogue.csv")
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            yield Facts(
                source=CATALOGUE_SOURCE,
                external_id=row["external_id"],
                title=row["title"],
                title_en=row["title_en"],
                authors=_several(row["authors"]),
                genres=_several(row["genres"]),
                keywords=_several(row["keywords"]),
                weekdays=_several(row["weekdays"]),
                finished=row["finished"] == "1",
                adult=row["age"] == "19",
                url=row["url"],
                age=int(row["age"]),
            )


def _several(field: str) -> tuple[str, ...]:
    return tuple(field.split("|")) if field else ()


def made_up(works: Sequence[Work], readers: int) -> list[Star]:
    """Ratings by so many simulated readers of `works`, which are ordered by how known they are."""
    crowd = simulate(features_of(works), np.arange(len(works)), readers, SEED)
    ids = [work.id for work in works]
    rows = zip(crowd.readers, crowd.items.tolist(), crowd.half_stars.tolist(), strict=True)
    return [Star(reader, ids[row], half_stars) for reader, row, half_stars in rows]
