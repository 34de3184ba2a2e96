"""What is stored of one reader, and what of readers goes when."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from db import catalogue, readers, rows
from db.reader_tables import Follow
from db.rows import Kept
from db.tables import Base, Feedback, FeedbackEvent, Impression, Reader

_SECRET = ("digest", "before")


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


def everything(session: Session, reader_id: int) -> dict[str, list[Kept]]:
    """All rows that are a reader's, by table, with the titles of the works that they name.

    But for the digests of codes, which are keys to the reader, and what a link took the place of.
    """
    found = {}
    for name, table in sorted(Base.metadata.tables.items()):
        if "reader_id" in table.c and (own := rows.of_reader(session, name, reader_id)):
            found[name] = [{k: v for k, v in row.items() if k not in _SECRET} for row in own]
    reader = session.get_one(Reader, reader_id)
    found["reader"] = [rows.kept(reader)]
    every = [row for own in found.values() for row in own]
    titles = catalogue.titles(session, [row["webtoon_id"] for row in every if "webtoon_id" in row])
    for row in every:
        if "webtoon_id" in row:
            row["title"] = titles.get(row["webtoon_id"], "")
    return found


def forget_silent(session: Session, now: datetime, before: datetime) -> int:
    """Forgets readers who spoke last before then; how many.

    Of whom it is not known when they spoke, that is now: their time begins with the first pruning.
    """
    session.execute(update(Reader).where(Reader.seen_at.is_(None)).values(seen_at=now))
    silent = session.scalars(select(Reader.id).where(Reader.seen_at < before)).all()
    readers.forget(session, *silent)
    return len(silent)


def forget_changes(session: Session, before: datetime) -> int:
    """Deletes what was said of works before then and no longer stands; how many events."""
    stands = exists().where(
        Feedback.reader_id == FeedbackEvent.reader_id,
        Feedback.webtoon_id == FeedbackEvent.webtoon_id,
        Feedback.event_id == FeedbackEvent.id,
    )
    old = delete(FeedbackEvent).where(FeedbackEvent.at < before, ~stands)
    return len(session.execute(old.returning(FeedbackEvent.id)).all())
