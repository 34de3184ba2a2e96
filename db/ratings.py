"""Star ratings from outside; simulated ones are marked as such in every row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import delete, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from db.tables import Rating

_BATCH = 1000  # rows a statement: 6 parameters each stay far below either database's limit
_RATER = Rating.source + ":" + Rating.rater


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


def upsert(session: Session, source: str, stars: Iterable[Star], *, simulated: bool = False) -> int:
    """Adds ratings, the later one of a (rater, work) counting; how many rows were written."""
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert
    statement = insert(Rating)
    statement = statement.on_conflict_do_update(
        index_elements=["source", "rater", "webtoon_id"],
        set_={
            "half_stars": statement.excluded.half_stars,
            "rated_at": statement.excluded.rated_at,
        },
    )
    written = 0
    for batch in _batches(stars):
        rows = [
            {
                "source": source,
                "rater": star.rater,
                "webtoon_id": star.webtoon_id,
                "half_stars": star.half_stars,
                "rated_at": star.rated_at,
                "simulated": simulated,
            }
            for star in batch
        ]
        session.execute(statement, rows)
        written += len(rows)
    return written


def triples(session: Session, *, simulated: bool) -> list[tuple[str, int, int]]:
    """("source:rater", webtoon id, half-stars) of all real, or all simulated, ratings."""
    query = (
        select(_RATER, Rating.webtoon_id, Rating.half_stars)
        .where(Rating.simulated == simulated)
        .order_by(Rating.source, Rating.rater, Rating.webtoon_id)
    )
    return list(session.execute(query))


def like_counts(session: Session, threshold: int) -> dict[int, int]:
    """How many raters gave each work at least `threshold` half-stars."""
    query = (
        select(Rating.webtoon_id, func.count())
        .where(Rating.half_stars >= threshold)
        .group_by(Rating.webtoon_id)
    )
    return dict(session.execute(query).all())


def count(session: Session) -> int:
    """How many ratings there are."""
    return session.scalar(select(func.count()).select_from(Rating)) or 0


def counts(session: Session) -> Counts:
    """What the table holds."""
    query = select(Rating.simulated, func.count(), func.count(func.distinct(_RATER))).group_by(
        Rating.simulated
    )
    found = {bool(s): (rows, raters) for s, rows, raters in session.execute(query)}
    real, simulated = found.get(False, (0, 0)), found.get(True, (0, 0))
    return Counts(
        real[0] + simulated[0],
        real[1] + simulated[1],
        simulated_rows=simulated[0],
        simulated_raters=simulated[1],
    )


def clear_simulated(session: Session) -> None:
    """Deletes all simulated ratings."""
    session.execute(delete(Rating).where(Rating.simulated))


def _batches(stars: Iterable[Star]) -> Iterator[list[Star]]:
    iterator = iter(stars)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
