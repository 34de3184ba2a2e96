"""Works as sites of ratings have them, and which of ours each is."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import bulk
from db.crawl_tables import CrawledRating, ForeignWork


class MatchState(StrEnum):
    """How far it is known which of our works a foreign one is."""

    MATCHED = "matched"
    REVIEW = "review"  # somebody has to look
    ELSEWHERE = "elsewhere"  # none of ours, said an operator


OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Foreign:
    """What a site says of a work; `read`: on the work's own page, not just in a list."""

    code: str
    title: str
    year: int | None = None
    authors: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    outlinks: tuple[str, ...] = ()
    read: bool = False


@dataclass(frozen=True, slots=True)
class ForeignRow:
    """A foreign work with its match; `ratings` of it are known."""

    id: int
    source: str
    code: str
    title: str
    year: int | None
    authors: tuple[str, ...]
    platforms: tuple[str, ...]
    outlinks: tuple[str, ...]
    webtoon_id: int | None
    state: MatchState
    matched_by: str | None
    gone: bool
    ratings: int = 0


def upsert(
    session: Session, source: str, works: Iterable[Foreign], now: datetime
) -> dict[str, int]:
    """Adds and changes works by their code; the id of each.

    What only a list told leaves alone what the work's own page did. New works are up for review.
    """
    told = {work.code: work for work in works}
    ids: dict[str, int] = {}
    for batch in bulk.batches(told):
        query = select(ForeignWork).where(ForeignWork.source == source, ForeignWork.code.in_(batch))
        known = {row.code: row for row in session.scalars(query)}
        for code in batch:
            if code not in known:
                known[code] = ForeignWork(source=source, code=code, state=MatchState.REVIEW)
                session.add(known[code])
            _tell(known[code], told[code], now)
        session.flush()
        ids |= {code: known[code].id for code in batch}
    return ids


def bury(session: Session, source: str, code: str, now: datetime) -> bool:
    """Notes that the site has this work no more; False if that is known, or the work is not."""
    query = select(ForeignWork).where(ForeignWork.source == source, ForeignWork.code == code)
    row = session.scalar(query)
    if row is None or row.gone_at is not None:
        return False
    row.gone_at = now
    return True


def settle(
    session: Session, work_id: int, webtoon_id: int | None, state: MatchState, by: str | None
) -> None:
    """Says which of our works a foreign one is, and how that is known."""
    row = session.get_one(ForeignWork, work_id)
    row.webtoon_id, row.state, row.matched_by = webtoon_id, state, by


def decide(session: Session, work_id: int, webtoon_id: int | None, by: str | None) -> None:
    """As `settle`, by evidence: leaves alone what an operator has said meanwhile."""
    if session.get_one(ForeignWork, work_id).matched_by != OPERATOR:
        state = MatchState.REVIEW if webtoon_id is None else MatchState.MATCHED
        settle(session, work_id, webtoon_id, state, by)


def every(session: Session, source: str | None = None) -> list[ForeignRow]:
    """All foreign works, of one source if named, the most rated first."""
    counted = (
        select(CrawledRating.work_id, func.count().label("ratings"))
        .where(CrawledRating.gone_at.is_(None))
        .group_by(CrawledRating.work_id)
        .subquery()
    )
    number = func.coalesce(counted.c.ratings, 0)
    query = (
        select(ForeignWork, number)
        .outerjoin(counted, counted.c.work_id == ForeignWork.id)
        .order_by(number.desc(), ForeignWork.source, ForeignWork.code)
    )
    if source is not None:
        query = query.where(ForeignWork.source == source)
    return [replace(_foreign(row), ratings=ratings) for row, ratings in session.execute(query)]


def get(session: Session, source: str, codes: Sequence[str]) -> dict[str, ForeignRow]:
    """The works with these codes, by code; without the number of their ratings."""
    found: dict[str, ForeignRow] = {}
    for batch in bulk.batches(codes):
        query = select(ForeignWork).where(ForeignWork.source == source, ForeignWork.code.in_(batch))
        found |= {row.code: _foreign(row) for row in session.scalars(query)}
    return found


def _tell(row: ForeignWork, told: Foreign, now: datetime) -> None:
    row.seen_at, row.gone_at = now, None
    if row.read_at is not None and not told.read:
        return
    row.title = told.title
    row.year = told.year
    row.authors, row.platforms = list(told.authors), list(told.platforms)
    row.outlinks = list(told.outlinks)
    if told.read:
        row.read_at = now


def _foreign(row: ForeignWork) -> ForeignRow:
    return ForeignRow(
        row.id,
        row.source,
        row.code,
        row.title,
        row.year,
        tuple(row.authors),
        tuple(row.platforms),
        tuple(row.outlinks),
        row.webtoon_id,
        MatchState(row.state),
        row.matched_by,
        row.gone_at is not None,
    )
