"""Who is to be suggested something once a week, by time zone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from db import news
from db.follows import reachable
from db.news import OFF, WEEKLY
from db.reader_tables import News
from db.tables import Feedback, Reader, Verdict

KEY = WEEKLY  # how the keys of these news begin


def zones(session: Session) -> list[str | None]:
    """The time zones that readers chose; None for those who chose none."""
    return list(session.scalars(select(Reader.zone).distinct().where(Reader.weekly)))


def readers(
    session: Session, zones: Sequence[str | None], *, likes: int, since: datetime
) -> list[int]:
    """The readers in these zones who want it, by id.

    Only who likes so many works, spoke since then, wants to be told of anything, and can be.
    """
    liked = (
        select(func.count())
        .where(
            Feedback.reader_id == Reader.id,
            Feedback.verdict == Verdict.LIKE,
            Feedback.ignored.is_(False),
        )
        .scalar_subquery()
    )
    there = Reader.zone.in_([zone for zone in zones if zone is not None])
    query = (
        select(Reader.id)
        .where(
            or_(there, Reader.zone.is_(None)) if None in zones else there,
            Reader.weekly,
            Reader.seen_at >= since,
            or_(Reader.alerts.is_(None), Reader.alerts != OFF),
            reachable(Reader.id),
            liked >= likes,
        )
        .order_by(Reader.id)
    )
    return list(session.scalars(query))


def drop(session: Session, reader_id: int) -> None:
    """Deletes what waits to be suggested to a reader."""
    news.drop_those(session, News.reader_id == reader_id, News.key.startswith(KEY))
