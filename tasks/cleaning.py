"""The one way from ratings as they are stored to what a model learns from, and what each step left.

docs/data.md tells it in words. Training and the report both go this way.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from db.catalogue import Work
from db.ratings import Crawled
from recommender.interactions import LIKE, Interactions, Step, clean

MINIMUM = 10  # of a reader, and of a work

Triple = tuple[str, int, int]  # reader ("source:rater" or "reader:<id>"), webtoon id, half-stars


@dataclass(frozen=True, slots=True, eq=False)
class Cleaned:
    """What the cleaning was given, what it kept, and what each of its steps left.

    `ours`: half-stars of our works, one per reader and work. `kept`: those of them, low ones too,
    of the readers and works that remain; all works are its columns, in the catalogue's order and
    named by their keys. `before`: how many ratings of 1 to 10 half-stars there were at first.
    """

    ours: Interactions
    kept: Interactions
    steps: tuple[Step, ...]
    before: tuple[int, ...]


def cleaned(
    works: Sequence[Work], triples: Sequence[Triple], elsewhere: Crawled | None = None
) -> Cleaned:
    """Cleans ratings, step by step; each step is counted.

    1. "as read": all that is stored and shown. Of `elsewhere`, the ratings of works that are not
       ours, only the numbers are known: no model can learn from them.
    2. "of our works": those of works in the catalogue.
    3. "one per reader and work": several works of a site may be one of ours; of several ratings
       the last one given counts.
    4. "at least 3 stars": the likes.
    5. "pass 1: items with 10 or more", "pass 1: readers with 10 or more", "pass 2: …": works, then
       readers, with fewer than ten of these are dropped, until nothing changes (the 10-core).

    Step 4 decides who remains; of those who do, low ratings are kept too.
    """
    away = elsewhere or Crawled()
    keys = {work.id: work.key for work in works}
    # A snapshot may hold ratings of a work that was deleted by hand.
    known = [triple for triple in triples if triple[1] in keys]
    first = np.concatenate([_values(triples), np.repeat(np.arange(1, 11), away.stars)])
    ours = Interactions.from_triples(
        [reader for reader, _, _ in known],
        [keys[webtoon] for _, webtoon, _ in known],
        _values(known),
        duplicates="last",
    )
    core, steps = clean(ours, LIKE, minimum=MINIMUM)
    once, likes, *passes = steps
    readers = len(away.raters.union(reader for reader, _, _ in triples))
    items = len({webtoon for _, webtoon, _ in triples}) + away.works
    kept = ours.take(_among(ours.readers, core.readers), _among(ours.items, core.items))
    return Cleaned(
        ours,
        kept.aligned(tuple(keys.values())),
        (
            Step.of("as read", readers, items, first),
            Step.of("of our works", once.readers, once.items, _values(known)),
            replace(once, name="one per reader and work"),
            replace(likes, name=f"at least {LIKE / 2:g} stars"),
            *passes,
        ),
        tuple(np.bincount(first, minlength=11)[1:].tolist()),
    )


def _values(triples: Sequence[Triple]) -> NDArray[np.int64]:
    return np.fromiter((half_stars for _, _, half_stars in triples), np.int64, len(triples))


def _among(ids: tuple[str, ...], kept: tuple[str, ...]) -> NDArray[np.bool_]:
    wanted = set(kept)
    return np.fromiter((id_ in wanted for id_ in ids), dtype=bool, count=len(ids))
