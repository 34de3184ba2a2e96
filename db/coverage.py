"""How much of the catalogue is known, counted."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.crawl_tables import WebtoonDetail


def synopses(session: Session) -> int:
    """How many works have a synopsis."""
    query = select(func.count()).where(func.coalesce(WebtoonDetail.synopsis, "") != "")
    return session.scalar(query) or 0
