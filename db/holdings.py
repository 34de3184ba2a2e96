"""What is stored of one reader, in numbers; and what of readers goes when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from db.reader_tables import Follow
from db.tables import Feedback, FeedbackEvent, Impression, Reader


@dataclass(frozen=True, slots=True)
class Holdings:
    """How many rows of each kind name a reader."""

    verdicts: int
    changes: int  # all that was ever said of works, what no longer stands included
    cards: int
    follows: int


def of(session: Session, reader_id: int) -> Holdings:
    """What is stored of this reader."""

    def count(table: type[Feedback | FeedbackEvent | Impression | Follow]) -> int:
        query = select(func.count()).select_from(table).where(table.reader_id == reader_id)
        return session.scalar(query) or 0

    return Holdings(count(Feedback), count(FeedbackEvent), count(Impression), count(Follow))


def forget_silent(session: Session, now: datetime, before: datetime) -> int:
    """Forgets readers who spoke last before then; how many.

    Of whom it is not known when they spoke, that is now: their time begins with the first pruning.
    """
    session.execute(update(Reader).where(Reader.seen_at.is_(None)).values(seen_at=now))
    silent = delete(Reader).where(Reader.seen_at < before).returning(Reader.id)
    return len(session.execute(silent).all())


def forget_changes(session: Session, before: datetime) -> int:
    """Deletes what was said of works before then and no longer stands; how many events."""
    stands = exists().where(
        Feedback.reader_id == FeedbackEvent.reader_id,
        Feedback.webtoon_id == FeedbackEvent.webtoon_id,
        Feedback.event_id == FeedbackEvent.id,
    )
    old = delete(FeedbackEvent).where(FeedbackEvent.at < before, ~stands)
    return len(session.execute(old.returning(FeedbackEvent.id)).all())
