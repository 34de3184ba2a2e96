"""How popular works are, counted once an hour for all bots."""

from datetime import datetime

from db import feedback, popularity, ratings
from db.engine import Database
from recommender.interactions import LIKE
from tasks.records import Ended


def refresh(database: Database, now: datetime) -> Ended:
    """Counts likes and ratings of three stars or more of each work. Raises Unreachable."""
    with database.read() as session:
        likes = feedback.like_counts(session)
        stars = ratings.like_counts(session, LIKE)
    scores = {
        work: float(likes.get(work, 0) + stars.get(work, 0)) for work in likes.keys() | stars.keys()
    }
    with database.write() as session:
        popularity.store(session, scores, now)
    return Ended(counts={"works": len(scores)})
