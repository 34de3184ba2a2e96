"""Star ratings as a site shows them, and the log of what changed; never what we make of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db import bulk
from db.crawl_tables import CrawledRating, CrawledRatingEvent, ForeignWork

_BATCH = 1000  # rows a statement


@dataclass(frozen=True, slots=True)
class Changes:
    """How many ratings were new, changed (came back, too), gone, and as they were."""

    new: int = 0
    changed: int = 0
    gone: int = 0
    same: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            self.new + other.new,
            self.changed + other.changed,
            self.gone + other.gone,
            self.same + other.same,
        )


def store(session: Session, stars: Iterable[tuple[str, int, int]], now: datetime) -> Changes:
    """Adds and changes ratings (rater, foreign work's id, half-stars 1..10) that a site shows.

    A rating as it was known gets a later `seen_at` and nothing else; what changed is logged.
    """
    told = {(rater, work): half_stars for rater, work, half_stars in stars}
    before = _known(session, {rater for rater, _ in told}, {work for _, work in told})
    new = [key for key in told if key not in before]
    moved = {k: before[k] for k in told if k in before and before[k] != told[k]}
    _write(session, told, now)
    _log(session, ((key, was, told[key]) for key, was in moved.items()), now)
    return Changes(len(new), len(moved), 0, len(told) - len(new) - len(moved))


def withdraw(session: Session, rater: str, still: Iterable[int], now: datetime) -> int:
    """Notes that of all ratings by `rater` only those of the works `still` are left; how many went.

    To be called with a complete list only: one that was cut short says nothing of the rest.
    """
    left = set(still)
    query = select(CrawledRating).where(
        CrawledRating.rater == rater, CrawledRating.gone_at.is_(None)
    )
    gone = [row for row in session.scalars(query) if row.work_id not in left]
    for row in gone:
        row.gone_at = now
    _log(session, (((row.rater, row.work_id), row.half_stars, None) for row in gone), now)
    return len(gone)


def triples(session: Session, source: str) -> set[tuple[str, str, int]]:
    """(rater, code of the work, half-stars) of all ratings that the site shows."""
    query = (
        select(CrawledRating.rater, ForeignWork.code, CrawledRating.half_stars)
        .join(ForeignWork, ForeignWork.id == CrawledRating.work_id)
        .where(ForeignWork.source == source, CrawledRating.gone_at.is_(None))
    )
    return {(rater, code, half_stars) for rater, code, half_stars in session.execute(query)}


def changes_since(
    session: Session, then: datetime
) -> list[tuple[int | None, int | None, datetime]]:
    """The changes (half-stars before, after, when) since then, oldest first."""
    query = (
        select(CrawledRatingEvent.before, CrawledRatingEvent.after, CrawledRatingEvent.at)
        .where(CrawledRatingEvent.at >= then)
        .order_by(CrawledRatingEvent.id)
    )
    return [(before, after, at) for before, after, at in session.execute(query)]


def new_since(session: Session, then: datetime) -> int:
    """How many ratings were first seen since then."""
    query = select(func.count()).where(CrawledRating.first_seen_at >= then)
    return session.scalar(query) or 0


def _known(
    session: Session, raters: set[str], works: set[int]
) -> dict[tuple[str, int], int | None]:
    """What each rating by these of these works is now, if not of more; None for one that went."""
    few = len(works) <= _BATCH
    found: dict[tuple[str, int], int | None] = {}
    for names in bulk.batches(sorted(raters), _BATCH):
        query = select(
            CrawledRating.rater,
            CrawledRating.work_id,
            CrawledRating.half_stars,
            CrawledRating.gone_at,
        ).where(CrawledRating.rater.in_(names))
        if few:
            query = query.where(CrawledRating.work_id.in_(works))
        found |= {
            (rater, work): None if gone else half_stars
            for rater, work, half_stars, gone in session.execute(query)
        }
    return found


def _write(session: Session, told: Mapping[tuple[str, int], int], now: datetime) -> None:
    rows = [
        {
            "rater": rater,
            "work_id": work,
            "half_stars": half_stars,
            "first_seen_at": now,
            "seen_at": now,
            "gone_at": None,
        }
        for (rater, work), half_stars in told.items()
    ]
    for batch in bulk.batches(rows, _BATCH):
        bulk.upsert(
            session,
            CrawledRating,
            batch,
            keys=("rater", "work_id"),
            set_=("half_stars", "seen_at", "gone_at"),
        )


def _log(
    session: Session,
    changes: Iterable[tuple[tuple[str, int], int | None, int | None]],
    now: datetime,
) -> None:
    rows = [
        {"rater": rater, "work_id": work, "before": before, "after": after, "at": now}
        for (rater, work), before, after in changes
    ]
    if rows:
        session.execute(insert(CrawledRatingEvent), rows)
