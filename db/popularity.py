"""How popular works are, as last counted: bots read this instead of counting all ratings."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from db import feedback, ratings
from db.tables import Popularity


def count(session: Session, threshold: int) -> dict[int, float]:
    """Readers' likes and ratings of at least `threshold` half-stars, by webtoon id."""
    likes, stars = feedback.like_counts(session), ratings.like_counts(session, threshold)
    return {w: float(likes.get(w, 0) + stars.get(w, 0)) for w in likes.keys() | stars.keys()}


def store(session: Session, scores: Mapping[int, float], now: datetime) -> None:
    """Replaces all scores (by webtoon id, in likes)."""
    session.execute(delete(Popularity))
    if scores:
        rows = [{"webtoon_id": w, "score": s, "counted_at": now} for w, s in scores.items()]
        session.execute(insert(Popularity), rows)


def counted_at(session: Session) -> datetime | None:
    """When popularity was last counted; None if never."""
    return session.scalar(select(func.max(Popularity.counted_at)))


def scores(session: Session) -> dict[int, float]:
    """The scores by webtoon id."""
    return dict(session.execute(select(Popularity.webtoon_id, Popularity.score)).all())
