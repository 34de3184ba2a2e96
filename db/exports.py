"""Ratings and verdicts as they leave this database: by the names that others know."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.ratings import standing
from db.tables import Account, Feedback, FeedbackEvent, Webtoon

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class RatingOut:
    """A rating; `rater` is the hash of a user of `rating_source`, `source` the work's.

    `rated_at` is None where nobody knows, as of all crawled ones.
    """

    rating_source: str
    rater: str
    source: str
    external_id: str
    title: str
    half_stars: int
    rated_at: datetime | None
    simulated: bool


@dataclass(frozen=True, slots=True)
class VerdictOut:
    """A verdict that stands for a platform's user since `at`."""

    platform: str
    user_id: str
    source: str
    external_id: str
    title: str
    verdict: str
    at: datetime


def ratings(session: Session) -> Iterator[RatingOut]:
    """Every rating of our works, crawled ones included, by source and rater, in batches.

    Of a rater's several ratings of one work only the one that was seen last.
    """
    work, told = (Webtoon.source, Webtoon.external_id, Webtoon.title), standing().c
    query = (
        select(told.source, told.rater, *work, told.half_stars, told.rated_at, told.simulated)
        .join(Webtoon, Webtoon.id == told.webtoon_id)
        .order_by(told.source, told.rater, told.webtoon_id)
        .execution_options(yield_per=_BATCH)
    )
    return (RatingOut(*row) for row in session.execute(query))


def verdicts(session: Session) -> Iterator[VerdictOut]:
    """Every verdict that stands, by account, oldest first, in batches."""
    work = (Webtoon.source, Webtoon.external_id, Webtoon.title)
    query = (
        select(Account.platform, Account.user_id, *work, Feedback.verdict, Feedback.at)
        .join(Account, Account.reader_id == Feedback.reader_id)
        .join(Webtoon, Webtoon.id == Feedback.webtoon_id)
        .order_by(Account.platform, Account.user_id, Feedback.at, Feedback.event_id)
        .execution_options(yield_per=_BATCH)
    )
    return (VerdictOut(*row) for row in session.execute(query))


def last_said(session: Session, reader_id: int) -> dict[int, datetime]:
    """When a reader last said something of each work, taking it back included."""
    query = (
        select(FeedbackEvent.webtoon_id, func.max(FeedbackEvent.at))
        .where(FeedbackEvent.reader_id == reader_id)
        .group_by(FeedbackEvent.webtoon_id)
    )
    return dict(session.execute(query).all())
