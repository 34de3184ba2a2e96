"""How popular works are, counted once an hour for all bots."""

from datetime import datetime

from db import popularity
from db.engine import Database
from recommender.interactions import LIKE
from tasks.records import Ended


def refresh(database: Database, now: datetime) -> Ended:
    """Counts likes and ratings of three stars or more of each work. Raises Unreachable."""
    with database.read() as session:
        scores = popularity.count(session, LIKE)
    with database.write() as session:
        popularity.store(session, scores, now)
    return Ended(counts={"works": len(scores)})
