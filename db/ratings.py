"""Star ratings from outside: imported, crawled, or simulated, which is marked in every row.

Crawled ratings count once their foreign work is matched with one of ours and as long as their site
shows them. Several foreign works may be matched with one of ours, so a rater may have several
ratings of it: the one that was seen last stands (`rated_at` of an import, `seen_at` of a crawl; an
import without a time comes first), and of two that were seen at once the one with the higher code.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    delete,
    false,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import Session

from db import bulk
from db.crawl_tables import CrawledRating, ForeignWork
from db.foreign import MatchState
from db.tables import Rating

_BATCH = 1000  # rows a statement
_SHOWN = CrawledRating.gone_at.is_(None)
_MATCHED = (ForeignWork.state == MatchState.MATCHED) & ForeignWork.webtoon_id.is_not(None)


@dataclass(frozen=True, slots=True)
class Star:
    """One rating: `rater` is an opaque id within its source, `half_stars` 1..10."""

    rater: str
    webtoon_id: int
    half_stars: int
    rated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many ratings and raters there are, and how many of them are simulated."""

    rows: int
    raters: int
    simulated_rows: int
    simulated_raters: int


@dataclass(frozen=True, slots=True)
class Crawled:
    """Crawled ratings, counted: `stars[n]` of them are of n + 1 half-stars, by these raters."""

    raters: frozenset[str] = frozenset()  # "source:rater"
    works: int = 0
    stars: tuple[int, ...] = (0,) * 10

    @property
    def rows(self) -> int:
        """How many ratings there are."""
        return sum(self.stars)

    @property
    def mean(self) -> float | None:
        """Their mean in stars; None if there are none."""
        if not self.rows:
            return None
        return sum(n * count for n, count in enumerate(self.stars, start=1)) / self.rows / 2

    @property
    def sd(self) -> float | None:
        """Their standard deviation in stars, of the population; None if there are none."""
        mean = self.mean
        if mean is None:
            return None
        squares = sum(count * (n / 2 - mean) ** 2 for n, count in enumerate(self.stars, start=1))
        return math.sqrt(squares / self.rows)


def upsert(session: Session, source: str, stars: Iterable[Star], *, simulated: bool = False) -> int:
    """Adds ratings, the later one of a (rater, work) counting; how many rows were written."""
    written = 0
    for batch in bulk.batches(stars, _BATCH):
        rows = {
            (star.rater, star.webtoon_id): {
                "source": source,
                "rater": star.rater,
                "webtoon_id": star.webtoon_id,
                "half_stars": star.half_stars,
                "rated_at": star.rated_at,
                "simulated": simulated,
            }
            for star in batch
        }
        bulk.upsert(
            session,
            Rating,
            list(rows.values()),
            keys=("source", "rater", "webtoon_id"),
            set_=("half_stars", "rated_at"),
        )
        written += len(batch)
    return written


def triples(session: Session, *, simulated: bool) -> list[tuple[str, int, int]]:
    """("source:rater", webtoon id, half-stars) of all real, or all simulated, ratings of our works.

    By source, rater and work. Of a rater's several ratings of one work, the last one stands.
    """
    told = every()
    query = (
        select(told.c.source + ":" + told.c.rater, told.c.webtoon_id, told.c.half_stars)
        .where(told.c.simulated == simulated)
        .order_by(
            told.c.source,
            told.c.rater,
            told.c.webtoon_id,
            told.c.seen_at.nulls_first(),
            told.c.code,
        )
    )
    return list(session.execute(query))


def like_counts(session: Session, threshold: int) -> dict[int, int]:
    """How many raters gave each of our works at least `threshold` half-stars, as it stands."""
    # Only who is crawled can have several of a work: a sort of all others would take a second.
    crawled_too = Rating.source.in_(select(ForeignWork.source))
    stored = select(Rating.webtoon_id, func.count()).where(~crawled_too)
    stored = stored.where(Rating.half_stars >= threshold).group_by(Rating.webtoon_id)
    told = standing(crawled_too)
    doubtful = select(told.c.webtoon_id, func.count()).where(told.c.half_stars >= threshold)
    counted: Counter[int] = Counter()
    for query in (stored, doubtful.group_by(told.c.webtoon_id)):
        counted.update(dict(session.execute(query).all()))
    return dict(counted)


def count(session: Session) -> int:
    """How many ratings of our works there are, a rater's several ones of a work included."""
    stored = session.scalar(select(func.count()).select_from(Rating)) or 0
    shown = _joined(select(func.count())).where(_SHOWN, _MATCHED)
    return stored + (session.scalar(shown) or 0)


def counts(session: Session) -> Counts:
    """As `count`, with the raters, and simulated ones apart."""
    told = every()
    raters = func.count(func.distinct(told.c.source + ":" + told.c.rater))
    query = select(told.c.simulated, func.count(), raters).group_by(told.c.simulated)
    found = {bool(s): (rows, raters) for s, rows, raters in session.execute(query)}
    real, simulated = found.get(False, (0, 0)), found.get(True, (0, 0))
    return Counts(
        real[0] + simulated[0],
        real[1] + simulated[1],
        simulated_rows=simulated[0],
        simulated_raters=simulated[1],
    )


def crawled(session: Session, *, elsewhere: bool = False) -> Crawled:
    """All crawled ratings that sites show, whatever work they are of.

    `elsewhere`: only those of works that are not, or not yet, matched with one of ours.
    """
    which = _SHOWN & ~_MATCHED if elsewhere else _SHOWN
    by_value = _joined(select(CrawledRating.half_stars, func.count())).where(which)
    by_rater = _joined(select(ForeignWork.source + ":" + CrawledRating.rater)).where(which)
    works = _joined(select(func.count(func.distinct(CrawledRating.work_id)))).where(which)
    values: dict[int, int] = dict(
        session.execute(by_value.group_by(CrawledRating.half_stars)).all()
    )
    return Crawled(
        raters=frozenset(session.scalars(by_rater.distinct())),
        works=session.scalar(works) or 0,
        stars=tuple(values.get(half_stars, 0) for half_stars in range(1, 11)),
    )


def clear_simulated(session: Session) -> None:
    """Deletes all simulated ratings."""
    session.execute(delete(Rating).where(Rating.simulated))


def every(which: ColumnElement[bool] | None = None) -> Subquery:
    """Every rating of our works, stored or crawled; `seen_at` and `code` tell several apart.

    Of stored ones those `which` are wanted, or all.
    """
    stored = select(
        Rating.source,
        Rating.rater,
        Rating.webtoon_id,
        Rating.half_stars,
        Rating.rated_at,
        Rating.simulated,
        Rating.rated_at.label("seen_at"),
        literal("").label("code"),
    ).where(true() if which is None else which)
    shown = _joined(
        select(
            ForeignWork.source,
            CrawledRating.rater,
            ForeignWork.webtoon_id,
            CrawledRating.half_stars,
            null().label("rated_at"),  # a site does not tell
            false().label("simulated"),
            CrawledRating.seen_at,
            ForeignWork.code,
        )
    ).where(_SHOWN, _MATCHED)
    return union_all(stored, shown).subquery()


def standing(which: ColumnElement[bool] | None = None) -> Subquery:
    """As `every`, but of a rater's several ratings of a work only the one that stands."""
    told = every(which)
    place = func.row_number().over(
        partition_by=[told.c.source, told.c.rater, told.c.webtoon_id],
        order_by=[told.c.seen_at.desc().nulls_last(), told.c.code.desc()],
    )
    numbered = select(told, place.label("place")).subquery()
    return select(numbered).where(numbered.c.place == 1).subquery()


def _joined(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return query.select_from(CrawledRating).join(
        ForeignWork, ForeignWork.id == CrawledRating.work_id
    )
